"""What happens in each recording: for each system a model, or pool, with trouble, and one that comes close.

All trouble is from the tenth minute to the twenty-fifth.
"""

from __future__ import annotations

from collections.abc import Iterator

from kinds import Counter, Gauge, Histogram, Metric, always, between

FROM_MIN, TO_MIN = 10, 25

# vLLM, docs.vllm.ai: "Production Metrics" and "Metrics" (design), engine V1.
TTFT_BOUNDS = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5),
    *(7.5, 10, 20, 40, 80, 160, 640, 2560),
)

# OpenTelemetry, "Semantic conventions for generative AI metrics": the bounds that instruments should have.
DURATION_BOUNDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
FIRST_TOKEN_BOUNDS = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5),
    *(0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
)
TOKEN_BOUNDS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)

# Gateway API Inference Extension, guide "Metrics & Observability".
REQUEST_BOUNDS = (
    *(0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60),
    *(120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600),
)


def make_vllm() -> Iterator[Metric]:
    """Yield what engines of two models show: `large` has every trouble, `small` comes close to each."""
    for model, strength in (("large", 1.0), ("small", 0.5)):
        labels = {"model_name": model, "engine": "0", "job": "vllm", "instance": f"{model}:8000"}
        during = {"from_min": FROM_MIN, "to_min": TO_MIN}
        yield Gauge(name="vllm:num_requests_running", labels=labels, value=always(8))
        yield Gauge(
            name="vllm:num_requests_waiting", labels=labels, value=between(**during, during=32 * strength)
        )
        yield Gauge(
            name="vllm:kv_cache_usage_perc",
            labels=labels,
            value=between(**during, during=0.98 if model == "large" else 0.8, otherwise=0.4),
        )
        yield Counter(
            name="vllm:num_preemptions_total", labels=labels, rate=between(**during, during=0.08 * strength)
        )
        yield Histogram(
            name="vllm:time_to_first_token_seconds",
            labels=labels,
            bounds=TTFT_BOUNDS,
            rate=always(2),
            size=between(**during, during=4 if model == "large" else 0.9, otherwise=0.2),
        )
        yield Counter(name="vllm:generation_tokens_total", labels=labels, rate=always(400))
    # An engine that hangs: requests run, and no token comes.
    labels = {"model_name": "hangs", "engine": "0", "job": "vllm", "instance": "hangs:8000"}
    yield Gauge(name="vllm:num_requests_running", labels=labels, value=always(8))
    yield Counter(name="vllm:generation_tokens_total", labels=labels, rate=between(FROM_MIN, TO_MIN, 0, 400))


def make_otel_genai() -> Iterator[Metric]:
    """Yield what clients and servers of models show, as the collector's Prometheus exporter names it."""
    common = {"gen_ai_operation_name": "chat", "gen_ai_provider_name": "openai", "job": "assistant"}
    client = "gen_ai_client_operation_duration_seconds"
    for model, failing, slow_s, tokens, first_s in (
        ("gpt-4.1", 0.4, 30, 8000, 4.0),
        ("gpt-4.1-mini", 0.14, 8, 2000, 0.9),
    ):
        labels = {**common, "gen_ai_request_model": model}
        during = {"from_min": FROM_MIN, "to_min": TO_MIN}
        ok = between(**during, during=2 - failing, otherwise=2)
        yield Histogram(
            name=client,
            labels=labels,
            bounds=DURATION_BOUNDS,
            rate=ok,
            size=between(**during, during=slow_s, otherwise=1),
        )
        # A provider that is at its limit refuses at once: in a tenth of a second.
        yield Histogram(
            name=client,
            labels={**labels, "error_type": "429"},
            bounds=DURATION_BOUNDS,
            rate=between(**during, during=failing),
            size=always(0.1),
            is_born_late=True,
        )
        for kind, size in (
            ("input", always(200)),
            ("output", between(**during, during=tokens, otherwise=300)),
        ):
            yield Histogram(
                name="gen_ai_client_token_usage",
                labels={**labels, "gen_ai_token_type": kind},
                bounds=TOKEN_BOUNDS,
                rate=ok,
                size=size,
            )
        yield Histogram(
            name="gen_ai_server_time_to_first_token_seconds",
            labels=labels,
            bounds=FIRST_TOKEN_BOUNDS,
            rate=ok,
            size=between(**during, during=first_s, otherwise=0.3),
        )
    # Calls of which most fail at once, and the others are slow.
    labels = {**common, "gen_ai_request_model": "o3"}
    during = {"from_min": FROM_MIN, "to_min": TO_MIN}
    yield Histogram(
        name=client,
        labels=labels,
        bounds=DURATION_BOUNDS,
        rate=between(**during, during=0.08, otherwise=2),
        size=between(**during, during=30, otherwise=1),
    )
    yield Histogram(
        name=client,
        labels={**labels, "error_type": "429"},
        bounds=DURATION_BOUNDS,
        rate=between(**during, during=1.92),
        size=always(0.1),
        is_born_late=True,
    )


def make_inference_extension() -> Iterator[Metric]:
    """Yield what an endpoint picker shows of two models and three pools."""
    during = {"from_min": FROM_MIN, "to_min": TO_MIN}
    for model, failing, slow_s in (("llama", 0.4, 20), ("qwen", 0.08, 7)):
        labels = {"model_name": model, "target_model_name": f"{model}-v2", "job": "epp"}
        yield Counter(name="inference_objective_request_total", labels=labels, rate=always(2))
        yield Counter(
            name="inference_objective_request_error_total",
            labels={**labels, "error_code": "ServiceUnavailable"},
            rate=between(**during, during=failing),
            is_born_late=True,
        )
        yield Histogram(
            name="inference_objective_request_duration_seconds",
            labels=labels,
            bounds=REQUEST_BOUNDS,
            rate=between(**during, during=2 - failing, otherwise=2),
            size=between(**during, during=slow_s, otherwise=1),
        )
    for pool, queue, cache, pods in (("llama", 80, 0.97, 0), ("qwen", 40, 0.8, 1)):
        labels = {"name": pool, "job": "epp"}
        yield Gauge(
            name="inference_pool_average_queue_size", labels=labels, value=between(**during, during=queue)
        )
        yield Gauge(
            name="inference_pool_average_kv_cache_utilization",
            labels=labels,
            value=between(**during, during=cache, otherwise=0.4),
        )
        yield Gauge(
            name="inference_pool_ready_pods", labels=labels, value=between(**during, during=pods, otherwise=3)
        )
    # One pod of three takes no requests from its queue; on the average that is a third.
    labels = {"name": "skewed", "job": "epp"}
    yield Gauge(name="inference_pool_average_queue_size", labels=labels, value=between(**during, during=40))
    yield Gauge(name="inference_pool_ready_pods", labels=labels, value=always(3))
    for pod, queue in (("one", 120), ("two", 0), ("three", 0)):
        yield Gauge(
            name="inference_pool_per_pod_queue_size",
            labels={**labels, "model_server_pod": f"skewed-{pod}"},
            value=between(**during, during=queue),
        )


def list_names(metrics: tuple[Metric, ...]) -> set[str]:
    """Return the names of all series."""
    return {series.partition("{")[0] for metric in metrics for series, _ in metric.sample()}


VLLM, OTEL_GENAI, INFERENCE_EXTENSION = (
    tuple(make()) for make in (make_vllm, make_otel_genai, make_inference_extension)
)
SYSTEMS = {
    # Besides, names that these systems had once, or never: rules as they are often written read them.
    "vllm": (
        VLLM,
        list_names(VLLM) | {"vllm:gpu_cache_usage_perc", "vllm:time_per_output_token_seconds_bucket"},
    ),
    "otel-genai": (
        OTEL_GENAI,
        list_names(OTEL_GENAI)
        | {"gen_ai_client_operation_duration_bucket", "gen_ai_client_token_usage_total"},
    ),
    "inference-extension": (
        INFERENCE_EXTENSION,
        list_names(INFERENCE_EXTENSION)
        | {"inference_model_request_error_total", "inference_model_request_total"},
    ),
}
