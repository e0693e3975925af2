"""Gatewayz's drills of a provider that nobody reaches, and of one that answers with errors."""

from __future__ import annotations

import math
from collections.abc import Iterator

from alertdrill.core.drill import Drill, Fault, LoadProfile, Outage
from alertdrill.core.parts import SCRAPE_INTERVAL_S
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import HEALTHY, failing, slow
from alertdrill.systems.drill_building.near import near_threshold
from alertdrill.systems.drill_building.traffic import change, change_from_healthy
from alertdrill.systems.gatewayz.drills.load import (
    FALLBACK,
    GATEWAYZ,
    SLACK_S,
    START_S,
    fires,
    pends,
    send_as,
)

DOWN = "GatewayzProviderDown"
OLLAMA = {"provider": "ollama"}
DOWN_USES = ("provider ollama",)
DOWN_MODEL = "ollama:codellama"
DETECTED_S = 25.0

ERRORS = "GatewayzProviderErrorRateHigh"
ANTHROPIC = {"provider": "anthropic"}
ERROR_USES = ("provider anthropic",)
ERROR_MODEL = "anthropic:claude-3-haiku"
ERROR_CALL_S = 4.0
"""Between one call and the next."""

TIMEOUT_S = 120.0
"""How long the gateway waits for a provider."""
FAILURES_TO_COOL = 5
COOLDOWN_S = 30.0
"""After five calls that do not reach it, a provider is left alone for so long."""
ROUNDING = 1e-9


def make_down_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of a provider that nobody reaches.

    An outage takes a cooldown at least, so past a threshold of 0.6 none is too short for a window of 2m.
    """
    window_s, for_s = values.window_s, values.for_s

    name, down_s = "gatewayz-provider-fires", for_s + window_s + 90
    expected = fires(DOWN, OLLAMA, seen_s=START_S + 15, gone_s=START_S + down_s + COOLDOWN_S, values=values)
    yield GATEWAYZ.drill(
        name,
        "Nobody reaches a provider for minutes. Clients do not notice: their calls fall back.",
        _lose(name, expected.resolves_within_s, down_s),
        expects=expected,
        uses=DOWN_USES,
    )
    yield _make_short_outage(values)
    name = "gatewayz-provider-near-for"
    yield GATEWAYZ.drill(
        name,
        "A provider is out for a few minutes and comes back before the `for` is over.",
        _lose(name, START_S + for_s + window_s, DETECTED_S + for_s - 150),
        expects=pends(DOWN, OLLAMA, least_s=(for_s - 150) / 2, values=values),
        lasts_s=START_S + for_s + window_s + 60,
        uses=DOWN_USES,
    )


def _make_short_outage(values: AlertValues) -> Drill:
    """Return an outage of as many samples as the threshold allows, or of one fewer."""
    name, samples = "gatewayz-provider-near-threshold", values.window_s / SCRAPE_INTERVAL_S
    most = math.floor((1 - values.threshold) * samples + ROUNDING)
    # It ends with the answer to the first call after the cooldown; six seconds are for what may come late.
    answer_s = max(1.0, most * SCRAPE_INTERVAL_S - 6 - COOLDOWN_S)
    lasts_s = START_S + 2 * values.window_s + 60
    # Told just before the probe, and not for long: few others could meet it, should the breaker be late.
    back_s = START_S + FAILURES_TO_COOL + COOLDOWN_S
    told = {START_S: failing("network", every=1), back_s - 3: slow(answer_s), back_s + 7: HEALTHY}
    return GATEWAYZ.drill(
        name,
        "A provider is out for a minute, which is half of the window and not more: for a cooldown, and until "
        "its first answer has come.",
        send_as(name, "steady", [(lasts_s, 1.0)], change_from_healthy(DOWN_MODEL, told), models=[DOWN_MODEL]),
        expects=near_threshold(DOWN, OLLAMA, reaches=0.97 * values.threshold / (1 - (most - 1) / samples)),
        lasts_s=lasts_s,
        uses=DOWN_USES,
    )


def _lose(name: str, lasts_s: float, down_for_s: float) -> LoadProfile:
    """Return calls of a provider that nobody reaches for a while."""
    told = {START_S: failing("network", every=1), START_S + down_for_s: HEALTHY}
    return send_as(
        name, "steady", [(lasts_s, 0.2)], change_from_healthy(DOWN_MODEL, told), models=[DOWN_MODEL]
    )


def make_outage_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of a provider whose container stands still, or is cut off from the gateway.

    Nothing refuses a call then: each waits for the gateway's own timeout, and so does the probe that is under
    way when the provider is back.
    """
    cases: tuple[tuple[str, str, Fault], ...] = (
        (
            "gatewayz-provider-paused",
            "A provider stands still: it takes connections and answers nobody. Calls fall back when they "
            "have waited long enough.",
            "pause",
        ),
        (
            "gatewayz-provider-disconnected",
            "A provider's container is cut off from the network on which the gateway asks it.",
            "disconnect",
        ),
    )
    out_s = values.for_s + values.window_s + TIMEOUT_S + 150
    expected = fires(
        DOWN,
        OLLAMA,
        begins_s=START_S,
        seen_s=START_S + TIMEOUT_S + 30,
        gone_s=START_S + out_s + TIMEOUT_S + COOLDOWN_S,
        values=values,
    )
    healthy = change_from_healthy(DOWN_MODEL, {})
    for name, why, how in cases:
        yield GATEWAYZ.drill(
            name,
            why,
            send_as(name, "steady", [(expected.resolves_within_s, 0.2)], healthy, models=[DOWN_MODEL]),
            expects=expected,
            outages=(Outage(part="provider-ollama", at_s=START_S, for_s=out_s, how=how),),
        )


def make_error_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of a provider that answers with errors."""
    window_s, for_s = values.window_s, values.for_s
    many = max(2, math.floor(1 / (2 * values.threshold)))
    few = math.ceil(1 / (0.85 * values.threshold))

    name, fails_s = "gatewayz-errors-fires", for_s + window_s + 60
    expected = fires(ERRORS, ANTHROPIC, seen_s=START_S + 30, gone_s=START_S + fails_s, values=values)
    yield GATEWAYZ.drill(
        name,
        "Half of a provider's answers are errors, and every one of them is answered by the fallback.",
        _err(name, expected.resolves_within_s, many, fails_s),
        expects=expected,
        uses=ERROR_USES,
    )
    name, lasts_s = "gatewayz-errors-near-threshold", START_S + window_s + 240
    yield GATEWAYZ.drill(
        name,
        "One answer in five is an error: four of the last twenty calls.",
        _err(name, lasts_s, few, lasts_s - START_S),
        expects=near_threshold(ERRORS, ANTHROPIC, reaches=0.7),
        lasts_s=lasts_s,
        uses=ERROR_USES,
    )
    name, lasts_s = "gatewayz-errors-near-for", START_S + for_s + 2 * window_s
    yield GATEWAYZ.drill(
        name,
        "Half of the answers are errors, for a few minutes less than the `for`.",
        _err(name, lasts_s, many, max(60.0, for_s - 100)),
        expects=pends(ERRORS, ANTHROPIC, least_s=(for_s - 100) / 2, values=values),
        lasts_s=lasts_s,
        uses=ERROR_USES,
    )
    yield _make_errors_after_outage(values, many)


def _make_errors_after_outage(values: AlertValues, every: int) -> Drill:
    """Return an outage of a cooldown, and errors from then on.

    Whether it answers with errors is asked once it could be reached for a whole window.
    """
    name, back_s = "gatewayz-errors-after-outage", START_S + FAILURES_TO_COOL * ERROR_CALL_S + COOLDOWN_S
    seen_s = back_s + values.window_s
    fails_s = seen_s + values.for_s + values.window_s
    expected = GATEWAYZ.fires(
        ERRORS,
        ANTHROPIC,
        between_s=(seen_s + values.for_s - 20, seen_s + values.for_s + values.window_s / 2 + 15),
        resolves_within_s=fails_s + values.window_s + SLACK_S,
    )
    told = {
        START_S: failing("network", every=1),
        START_S + FAILURES_TO_COOL * ERROR_CALL_S + 8: failing(every=every),
        fails_s: HEALTHY,
    }
    return GATEWAYZ.drill(
        name,
        "A provider is out for half a minute, and half of its answers are errors when it is back. As long as "
        "the window has the outage in it, errors are not what is wrong.",
        send_as(
            name,
            "steady",
            [(expected.resolves_within_s, 1 / ERROR_CALL_S)],
            # That the fallback can be reached says nothing of this provider.
            [*change_from_healthy(ERROR_MODEL, told), change(0, FALLBACK, HEALTHY)],
            models=[ERROR_MODEL],
        ),
        expects=expected,
        uses=ERROR_USES,
        # When the breaker lets a call through again is measured in seconds, which a busy machine adds at 60.
        max_speed=20.0,
    )


def _err(name: str, lasts_s: float, every: int, fails_for_s: float) -> LoadProfile:
    """Return calls of a provider that fails one in so many for a while."""
    told = {START_S: failing(every=every), START_S + fails_for_s: HEALTHY}
    return send_as(
        name,
        "steady",
        [(lasts_s, 1 / ERROR_CALL_S)],
        change_from_healthy(ERROR_MODEL, told),
        models=[ERROR_MODEL],
    )
