"""The inference service's drills: each alert on both its sides, and what the rules as written get wrong.

Each drill has a version of a model of its own (see gateway/inference/deployments.yml), and those
about timeouts a device of their own, so all are held at the same time. Times are seconds of rule time from
the drill's start.

The alert on latency needs so many calls in its window (`calls`) that the other drills, which send fewer,
cannot move it, however slow the machine is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile, LoadStage
from alertdrill.core.expectation import BlindRule, Expectation, Expected, NearMiss
from alertdrill.rules.values import Values
from alertdrill.systems.building import wording

ERRORS = "InferenceHighErrorRate"
LATENCY = "InferenceHighP99Latency"
TIMEOUTS = "InferenceTimeoutSpike"
DEPTH = "InferenceQueueDepthHigh"
ERRORS_AS_WRITTEN = "InferenceHighErrorRateAsWritten"
LATENCY_AS_WRITTEN = "InferenceHighP99LatencyAsWritten"
TIMEOUTS_AS_WRITTEN = "InferenceTimeoutSpikeAsWritten"
DEPTH_AS_WRITTEN = "InferenceQueueDepthGrowingAsWritten"
SLOW_AS_WRITTEN_S = 2.0
NEAR_SPEED = 5.0
"""At which a pause of 0.2 s, and machines have them now and then, is a second of rule time."""
DEPTH_AS_WRITTEN_JOBS = 100

RECEIVERS = {
    ERRORS: "inference-page",
    LATENCY: "inference-ticket",
    TIMEOUTS: "inference-ticket",
    DEPTH: "inference-ticket",
    LATENCY_AS_WRITTEN: "unrouted",
    TIMEOUTS_AS_WRITTEN: "unrouted",
    DEPTH_AS_WRITTEN: "unrouted",
}

PROVIDER = "openrouter"
UPSTREAMS: Mapping[str, str] = {
    "summarizer:v1": "phi-4",
    "summarizer:v2": "nemotron-70b",
    "classifier:v1": "granite-3.1-8b",
    "moderator:v1": "olmo-2-32b",
    "translator:v1": "wizardlm-2-8x22b",
    "translator:v2": "yi-large",
    "translator:v3": "hermes-3-70b",
    "ranker:v1": "dbrx-instruct",
    "ranker:v2": "jamba-1.5-large",
    "ranker:v3": "glm-4-32b",
    "ranker:v4": "nova-lite",
    "transcriber:v1": "nova-pro",
    "transcriber:v2": "minimax-01",
    "transcriber:v3": "lfm-40b",
    "embedder:v1": "falcon-40b",
    "embedder:v2": "aya-expanse-32b",
    "embedder:v3": "solar-10.7b",
}
"""Which upstream model computes which model: as in deployments.yml."""
DEVICES: Mapping[str, str] = {
    "transcriber:v1": "gpu-2",
    "transcriber:v2": "gpu-3",
    "transcriber:v3": "gpu-4",
}
TIMEOUT_S = 30.0
LONG_TIMEOUT_S = 60.0
WORKERS = 2
BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)

HEALTHY: Mapping[str, Any] = {"latency": {"kind": "constant", "s": 0.3}}
VARYING: Mapping[str, Any] = {"latency": {"kind": "lognormal", "median_s": 0.3, "sigma": 0.4}}
SEEN_S = 45.0
"""Until what happens now is scraped and evaluated."""
PAUSE_S = 60.0
"""What a late scrape, or a pause of the machine, may add besides."""
CLOSING_S = 255.0
"""What is left for the page to close."""

Stages = tuple[tuple[float, float], ...]
"""(seconds, requests per second) each."""


def _failing(error_class: str, **when: float) -> dict[str, Any]:
    """Return a behaviour that fails `every` n-th call or the `next` n."""
    return {**HEALTHY, "errors": {"class": error_class, **when}}


def _model(model: str) -> dict[str, str]:
    """Return the labels of `model:version`."""
    name, _, version = model.partition(":")
    return {"model": name, "version": version}


def _change(at_s: float, model: str, behaviour: Mapping[str, Any]) -> BehaviourChange:
    return BehaviourChange(at_s=at_s, provider=PROVIDER, model=UPSTREAMS[model], behaviour=behaviour)


def _profile(
    name: str, scenario: str, models: tuple[str, ...], stages: Stages, **options: Any
) -> LoadProfile:
    """Return the traffic of one key, named like the load profile."""
    return LoadProfile(
        name=name,
        scenario=scenario,
        start_s=0,
        stages=wording.list_stages(stages),
        options={"models": list(models), "key": name, **options},
    )


def _infer(
    name: str,
    model: str,
    stages: Stages,
    told: Mapping[float, Mapping[str, Any]],
    *,
    scenario: str = "infer",
    **options: Any,
) -> LoadProfile:
    """Return one model's traffic, and what its upstream model is told when."""
    profile = _profile(name, scenario, (model,), stages, **options)
    changes = tuple(_change(at_s, model, behaviour) for at_s, behaviour in {0: HEALTHY, **told}.items())
    return LoadProfile(
        name=name,
        scenario=scenario,
        start_s=0,
        stages=profile.stages,
        changes=changes,
        options=profile.options,
    )


def _fires(
    alert: str, labels: Mapping[str, str], *, between_s: tuple[float, float], resolves_within_s: float
) -> Expectation:
    return wording.fires(
        alert,
        labels,
        receiver=RECEIVERS[alert],
        between_s=between_s,
        resolves_within_s=resolves_within_s,
    )


def _drill(
    name: str,
    why: str,
    *traffic: LoadProfile,
    expects: tuple[Expected, ...] = (),
    lasts_s: float,
    max_speed: float | None = None,
    calls_within_s: float | None = None,
) -> Drill:
    return Drill(
        name=name,
        system="inference",
        traffic=traffic,
        expects=expects,
        why=why,
        lasts_s=lasts_s,
        max_speed=max_speed,
        calls_within_s=calls_within_s,
    )


def _drill_quiet() -> tuple[Drill, ...]:
    name = "inference-quiet"
    models = ("summarizer", "summarizer:v1", "classifier:v1")
    infer = LoadProfile(
        name=name,
        scenario="infer",
        start_s=0,
        stages=(LoadStage(duration_s=1800, rate_per_s=0.2),),
        arrivals="poisson",
        changes=tuple(_change(0, model, VARYING) for model in ("summarizer:v2", *models[1:])),
        options={"models": list(models), "key": name},
    )
    jobs = _profile(
        f"{name}-jobs",
        "queue_backlog",
        ("classifier:v1", "summarizer:v1"),
        ((1800, 0.08),),
        follow_every=4,
        cancel_every=10,
    )
    why = "Half an hour of healthy traffic: three versions at once, two of them also as jobs, some cancelled."
    return (_drill(name, why, infer, jobs, lasts_s=1800),)


def _drill_errors(values: Values) -> tuple[Drill, ...]:
    rule = values["highErrorRate"]
    threshold, window_s, for_s = rule.threshold, rule.window_s, rule.for_s
    bad_s = 150.0
    good_s = bad_s + for_s + 0.8 * window_s
    fires = "inference-errors-fires"
    near = "inference-errors-near-threshold"
    every = math.ceil(1 / (0.8 * threshold))
    # The last requests are good: when traffic ends, those that are left in the window would weigh more.
    good_again_s = 1.6 * window_s + for_s
    one = "inference-errors-one-bad-request"
    few = 0.5 / threshold / window_s
    return (
        _drill(
            fires,
            "Five times as many requests fail as are allowed. The rule as written stays silent: its left "
            "side has the label error_type and its right side has not, so no division ever matches.",
            _infer(
                fires,
                "translator:v1",
                ((good_s + window_s, 0.2),),
                {bad_s: _failing("server_error", every=max(1, int(0.2 / threshold))), good_s: HEALTHY},
                welcome=502,
            ),
            expects=(
                _fires(
                    ERRORS,
                    {**_model("translator:v1"), "tenant": fires},
                    between_s=(bad_s + for_s, bad_s + for_s + 0.5 * window_s + SEEN_S),
                    resolves_within_s=good_s + window_s + SEEN_S + PAUSE_S,
                ),
                BlindRule(alert=ERRORS_AS_WRITTEN, labels=_model("translator:v1")),
            ),
            lasts_s=good_s + window_s + SEEN_S + PAUSE_S + CLOSING_S,
        ),
        _drill(
            near,
            "Four fifths of the allowed share of requests fail, evenly spread, for three windows.",
            _infer(
                near,
                "translator:v2",
                ((2 * window_s + for_s, 3 * every / window_s),),
                {window_s / 3: _failing("server_error", every=every), good_again_s: HEALTHY},
                welcome=502,
            ),
            expects=(
                NearMiss(
                    alert=ERRORS,
                    labels={**_model("translator:v2"), "tenant": near},
                    reaches=0.7,
                    pending=False,
                ),
            ),
            lasts_s=2 * window_s + for_s + PAUSE_S,
        ),
        _drill(
            one,
            "One bad request of a tenant that has ten in the window: twice the allowed share, for one scrape "
            "less than the window, which is as long as the `for`.",
            _infer(
                one,
                "translator:v3",
                ((window_s + for_s + 200, few),),
                {window_s: _failing("server_error", next=1)},
                welcome=502,
            ),
            expects=(
                NearMiss(
                    alert=ERRORS,
                    labels={**_model("translator:v3"), "tenant": one},
                    reaches=1.0,
                    pending=True,
                    pending_within_s=(window_s - 100, for_s - 1),
                ),
            ),
            lasts_s=window_s + for_s + 250,
        ),
        _drill_client_fault(
            "inference-errors-bad-input",
            "A client sends inputs that the validator refuses. By the document that is an inference_error, "
            "so the client's mistake pages the operator.",
            model="moderator:v1",
            labels=_model("moderator:v1"),
            values=values,
            input_chars=2500,
            welcome=400,
        ),
        _drill_client_fault(
            "inference-errors-unknown-model",
            "A client asks for a model that is not deployed: every request is an error of the model "
            "`unknown`, whatever it called it, and the client's typing mistake pages the operator.",
            model="sumarizer:v1",
            labels={"model": "unknown", "version": "unknown"},
            values=values,
            welcome=404,
        ),
    )


def _drill_client_fault(
    name: str, why: str, *, model: str, labels: Mapping[str, str], values: Values, **options: Any
) -> Drill:
    rule = values["highErrorRate"]
    end_s = rule.for_s + 200
    gone_s = end_s + rule.window_s + SEEN_S
    return _drill(
        name,
        why,
        _profile(name, "infer", (model,), ((end_s, 1 / 15),), **options),
        expects=(
            _fires(
                ERRORS,
                {**labels, "tenant": name},
                between_s=(rule.for_s, rule.for_s + SEEN_S + PAUSE_S + 30),
                resolves_within_s=gone_s + PAUSE_S,
            ),
        ),
        lasts_s=gone_s + PAUSE_S + CLOSING_S,
    )


def _drill_latency(values: Values) -> tuple[Drill, ...]:
    rule = values["highP99Latency"]
    threshold_s, window_s, for_s, calls = rule.threshold, rule.window_s, rule.for_s, rule.number("calls")
    rate = 1.35 * calls / window_s
    enough_s = calls / rate
    ebbs_s = window_s - calls / rate
    fires = "inference-latency-fires"
    fast_s = for_s + enough_s + 150
    end_s = fast_s + window_s + 60
    near = "inference-latency-near-threshold"
    # Two bounds below the threshold: the gateway's own time, sped up, would carry calls over one.
    lower_s, upper_s = [bound for bound in BUCKETS_S if bound < threshold_s][-2:]
    near_end_s = enough_s + for_s + 90 - ebbs_s
    near_for = "inference-latency-near-for"
    stop_s = enough_s + for_s - 100 - ebbs_s
    one = "inference-latency-one-slow-call"
    return (
        _drill(
            fires,
            "A model takes three times as long as its p99 may be, for as long as the `for` and more.",
            _infer(fires, "ranker:v1", ((end_s, rate),), {0: wording.slow(3 * threshold_s), fast_s: HEALTHY}),
            expects=(
                _fires(
                    LATENCY,
                    _model("ranker:v1"),
                    between_s=(for_s + enough_s - 60, for_s + enough_s + SEEN_S + PAUSE_S),
                    resolves_within_s=end_s + ebbs_s + SEEN_S + PAUSE_S,
                ),
            ),
            lasts_s=end_s + ebbs_s + SEEN_S + PAUSE_S + CLOSING_S,
        ),
        _drill(
            near,
            "A model's calls take little more than a quarter of the threshold for longer than the `for`, and "
            "read as half of it at least. Nearer cannot be told from the gateway's own time. One call in a "
            "hundred makes the p99, so a machine that pauses now and then would make it fire if this were "
            "sped up much.",
            _infer(near, "ranker:v2", ((near_end_s, rate),), {0: wording.slow(1.1 * lower_s)}),
            expects=(
                NearMiss(
                    alert=LATENCY,
                    labels=_model("ranker:v2"),
                    reaches=0.9 * upper_s / threshold_s,
                    pending=False,
                ),
            ),
            lasts_s=near_end_s + ebbs_s + PAUSE_S,
            max_speed=NEAR_SPEED,
            calls_within_s=max(bound for bound in BUCKETS_S if bound <= threshold_s),
        ),
        _drill(
            near_for,
            "A slow model is called for some minutes and then no more, so that its p99 is gone before the "
            "`for` is over. There are no fast calls for the machine to slow down, so the times are exact.",
            _infer(near_for, "ranker:v3", ((stop_s, rate),), {0: wording.slow(3 * threshold_s)}),
            expects=(
                NearMiss(
                    alert=LATENCY,
                    labels=_model("ranker:v3"),
                    reaches=1.0,
                    pending=True,
                    pending_within_s=(for_s - 200, for_s - 15),
                ),
            ),
            lasts_s=stop_s + window_s + PAUSE_S,
        ),
        _drill(
            one,
            "One slow call of a tenant that makes one a minute. As written the rule fires at once: of so few "
            "calls the 99th percentile is the slowest. The corrected rule has no value for so few.",
            _infer(
                one,
                "ranker:v4",
                ((60, 1 / 60), (60, 1 / 60)),
                {60: wording.slow(3 * SLOW_AS_WRITTEN_S)},
            ),
            expects=(
                _fires(
                    LATENCY_AS_WRITTEN,
                    {**_model("ranker:v4"), "tenant": one},
                    between_s=(90, 200),
                    resolves_within_s=500,
                ),
                BlindRule(alert=LATENCY, labels=_model("ranker:v4")),
            ),
            lasts_s=760,
        ),
    )


def _drill_timeouts(values: Values) -> tuple[Drill, ...]:
    rule = values["timeoutSpike"]
    window_s, for_s = rule.window_s, rule.for_s
    fires, near, one = (
        "inference-timeouts-fires",
        "inference-timeouts-near-threshold",
        "inference-timeouts-one",
    )
    every, rate, hang_s = 25, 0.25, 30.0
    first_s = hang_s + every / rate + TIMEOUT_S
    heals_s = first_s + for_s + 120
    gone_s = heals_s + TIMEOUT_S + window_s + SEEN_S
    told_s = 100.0
    timed_out_s = told_s + TIMEOUT_S
    return (
        _drill(
            fires,
            "One call in twenty-five hangs: too few for the error rate, and the device's slots go anyway.",
            _infer(
                fires,
                "transcriber:v1",
                ((heals_s + window_s, rate),),
                {hang_s: _failing("timeout", every=every), heals_s: HEALTHY},
                scenario="executor_timeouts",
            ),
            expects=(
                _fires(
                    TIMEOUTS,
                    {"device": DEVICES["transcriber:v1"]},
                    between_s=(first_s + for_s - 20, first_s + for_s + SEEN_S + PAUSE_S),
                    resolves_within_s=gone_s + PAUSE_S,
                ),
            ),
            lasts_s=gone_s + PAUSE_S + CLOSING_S,
        ),
        _drill(
            near,
            "A device's calls take three fifths of their timeout, for two windows: slow, and none is ended. "
            "The threshold is 0, so no traffic with a timeout in it is below.",
            _infer(
                near,
                "transcriber:v2",
                ((2 * window_s, 0.05),),
                {0: wording.slow(0.6 * LONG_TIMEOUT_S)},
                scenario="executor_timeouts",
            ),
            expects=(
                NearMiss(
                    alert=TIMEOUTS, labels={"device": DEVICES["transcriber:v2"]}, reaches=0.0, pending=False
                ),
            ),
            lasts_s=2 * window_s + LONG_TIMEOUT_S + PAUSE_S,
        ),
        _drill(
            one,
            "One single call hangs. As written the rule calls that a spike at once; corrected it is pending "
            "for one scrape less than the window, which is as long as the `for`.",
            _infer(
                one,
                "transcriber:v3",
                ((told_s + 100, 1 / 30),),
                {told_s: _failing("timeout", next=1)},
                scenario="executor_timeouts",
            ),
            expects=(
                _fires(
                    TIMEOUTS_AS_WRITTEN,
                    {"device": DEVICES["transcriber:v3"]},
                    between_s=(timed_out_s - 15, timed_out_s + 120),
                    resolves_within_s=timed_out_s + 400,
                ),
                NearMiss(
                    alert=TIMEOUTS,
                    labels={"device": DEVICES["transcriber:v3"]},
                    reaches=0.0,
                    pending=True,
                    pending_within_s=(window_s - 100, for_s - 1),
                ),
            ),
            lasts_s=timed_out_s + 400 + CLOSING_S,
        ),
    )


def _drill_queue(values: Values) -> tuple[Drill, ...]:
    rule = values["queueDepth"]
    threshold, for_s = rule.threshold, rule.for_s
    fires, near, batch = (
        "inference-queue-fires",
        "inference-queue-near-threshold",
        "inference-queue-batch",
    )
    slow_s, batch_slow_s = 60.0, 30.0
    over_s = threshold + WORKERS + threshold * WORKERS / slow_s
    fast_s = over_s + for_s + 150
    gone_s = fast_s + slow_s + 120
    drains_s = over_s + for_s - 130

    def leave(name: str, model: str, jobs: float, until_s: float, job_s: float) -> LoadProfile:
        told = {0: wording.slow(job_s), until_s: HEALTHY}
        stages = ((jobs, 1.0), (until_s - jobs, 0.0))
        return _infer(name, model, stages, told, scenario="queue_backlog")

    return (
        _drill(
            fires,
            "More jobs are left than two slow workers take, until the model is fast again.",
            leave(fires, "embedder:v1", 1.5 * threshold, fast_s, slow_s),
            expects=(
                _fires(
                    DEPTH,
                    _model("embedder:v1"),
                    between_s=(over_s + for_s - 30, over_s + for_s + SEEN_S + PAUSE_S),
                    resolves_within_s=gone_s + SEEN_S + PAUSE_S,
                ),
            ),
            lasts_s=gone_s + SEEN_S + PAUSE_S + CLOSING_S,
        ),
        _drill(
            near,
            "A backlog of nine tenths of the threshold, for longer than the `for`.",
            leave(near, "embedder:v2", 0.9 * threshold, fast_s, slow_s),
            expects=(NearMiss(alert=DEPTH, labels=_model("embedder:v2"), reaches=0.8, pending=False),),
            lasts_s=gone_s,
        ),
        _drill(
            batch,
            "A batch of jobs that is worked off within the `for`. As written the rule fires, though the "
            "queue does not grow any more: the expression is a level, and a level is no growth.",
            leave(batch, "embedder:v3", 1.5 * max(threshold, DEPTH_AS_WRITTEN_JOBS), drains_s, batch_slow_s),
            expects=(
                _fires(
                    DEPTH_AS_WRITTEN,
                    _model("embedder:v3"),
                    between_s=(DEPTH_AS_WRITTEN_JOBS, DEPTH_AS_WRITTEN_JOBS + 100),
                    resolves_within_s=drains_s + batch_slow_s + 150,
                ),
                NearMiss(
                    alert=DEPTH,
                    labels=_model("embedder:v3"),
                    reaches=1.0,
                    pending=True,
                    pending_within_s=(for_s - 180, for_s - 30),
                ),
            ),
            lasts_s=drains_s + batch_slow_s + 150 + CLOSING_S,
        ),
    )


def make_drills(values: Values) -> tuple[Drill, ...]:
    """Return the inference service's drills; their traffic follows the values of its alerts."""
    return (
        *_drill_quiet(),
        *_drill_errors(values),
        *_drill_latency(values),
        *_drill_timeouts(values),
        *_drill_queue(values),
    )
