"""mana-llm's metrics: attempts at providers, their failures, the latency of the answers, and tokens.

A request counts once for every attempt at a provider, failed ones included: errors are a share of it, so both
must count the same things. A request that falls back therefore counts at each provider that was tried. A
latency is an answer's: failures come fast or after a timeout, and are counted as errors.

Label sets are born when they are first moved. Their number is bounded: providers and models come from the
catalogue.
"""

from __future__ import annotations

from functools import singledispatchmethod

from prometheus_client import CollectorRegistry, disable_created_metrics

from alertdrill.gateway.events import CallFinished, DomainEvent, State
from alertdrill.systems.metrics import Counter, Histogram

JOB = "mana-llm"
LATENCY_BUCKETS_S = (0.5, 1, 2, 5, 10, 20, 30, 45, 60, 90, 120)
"""30 s is what the alert compares with; bounds 10 and 15 s away keep what is read near what was measured."""
MODEL = ("provider", "model")

disable_created_metrics()  # type: ignore[no-untyped-call]  # the real system exports none; this is global


class Surface:
    """mana-llm's registry, and what moves it."""

    def __init__(self, _state: State) -> None:
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "mana_llm_llm_requests",
            "Attempts at LLM providers, failed ones included.",
            MODEL,
            registry=registry,
        )
        self._errors = Counter(
            "mana_llm_llm_errors",
            "Attempts at LLM providers that failed.",
            (*MODEL, "error_type"),
            registry=registry,
        )
        self._latency = Histogram(
            "mana_llm_llm_latency_seconds",
            "Time from an attempt's start to the end of the provider's answer; of answers only.",
            MODEL,
            buckets=LATENCY_BUCKETS_S,
            registry=registry,
        )
        self._tokens = Counter(
            "mana_llm_tokens", "Tokens that were used.", (*MODEL, "type"), registry=registry
        )

    @singledispatchmethod
    def observe(self, event: DomainEvent) -> None:
        """Move what an event moves; events that mana-llm has no metric for move nothing."""

    @observe.register
    def _(self, event: CallFinished) -> None:
        model = (event.provider, event.model)
        self._requests.labels(*model).inc()
        if event.status == "ok":
            self._latency.labels(*model).observe(event.latency_s)
        elif event.failed:
            self._errors.labels(*model, event.status).inc()
        for kind, tokens in (("prompt", event.prompt_tokens), ("completion", event.completion_tokens)):
            # A failure mostly uses nothing; a stream that broke off has used what it said until then.
            if event.status == "ok" or tokens:
                self._tokens.labels(*model, kind).inc(tokens)
