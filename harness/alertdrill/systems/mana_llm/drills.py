"""mana-llm's drills: each alert fires and resolves, stays silent just short of it.

The alerts look at the whole system, so all traffic is in everybody's denominators: drills that send any use
`mana-llm traffic` and queue, and one drill often says something of several alerts. Only the quiet drill runs
beside others: it sends too little to move them, but for the one that needs stillness.

Three facts shape the traffic. A counter that is born at 1 shows no increase. A value is over its threshold
for as long as enough of what raised it is inside the window. And failed attempts are attempts without a
latency: errors after which no other provider is tried (`context_overflow`) move the error rate alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile, LoadStage, Outage
from alertdrill.core.expectation import BlindRule, Expectation, NearMiss
from alertdrill.errors import BadInput
from alertdrill.rules.values import AlertValues, Values
from alertdrill.systems.building import wording

DOWN = "LLMServiceDown"
ANY_DOWN = "ServiceDown"
ERRORS = "LLMHighErrorRate"
FALLBACK = "OllamaProviderDown"
SLOW = "LLMSlowResponses"
FALLBACK_AS_WRITTEN = "OllamaProviderDownAsWritten"
AS_WRITTEN_S = 300.0
"""Window and `for` of the rule that is kept as written."""

RECEIVERS = {
    DOWN: "mana_llm-page",
    ANY_DOWN: "mana_llm-page",
    ERRORS: "mana_llm-ticket",
    FALLBACK: "mana_llm-ticket",
    SLOW: "mana_llm-ticket",
    FALLBACK_AS_WRITTEN: "unrouted",
}
SYSTEM = {"system": "mana_llm"}
JOB = {"job": "mana-llm"}
TRAFFIC = "mana-llm traffic"
STILLNESS = "mana-llm stillness"

OPEN_CHOICE = "auto"
DEFAULT = "ollama:gemma3:12b"
"""What an open choice means behind mana-llm's prefix."""
FIRST_FALLBACK = "google:gemini-2.5-flash"

HEALTHY: Mapping[str, Any] = {"latency": {"kind": "lognormal", "median_s": 1.2, "sigma": 0.3}}
LATENCY_BOUNDS_S = (0.5, 1, 2, 5, 10, 20, 30, 45, 60, 90, 120)
"""The histogram's: `histogram_quantile` tells latencies apart by these alone."""

LEAD_S = 60.0
"""Healthy traffic before something breaks, so that every series is born."""
SLACK_S = 120.0
"""What a verdict allows for scrapes, evaluations and this machine."""
CLOSES_S = 240.0
LEAST_SLOW_S = 5.0
"""Below this, what the gateway itself adds at a high speed would decide."""

Expected = Expectation | NearMiss | BlindRule
Told = Mapping[float, Mapping[str, Any]]


def _failing(error: str = "server_error", **when: float) -> dict[str, Any]:
    """Return a behaviour that fails a `share` of the calls, `every` n-th or the `next` n."""
    return {**HEALTHY, "errors": {"class": error, **when}}


def _find_bucket(slow: AlertValues, *, above: bool) -> tuple[float, float]:
    """Return the bounds of the nearest bucket that is whole on one side of the threshold. Raises BadInput."""
    buckets = list(pairwise(LATENCY_BOUNDS_S))
    if above:
        found = [bucket for bucket in buckets if bucket[0] >= slow.threshold][:1]
    else:
        found = [bucket for bucket in buckets if bucket[1] <= slow.threshold][-1:]
    if not found or found[0][0] < LEAST_SLOW_S:
        raise BadInput(f"{slow.key}.threshold: no drill can tell latencies of {slow.threshold:g} s apart")
    return found[0]


def _take_too_long(slow: AlertValues) -> float:
    low_s, high_s = _find_bucket(slow, above=True)
    return low_s + 0.4 * (high_s - low_s)


def _change(model: str, told: Told) -> tuple[BehaviourChange, ...]:
    provider, _, name = model.partition(":")
    return tuple(
        BehaviourChange(at_s=at_s, provider=provider, model=name, behaviour=behaviour)
        for at_s, behaviour in {0.0: HEALTHY, **told}.items()
    )


def _profile(
    name: str,
    model: str,
    stages: tuple[tuple[float, float], ...],
    *changes: BehaviourChange,
    scenario: str = "steady",
    start_s: float = 0.0,
) -> LoadProfile:
    """Return one model's traffic; its stages are (seconds, calls per second)."""
    return LoadProfile(
        name=name,
        scenario=scenario,
        start_s=start_s,
        stages=wording.list_stages(stages),
        changes=changes,
        options={"models": [model], "key": name, "stream_share": 0.3},
    )


def _fires(
    alert: str,
    *,
    between_s: tuple[float, float],
    resolves_within_s: float,
    labels: Mapping[str, str] = SYSTEM,
) -> Expectation:
    return wording.fires(
        alert,
        labels,
        receiver=RECEIVERS[alert],
        between_s=between_s,
        resolves_within_s=resolves_within_s,
    )


def _stays_below(alert: str, *, reaches: float) -> NearMiss:
    return NearMiss(alert=alert, labels=SYSTEM, reaches=reaches, pending=False)


def _stays_pending(alert: str, *, over_s: tuple[float, float]) -> NearMiss:
    return NearMiss(alert=alert, labels=SYSTEM, reaches=1.0, pending=True, pending_within_s=over_s)


def _lasts(expects: tuple[Expectation, ...]) -> float:
    return math.ceil(max(expected.resolves_within_s for expected in expects)) + CLOSES_S


def _quiet() -> Drill:
    models = ("ollama:gemma3:4b", "google:gemini-2.0-flash", "openrouter:llama-4-maverick")
    name = "mana_llm-quiet"
    return Drill(
        name=name,
        system="mana_llm",
        why="Half an hour of little traffic over three providers, streamed and not; one call in thirty "
        "fails and is answered by Google.",
        traffic=(
            LoadProfile(
                name=name,
                scenario="steady",
                start_s=0,
                stages=(LoadStage(duration_s=1800, rate_per_s=0.05),),
                changes=(
                    *_change(models[0], {0.0: _failing(every=10)}),
                    *_change(models[1], {}),
                    *_change(models[2], {}),
                ),
                options={"models": list(models), "key": name, "stream_share": 0.5},
            ),
        ),
        expects=(),
        lasts_s=1800,
        shares=frozenset({STILLNESS}),
    )


def _fallback_fires(values: Values) -> Drill:
    """Ollama fails all calls with an error: 0.18 of 0.22 calls a second go to Google after it."""
    fallback, errors = values["ollamaProviderDown"], values["llmHighErrorRate"]
    local, other = 0.18, 0.04
    share = max(fallback.threshold * (local + other) / local, fallback.number("failing"))
    crosses_s = min(LEAD_S * share / (1 - share), fallback.window_s * share)
    heals_s = LEAD_S + crosses_s + max(fallback.for_s, errors.for_s) + SLACK_S + 60
    expects = (
        _fires(
            FALLBACK,
            between_s=(LEAD_S + fallback.for_s, LEAD_S + crosses_s + fallback.for_s + SLACK_S),
            resolves_within_s=heals_s + (1 - share) * fallback.window_s + SLACK_S,
        ),
        _fires(
            ERRORS,
            between_s=(LEAD_S + errors.for_s, LEAD_S + errors.for_s + SLACK_S + 60),
            resolves_within_s=heals_s + errors.window_s + SLACK_S,
        ),
    )
    name = "mana_llm-fallback-fires"
    lasts_s = _lasts(expects)
    return Drill(
        name=name,
        system="mana_llm",
        why="Ollama answers every call with an error and Google takes over. An attempt at each: Google has "
        "less than half of the attempts however long it lasts, so the rule as written sees nothing, "
        "though Google has four in five of the answers. One cause, two tickets: the error rate fires as "
        "well.",
        traffic=(
            _profile(
                name,
                OPEN_CHOICE,
                ((lasts_s - CLOSES_S, local),),
                *_change(DEFAULT, {LEAD_S: _failing(share=1), heals_s: HEALTHY}),
                *_change(FIRST_FALLBACK, {}),
                scenario="provider_fallback",
            ),
            _profile(
                f"{name}-other",
                "openrouter:llama-3.1-8b",
                ((lasts_s - CLOSES_S, other),),
                *_change("openrouter:llama-3.1-8b", {}),
            ),
        ),
        expects=(*expects, BlindRule(alert=FALLBACK_AS_WRITTEN, labels=SYSTEM)),
        lasts_s=lasts_s,
        uses=frozenset({TRAFFIC}),
    )


def _latency_fires(values: Values) -> Drill:
    """Google is asked for by name, 0.2 of 0.24 calls a second, and takes longer than the threshold."""
    slow = values["llmSlowResponses"]
    slow_s = _take_too_long(slow)
    ends_s = LEAD_S + max(slow.for_s, AS_WRITTEN_S) + 180
    expected = _fires(
        SLOW,
        between_s=(LEAD_S + slow.for_s, LEAD_S + slow_s + slow.for_s + SLACK_S + 30),
        resolves_within_s=ends_s + slow_s + slow.window_s + SLACK_S,
    )
    as_written = _fires(
        FALLBACK_AS_WRITTEN,
        # What is left in the window of an earlier drill may hold it back for as long as the window is.
        between_s=(AS_WRITTEN_S, 2 * AS_WRITTEN_S + LEAD_S),
        resolves_within_s=ends_s + slow_s + AS_WRITTEN_S + SLACK_S,
    )
    name = "mana_llm-latency-fires"
    lasts_s = _lasts((expected, as_written))
    return Drill(
        name=name,
        system="mana_llm",
        why="Clients ask for Google by name, and it is slow. The rule as written takes their choice for a "
        "fallback and says that Ollama is down, which has not failed once.",
        traffic=(
            _profile(
                name,
                "google:gemini-2.5-pro",
                ((ends_s, 0.2),),
                *_change("google:gemini-2.5-pro", {LEAD_S: wording.slow(slow_s), ends_s + 30: HEALTHY}),
            ),
            _profile(
                f"{name}-local",
                "ollama:llama3.1",
                ((lasts_s - CLOSES_S, 0.04),),
                *_change("ollama:llama3.1", {}),
            ),
        ),
        expects=(expected, as_written),
        lasts_s=lasts_s,
        uses=frozenset({TRAFFIC}),
    )


def _errors_fires(values: Values) -> Drill:
    """One call in so many has a prompt that is too long: 2.5 times the threshold."""
    errors = values["llmHighErrorRate"]
    every = max(1, round(1 / (2.5 * errors.threshold)))
    share = errors.threshold * every
    crosses_s = min(LEAD_S * share / (1 - share), errors.window_s) if share < 1 else errors.window_s
    ends_s = LEAD_S + crosses_s + errors.for_s + 180
    expected = _fires(
        ERRORS,
        between_s=(LEAD_S + errors.for_s, LEAD_S + crosses_s + errors.for_s + SLACK_S + 30),
        resolves_within_s=ends_s + (1 - min(share, 1)) * errors.window_s + SLACK_S,
    )
    name, model = "mana_llm-errors-fires", "openrouter:llama-4-scout"
    lasts_s = _lasts((expected,))
    return Drill(
        name=name,
        system="mana_llm",
        why="A client's new release sends prompts that are too long for the model. No provider is at fault, "
        "nothing falls back, and the error rate fires all the same.",
        traffic=(
            _profile(
                name,
                model,
                ((lasts_s - CLOSES_S, 0.2),),
                *_change(model, {LEAD_S: _failing("context_overflow", every=every), ends_s: HEALTHY}),
            ),
        ),
        expects=(expected,),
        lasts_s=lasts_s,
        uses=frozenset({TRAFFIC}),
    )


def _near_threshold(values: Values) -> Drill:
    """All three shares just below, of 0.4 attempts a second: Ollama's all fail, Google answers those too."""
    errors, fallback, slow = (
        values[key] for key in ("llmHighErrorRate", "ollamaProviderDown", "llmSlowResponses")
    )
    attempts = 0.4
    failed = 0.76 * errors.threshold * attempts
    answered = attempts - failed
    google = 0.9 * fallback.threshold * answered - failed
    rest = (1 - 0.9 * fallback.threshold) * answered
    low_s, high_s = _find_bucket(slow, above=False)
    reads_s = low_s + (high_s - low_s) * (1 - 0.05 * answered / rest)
    lasts_s = 2 * max(errors.window_s, fallback.window_s, slow.window_s)
    name, slow_model = "mana_llm-near-threshold", "openrouter:llama-3.1-8b"
    return Drill(
        name=name,
        system="mana_llm",
        why="Ollama fails all of the few calls it gets, Google gives 45 % of the answers, and OpenRouter "
        "takes 23 s, which the histogram's bounds make a p95 of 29 s: three values just under their "
        "thresholds.",
        traffic=(
            _profile(
                name,
                "ollama:llama3.1",
                ((lasts_s, failed),),
                *_change("ollama:llama3.1", {0.0: _failing(share=1), lasts_s: HEALTHY}),
                *_change(FIRST_FALLBACK, {}),
                scenario="provider_fallback",
                start_s=LEAD_S,
            ),
            _profile(f"{name}-google", FIRST_FALLBACK, ((lasts_s, google),), start_s=LEAD_S),
            _profile(
                f"{name}-slow",
                slow_model,
                ((lasts_s + 2 * LEAD_S, rest),),
                *_change(
                    slow_model,
                    {0.0: wording.slow(low_s + 0.3 * (high_s - low_s)), lasts_s + 2 * LEAD_S: HEALTHY},
                ),
            ),
        ),
        expects=(
            _stays_below(ERRORS, reaches=0.6),
            _stays_below(FALLBACK, reaches=0.8),
            _stays_below(SLOW, reaches=0.95 * reads_s / slow.threshold),
        ),
        lasts_s=lasts_s + 240,
        uses=frozenset({TRAFFIC}),
    )


def _near_for(values: Values) -> Drill:
    """Few calls fail and fall back within seconds; many healthy calls come before that has been too long."""
    errors, fallback, slow = (
        values[key] for key in ("llmHighErrorRate", "ollamaProviderDown", "llmSlowResponses")
    )
    window_s = max(errors.window_s, fallback.window_s, slow.window_s)
    for_s = min(errors.for_s, fallback.for_s, slow.for_s)
    slow_s = _take_too_long(slow)
    base = 1 / 100
    breaks_s = LEAD_S + window_s + 90
    few = max(8, math.ceil(1.5 * base * window_s * fallback.threshold / (1 - fallback.threshold)))
    many_s = breaks_s + 2 / 3 * for_s
    name = "mana_llm-near-for"
    return Drill(
        name=name,
        system="mana_llm",
        why=f"{few} calls in {few} seconds, while there are few others, are failed by Ollama and answered "
        "slowly by Google. They would stay in the window for nearly as long as the `for`; healthy calls "
        "outnumber them before.",
        traffic=(
            _profile(
                name,
                OPEN_CHOICE,
                (
                    (LEAD_S, 0.4),
                    (breaks_s - LEAD_S, base),
                    (few, 1.0),
                    (many_s - breaks_s - few, base),
                    (80.0, 28 * few / 80),
                ),
                *_change(
                    DEFAULT, {0.0: _failing(next=1), breaks_s - 20: _failing(next=few), many_s - 20: HEALTHY}
                ),
                *_change(FIRST_FALLBACK, {LEAD_S: wording.slow(slow_s), many_s - 20: HEALTHY}),
                scenario="provider_fallback",
            ),
        ),
        expects=(
            _stays_pending(ERRORS, over_s=(for_s / 2, for_s - 15)),
            _stays_pending(FALLBACK, over_s=(for_s * 0.3, for_s - 30)),
            _stays_pending(SLOW, over_s=(for_s * 0.4, for_s - 15)),
        ),
        lasts_s=many_s + 80 + LEAD_S,
        uses=frozenset({TRAFFIC, STILLNESS}),
    )


def _downs(values: Values) -> tuple[Drill, ...]:
    """Both alerts on `up` are the same condition, so both drills say the same of each."""
    alerts = {DOWN: values["llmServiceDown"].for_s, ANY_DOWN: values["serviceDown"].for_s}
    longest_s, shortest_s = max(alerts.values()), min(alerts.values())
    outage = Outage(part="gateway", at_s=LEAD_S, for_s=longest_s + 180, how="kill")
    back_s = outage.at_s + outage.for_s
    fires = tuple(
        _fires(
            alert,
            labels=SYSTEM | JOB,
            between_s=(LEAD_S + for_s, LEAD_S + for_s + SLACK_S),
            resolves_within_s=back_s + 300,
        )
        for alert, for_s in alerts.items()
    )
    pause_s = 0.75 * shortest_s
    return (
        Drill(
            name="mana_llm-down-fires",
            system="mana_llm",
            why="The gateway is killed and started again four minutes later. Two alerts have the same "
            "condition, so one outage is two pages.",
            traffic=(),
            expects=fires,
            lasts_s=_lasts(fires),
            outages=(outage,),
        ),
        Drill(
            name="mana_llm-down-near-for",
            system="mana_llm",
            why="The gateway stands still for three quarters of the `for`: pending, and silent.",
            traffic=(),
            expects=tuple(
                NearMiss(
                    alert=alert,
                    labels=SYSTEM | JOB,
                    reaches=0.0,
                    pending=True,
                    pending_within_s=(0, for_s - 10),
                )
                for alert, for_s in alerts.items()
            ),
            lasts_s=LEAD_S + pause_s + 180,
            outages=(Outage(part="gateway", at_s=LEAD_S, for_s=pause_s, how="pause"),),
        ),
    )


def make_drills(values: Values) -> tuple[Drill, ...]:
    """Return mana-llm's drills for these thresholds, windows and `for`s."""
    return (
        _quiet(),
        _fallback_fires(values),
        _latency_fires(values),
        _errors_fires(values),
        _near_threshold(values),
        _near_for(values),
        *_downs(values),
    )
