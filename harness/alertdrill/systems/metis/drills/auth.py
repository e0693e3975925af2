"""Metis's drills of authentication that fails.

They move the one series of authentication failures, so they queue.
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.core.expectation import Delivery, Text
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import HEALTHY
from alertdrill.systems.drill_building.estimates import ROUNDING
from alertdrill.systems.drill_building.near import near_for, near_threshold
from alertdrill.systems.drill_building.traffic import change, send
from alertdrill.systems.metis.drills.load import METIS, check_threshold

AUTH = "MetisGatewayAuthFailureRateHigh"
THE_GATEWAY = {"system": "metis"}
FAILURES = ("authentication failures",)
MOST_PER_S = 1.0
LEAST_IN_WINDOW = 12.0
"""With fewer failures in a window, one more or less decides."""


def make_auth_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of the rate of authentication failures; raises BadInput."""
    check_threshold(values, LEAST_IN_WINDOW / values.window_s, MOST_PER_S)
    yield _make_scanner(values)
    yield _make_near_threshold(values)
    yield _make_near_for(values)
    yield _make_rotation(values)
    yield _make_synthetic_firing(values)
    if values.window_s <= values.for_s:
        yield _make_one_volley(values)


def _scan(name: str, *stages: tuple[float, float]) -> LoadProfile:
    """Return a scan with invalid tokens."""
    return send(name, "auth_scan", stages, reason="invalid_token")


def _make_scanner(values: AlertValues) -> Drill:
    name, threshold, lasting_s = "metis-auth-fires", values.threshold, values.for_s + 60
    crossing_s, resolves_s = 60 + values.window_s / 4, 195 + values.for_s + 0.75 * values.window_s
    return METIS.drill(
        name,
        f"A scanner tries {4 * threshold:g} invalid tokens a second for {lasting_s:g} s.",
        _scan(name, (60, 0), (lasting_s, round(4 * threshold, ROUNDING))),
        expects=METIS.fires(
            AUTH,
            THE_GATEWAY,
            between_s=(crossing_s + values.for_s - 15, crossing_s + values.for_s + 105),
            resolves_within_s=resolves_s,
        ),
        lasts_s=resolves_s + 180,
        uses=FAILURES,
    )


def _make_near_threshold(values: AlertValues) -> Drill:
    name, threshold = "metis-auth-near-threshold", values.threshold
    lasts_s = values.window_s + values.for_s + 60
    half = [(lasts_s, round(0.45 * threshold, ROUNDING))]
    return METIS.drill(
        name,
        f"{0.9 * threshold:g} failures a second for {lasts_s:g} s, under the threshold of {threshold:g}: "
        "half of them have an invalid token, and half have none.",
        _scan(name, *half),
        send(f"{name}-missing", "auth_scan", half, start_s=1 / half[0][1] / 2, reason="missing_token"),
        expects=near_threshold(AUTH, THE_GATEWAY, reaches=0.85),
        lasts_s=lasts_s + 310,
        uses=FAILURES,
    )


def _make_near_for(values: AlertValues) -> Drill:
    name, threshold, for_s = "metis-auth-near-for", values.threshold, values.for_s
    scans_for_s = for_s - 60 + 2 / 3 * values.window_s
    return METIS.drill(
        name,
        f"{1.2 * threshold:g} failures a second, stopped a minute short of the `for` of {for_s:g} s.",
        _scan(name, (scans_for_s, round(1.2 * threshold, ROUNDING))),
        expects=near_for(AUTH, THE_GATEWAY, over_s=(for_s - 120, for_s - 15)),
        lasts_s=scans_for_s + values.window_s + 40,
        uses=FAILURES,
    )


def _make_rotation(values: AlertValues) -> Drill:
    name, model, lasting_s = "metis-auth-rotation", "openai:gpt-4.1-mini", values.for_s + 60
    crossing_s, resolves_s = 60 + values.window_s / 3, 220 + values.for_s + 2 / 3 * values.window_s
    return METIS.drill(
        name,
        f"A planned key rotation that takes clients {lasting_s:g} s to follow: it fires, and resolves by "
        "itself.",
        send(
            name,
            "auth_scan",
            [(lasting_s + 240, round(3 * values.threshold, ROUNDING))],
            [change(0, model, HEALTHY)],
            reason="rotation",
            models=[model],
            key=name,
            rotate_at_s=60,
            catch_up_s=lasting_s,
        ),
        expects=METIS.fires(
            AUTH,
            THE_GATEWAY,
            between_s=(crossing_s + values.for_s - 40, crossing_s + values.for_s + 100),
            resolves_within_s=resolves_s,
        ),
        lasts_s=resolves_s + 140,
        uses=FAILURES,
    )


def _make_synthetic_firing(values: AlertValues) -> Drill:
    """Return the drill by which Metis's operators prove the path from gateway to page."""
    name = "metis-auth-synthetic"
    rate_per_s, lasting_s = round(3 * values.threshold, ROUNDING), values.for_s + 60
    crossing_s, resolves_s = 60 + values.window_s / 3, 195 + values.for_s + 2 / 3 * values.window_s
    page = Delivery(
        receiver=METIS.name_receiver(AUTH),
        integration="slack",
        title=Text(how="contains", text=AUTH),
        text=Text(how="regex", text=r"^The gateway rejects \S+ authentications per second\n"),
        notifications=(1, 1),
    )
    return METIS.drill(
        name,
        "The synthetic firing of Metis's runbook: a key is revoked and goes on being used until key_revoked "
        f"crosses the threshold, {rate_per_s:g} times a second. One page opens, and closes when it is over.",
        send(name, "auth_scan", [(60, 0), (lasting_s, rate_per_s)], reason="key_revoked", key=name),
        expects=METIS.fires(
            AUTH,
            THE_GATEWAY,
            between_s=(crossing_s + values.for_s - 15, crossing_s + values.for_s + 105),
            resolves_within_s=resolves_s,
            deliveries=(page,),
        ),
        uses=FAILURES,
    )


def _make_one_volley(values: AlertValues) -> Drill:
    name, window_s = "metis-auth-one-volley", values.window_s
    failures = 2 * values.threshold * window_s
    return METIS.drill(
        name,
        f"{failures:g} failures within {failures / 20:g} s, twice what the threshold allows in the "
        "window, and silent: what happens between two scrapes is seen for one scrape less than it takes "
        "to fire.",
        _scan(name, (20, 0), (failures / 20, 20)),
        expects=near_for(AUTH, THE_GATEWAY, over_s=(window_s - 100, window_s)),
        lasts_s=window_s + 120,
        uses=FAILURES,
    )
