"""Gatewayz's drills of what is counted for a user or a key: credits and rate limits."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import HEALTHY
from alertdrill.systems.drill_building.near import near_threshold
from alertdrill.systems.drill_building.traffic import change
from alertdrill.systems.gatewayz.drills.load import GATEWAYZ, START_S, fires, pends, send_as

CREDITS = "GatewayzCreditBurnHigh"
LIMITED = "GatewayzRateLimitedShareHigh"
CREDIT_MODEL = "openai:gpt-4"
CREDITS_PER_TOKEN = 0.006
"""A completion token of gpt-4 costs 60 USD per million; its prompts are told to have none."""
CALLS_PER_S = 0.07
"""At this rate a user spends just what is thought of as a runaway, whatever that is."""
LIMITED_MODEL = "openrouter:ministral-8b"
LIMITED_CALLS_PER_S = 0.25


def make_credit_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of a user's spending."""
    window_s, for_s = values.window_s, values.for_s
    calm = (START_S, 0.25 * CALLS_PER_S)
    calm_again = (window_s, 0.25 * CALLS_PER_S)

    name, burns_s = "gatewayz-credits-fires", for_s + window_s + 60
    yield GATEWAYZ.drill(
        name,
        "A user spends at twice the rate that is thought of as a runaway.",
        _spend(name, values, calm, (burns_s, 2 * CALLS_PER_S), calm_again),
        expects=fires(
            CREDITS, {"user_id": name}, seen_s=START_S + 60, gone_s=START_S + burns_s, values=values
        ),
    )
    name, lasts_s = "gatewayz-credits-near-threshold", for_s + 2 * window_s
    yield GATEWAYZ.drill(
        name,
        "A user spends at 85 % of the rate, for as long as it would take to fire.",
        _spend(name, values, (lasts_s, 0.85 * CALLS_PER_S)),
        expects=near_threshold(CREDITS, {"user_id": name}, reaches=0.75),
        lasts_s=lasts_s,
    )
    name, burns_s = "gatewayz-credits-near-for", max(60.0, for_s - window_s - 30)
    yield GATEWAYZ.drill(
        name,
        "A user spends at twice the rate and stops a few minutes before it would fire.",
        _spend(name, values, calm, (burns_s, 2 * CALLS_PER_S), calm_again),
        expects=pends(CREDITS, {"user_id": name}, least_s=burns_s / 2, values=values),
        lasts_s=START_S + burns_s + window_s + 120,
    )


def _spend(name: str, values: AlertValues, *stages: tuple[float, float]) -> LoadProfile:
    """Return calls of a user that cost what is thought of as a runaway at `CALLS_PER_S`."""
    tokens = max(1, round(values.threshold / 3600 / CALLS_PER_S / CREDITS_PER_TOKEN))
    told = change(0, CREDIT_MODEL, {**HEALTHY, "prompt_tokens": 0, "completion_tokens": tokens})
    return send_as(name, "cost_runaway", stages, [told], models=[CREDIT_MODEL])


def make_limit_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of a key past its rate."""
    threshold, window_s, for_s = values.threshold, values.window_s, values.for_s
    high, low = min(0.9, 2.5 * threshold), 0.7 * threshold
    calm, calm_again = (START_S, 0.05), (window_s, 0.05)

    name, abuse_s = "gatewayz-limited-fires", for_s + window_s
    yield GATEWAYZ.drill(
        name,
        "A client sends at twice its rate and does not heed that half of it is refused.",
        _abuse(name, high, calm, (abuse_s, LIMITED_CALLS_PER_S), calm_again),
        expects=fires(LIMITED, {"api_key_id": name}, seen_s=START_S, gone_s=START_S + abuse_s, values=values),
    )
    name, abuse_s = "gatewayz-limited-near-threshold", for_s + 2 * window_s
    yield GATEWAYZ.drill(
        name,
        "A client is a little past its rate all the time: one request in seven is refused.",
        _abuse(name, low, calm, (abuse_s, LIMITED_CALLS_PER_S)),
        expects=near_threshold(LIMITED, {"api_key_id": name}, reaches=0.55),
        lasts_s=START_S + for_s + 2 * window_s,
    )
    name, abuse_s = "gatewayz-limited-near-for", max(60.0, for_s - window_s - 60)
    yield GATEWAYZ.drill(
        name,
        "A client sends at twice its rate for a few minutes, and learns.",
        _abuse(name, high, calm, (abuse_s, LIMITED_CALLS_PER_S), calm_again),
        expects=pends(LIMITED, {"api_key_id": name}, least_s=abuse_s / 2, values=values),
        lasts_s=START_S + abuse_s + window_s + 60,
    )


def _abuse(name: str, share: float, *stages: tuple[float, float]) -> LoadProfile:
    """Return calls of a key with a limit that refuses this share of `LIMITED_CALLS_PER_S`."""
    return send_as(
        name,
        "rate_limit_abuse",
        stages,
        [change(0, LIMITED_MODEL, HEALTHY)],
        models=[LIMITED_MODEL],
        requests_per_minute=max(1, round(60 * LIMITED_CALLS_PER_S * (1 - share))),
    )
