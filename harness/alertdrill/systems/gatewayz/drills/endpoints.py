"""Gatewayz's drills of what clients see of an endpoint: failures and latency."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import HEALTHY, Behaviour, failing, slow
from alertdrill.systems.drill_building.near import near_threshold
from alertdrill.systems.drill_building.traffic import Stages, change, change_from_healthy
from alertdrill.systems.gatewayz.drills.load import GATEWAYZ, START_S, fires, is_blind, pends, send_as

HTTP_5XX = "GatewayzHTTP5xxRateHigh"
COMPLETIONS = {"endpoint": "/v1/completions"}
COMPLETIONS_USES = ("endpoint /v1/completions",)
HTTP_5XX_MODEL = "openai:gpt-3.5-turbo"

LATENCY = "GatewayzLatencyP95High"
RESPONSES = {"endpoint": "/v1/responses"}
RESPONSES_USES = ("endpoint /v1/responses",)
LATENCY_MODEL = "openrouter:mistral-large"
OTHER_LATENCY_MODEL = "openrouter:qwen-2.5-72b"
LATENCY_BOUNDS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
HEALTHY_FOR_S = 450.0


def make_5xx_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of an endpoint's failures."""
    window_s, for_s = values.window_s, values.for_s
    many = max(2, math.floor(1 / (2.5 * values.threshold)))
    few = math.ceil(1 / (0.66 * values.threshold))

    name, fails_s = "gatewayz-5xx-fires", for_s + window_s + 60
    expected = fires(HTTP_5XX, COMPLETIONS, seen_s=START_S, gone_s=START_S + fails_s, values=values)
    yield GATEWAYZ.drill(
        name,
        "One legacy completion in eight fails; these insist on their model, so nothing falls back. The "
        "expression as written matches a label that the metric does not have, and sees nothing.",
        _complete(name, (expected.resolves_within_s, 0.3), many, fails_s),
        expects=(expected, is_blind(HTTP_5XX, {})),
        uses=COMPLETIONS_USES,
    )
    name, lasts_s = "gatewayz-5xx-near-threshold", START_S + window_s + 240
    yield GATEWAYZ.drill(
        name,
        "One request in thirty fails: at most two in a window, which are less than 5 %.",
        _complete(name, (lasts_s, 0.5), few, lasts_s - START_S),
        expects=near_threshold(HTTP_5XX, COMPLETIONS, reaches=0.6),
        lasts_s=lasts_s,
        uses=COMPLETIONS_USES,
    )
    name, lasts_s = "gatewayz-5xx-near-for", START_S + for_s + window_s
    yield GATEWAYZ.drill(
        name,
        "One request in eight fails, for so long that with the window it is just short of the `for`.",
        _complete(name, (lasts_s, 0.3), many, max(45.0, for_s - window_s - 60)),
        expects=pends(HTTP_5XX, COMPLETIONS, least_s=60, values=values),
        lasts_s=lasts_s,
        uses=COMPLETIONS_USES,
    )


def _complete(name: str, stage: tuple[float, float], every: int, fails_for_s: float) -> LoadProfile:
    """Return legacy completions, of which one in so many fails for a while."""
    told = {START_S: failing(every=every), START_S + fails_for_s: HEALTHY}
    changes = change_from_healthy(HTTP_5XX_MODEL, told)
    return send_as(name, "text_apis", [stage], changes, models=[HTTP_5XX_MODEL], ask="completions")


def make_latency_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of an endpoint's latency."""
    yield _make_slow_model(values)
    yield _make_near_threshold(values)
    yield from _make_few_slow(values)
    yield _make_near_for(values)


def _respond(name: str, stages: Stages, changes: Mapping[float, Behaviour]) -> LoadProfile:
    told = change_from_healthy(LATENCY_MODEL, changes)
    return send_as(name, "text_apis", stages, told, models=[LATENCY_MODEL], ask="responses")


def _make_slow_model(values: AlertValues) -> Drill:
    name, slow_s = "gatewayz-latency-fires", 1.5 * values.threshold
    heals_s = HEALTHY_FOR_S + (values.for_s + values.window_s + 60)
    expected = fires(
        LATENCY, RESPONSES, seen_s=HEALTHY_FOR_S + slow_s, gone_s=heals_s + slow_s, values=values
    )
    return GATEWAYZ.drill(
        name,
        "A model that has answered hundreds of times becomes slow. The expression as written has no "
        "rate: it reads the p95 of all requests ever, of which the slow ones are less than 5 %.",
        _respond(
            name,
            [(HEALTHY_FOR_S, 1.0), (expected.resolves_within_s - HEALTHY_FOR_S, 0.05)],
            {HEALTHY_FOR_S: slow(slow_s), heals_s: HEALTHY},
        ),
        expects=(expected, is_blind(LATENCY, RESPONSES)),
        uses=RESPONSES_USES,
        comes_first=True,  # slow calls of the others would be in the p95 of all requests ever
    )


def _make_near_threshold(values: AlertValues) -> Drill:
    name, lasts_s = "gatewayz-latency-near-threshold", START_S + values.window_s + 240
    upper_s = max(bound for bound in LATENCY_BOUNDS_S if bound <= values.threshold)
    lower_s = max((bound for bound in LATENCY_BOUNDS_S if bound < upper_s), default=0.0)
    below_s = lower_s + 0.2 * (upper_s - lower_s)
    return GATEWAYZ.drill(
        name,
        "Every answer takes 14 s. The histogram has no bound between 10 and 30 s, so the p95 reads as "
        "29 s: just under the threshold.",
        _respond(name, [(lasts_s, 0.1)], {1: slow(below_s), START_S + values.window_s + 200: HEALTHY}),
        expects=near_threshold(LATENCY, RESPONSES, reaches=0.93),
        lasts_s=lasts_s,
        uses=RESPONSES_USES,
        calls_within_s=upper_s,
    )


def _make_few_slow(values: AlertValues) -> Iterator[Drill]:
    """Yield a drill in which fewer are slow than a p95 sees, if the threshold is a bound of the histogram."""
    name, lasts_s = "gatewayz-latency-few-slow", 330.0
    if values.threshold not in LATENCY_BOUNDS_S[1:]:
        return
    lower_s = LATENCY_BOUNDS_S[LATENCY_BOUNDS_S.index(values.threshold) - 1]
    usual_s = lower_s + 0.2 * (values.threshold - lower_s)
    told: Behaviour = {
        "latency": {"kind": "mixed", "s": usual_s, "slow_s": 1.5 * values.threshold, "every": 40}
    }
    yield GATEWAYZ.drill(
        name,
        "One answer in forty takes 45 s, of two models at the same time, and the others take 14 s: in two "
        "minutes less than 5 % are slow, in one minute more.",
        *(
            send_as(
                f"{name}{suffix}",
                "text_apis",
                [(lasts_s, 0.35)],
                [change(0, model, told)],
                key=name,
                models=[model],
                ask="responses",
            )
            for suffix, model in (("", LATENCY_MODEL), ("-other", OTHER_LATENCY_MODEL))
        ),
        expects=near_threshold(LATENCY, RESPONSES, reaches=0.972),
        lasts_s=lasts_s,
        uses=RESPONSES_USES,
    )


def _make_near_for(values: AlertValues) -> Drill:
    name, slow_s = "gatewayz-latency-near-for", 1.5 * values.threshold
    lasts_s = START_S + values.for_s + values.window_s + slow_s
    slow_for_s = max(30.0, values.for_s - values.window_s - 60)
    return GATEWAYZ.drill(
        name,
        "A model is slow for two minutes; the window keeps them in sight, and still it is short of the "
        "`for`.",
        _respond(name, [(lasts_s, 0.1)], {START_S: slow(slow_s), START_S + slow_for_s: HEALTHY}),
        expects=pends(LATENCY, RESPONSES, least_s=90, values=values),
        lasts_s=lasts_s,
        uses=RESPONSES_USES,
    )
