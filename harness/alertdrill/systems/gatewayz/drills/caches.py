"""Gatewayz's drills of a cache's hit rate; they share the cache, so they queue."""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.core.expectation import BlindRule, NearMiss
from alertdrill.core.parts import SCRAPE_INTERVAL_S
from alertdrill.errors import BadInput
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import HEALTHY
from alertdrill.systems.drill_building.near import near_threshold
from alertdrill.systems.drill_building.traffic import change
from alertdrill.systems.gatewayz.drills.load import GATEWAYZ, START_S, fires, pends, send_as

CACHE = "GatewayzCacheHitRateLow"
LABELS = {"cache_name": "response"}
USES = ("cache response",)
MODEL = "openrouter:ministral-3b"
MOST_HITS = 0.7
"""A hit rate above it cannot be told from one just below."""
PROMPTS = 20
"""Different things that clients ask where the cold start matters: so many lookups are misses at first."""
WARM_S = 480.0
FEW_LOOKUPS = "few lookups in cache response"
"""Used where a few more would be enough for the alert."""


def make_cache_drills(values: AlertValues) -> Iterator[Drill]:
    """Yield the drills of a cache that is asked new things. Raises BadInput."""
    if not 0 < values.threshold <= MOST_HITS:
        raise BadInput(
            f"{values.key}.threshold: there are drills up to {MOST_HITS}, not for {values.threshold:g}"
        )
    yield _make_collapse(values)
    yield _make_near_threshold(values)
    yield _make_burst(values)
    yield _make_few_lookups(values)
    yield _make_near_for(values)


def _make_collapse(values: AlertValues) -> Drill:
    name = "gatewayz-cache-fires"
    new_s, falls_s = values.for_s + values.window_s + 60, _find_fall_s(values)
    expected = fires(CACHE, LABELS, seen_s=WARM_S + falls_s / 2, gone_s=WARM_S + new_s, values=values)
    return GATEWAYZ.drill(
        name,
        "Most lookups are hits until clients ask something new each time, and then none is. The "
        "expression as written counts since the start, of which the collapse is the smaller part: it "
        "stays silent.",
        _ask(name, values, expected.resolves_within_s, (WARM_S, WARM_S + new_s), prompts=PROMPTS),
        expects=(expected, BlindRule(alert=f"{CACHE}AsWritten", labels=LABELS, after_s=WARM_S)),
        uses=USES,
        comes_first=True,  # misses of the others would be in what was counted since the start
    )


def _make_near_threshold(values: AlertValues) -> Drill:
    name, lasts_s = "gatewayz-cache-near-threshold", START_S + values.window_s + 240
    return GATEWAYZ.drill(
        name,
        "Two questions in three are new: the hit rate is low, and above the threshold.",
        _ask(name, values, lasts_s, (START_S, 10_000), share=1 - values.threshold / 0.85),
        expects=near_threshold(CACHE, LABELS, reaches=0.65),
        lasts_s=lasts_s,
        uses=USES,
    )


def _make_burst(values: AlertValues) -> Drill:
    name, rate = "gatewayz-cache-burst", 10 * values.number("traffic")
    new_from_s = values.window_s + 15
    new_s = (1 - values.threshold / 0.93) * (values.window_s - SCRAPE_INTERVAL_S)
    lasts_s = new_from_s + 2 * values.window_s
    return GATEWAYZ.drill(
        name,
        "For a minute every question is new, and then none is: over two minutes the hit rate stays above the "
        "threshold.",
        _ask(name, values, lasts_s, (new_from_s, new_from_s + new_s), prompts=1, rate=rate),
        expects=near_threshold(CACHE, LABELS, reaches=0.855),
        lasts_s=lasts_s,
        uses=USES,
    )


def _make_few_lookups(values: AlertValues) -> Drill:
    name, traffic = "gatewayz-cache-few-lookups", values.number("traffic")
    many_s, few_s = 100.0, (225.0, 230.0)
    few_from_s = many_s + values.window_s
    ends_s = few_from_s + sum(few_s)

    def ask_few(suffix: str, starts_s: float, lasts_s: float, share: float) -> LoadProfile:
        return send_as(
            f"{name}-{suffix}",
            "cache_collapse",
            # 9 or 10 in the 105 s that a window of two minutes sees, where 11 would be enough.
            [(lasts_s, 0.905 * traffic)],
            start_s=starts_s,
            models=[MODEL],
            prompts=1,
            new_from=0,
            new_until=10_000,
            new_share=share,
        )

    return GATEWAYZ.drill(
        name,
        "Most questions are new, and there are fewer of them than the alert wants to see. Before, there were "
        "many, of which most were hits, and a pause.",
        _ask(name, values, many_s, (0, 10_000), share=0.3, prompts=1, rate=5 * traffic),
        # With hits close together and far apart, so that a shorter window would find more lookups.
        ask_few("few", few_from_s, few_s[0], 0.8),
        ask_few("fewer", few_from_s + few_s[0], few_s[1], 0.875),
        expects=NearMiss(alert=CACHE, labels=LABELS, reaches=0.0, pending=False),
        # Its misses are out of the window, for with the next drill's lookups they would be enough.
        lasts_s=ends_s + values.window_s + SCRAPE_INTERVAL_S,
        uses=(*USES, FEW_LOOKUPS),
    )


def _make_near_for(values: AlertValues) -> Drill:
    name = "gatewayz-cache-near-for"
    new_s = max(_find_fall_s(values) + 30, values.for_s - 90 + (1 - 2 * values.threshold) * values.window_s)
    lasts_s = START_S + new_s + values.window_s + 60
    return GATEWAYZ.drill(
        name,
        "Every question is new for some minutes, and the usual ones come back before the `for` is over. "
        "There are hardly more lookups than the alert wants to see.",
        _ask(name, values, lasts_s, (START_S, START_S + new_s), rate=1.09 * values.number("traffic")),
        expects=pends(CACHE, LABELS, least_s=(values.for_s - 90) / 2, values=values),
        lasts_s=lasts_s,
        uses=(*USES, FEW_LOOKUPS),  # whose hits would put the alert off
    )


def _find_fall_s(values: AlertValues) -> float:
    """Return how long nothing but misses take to bring the hit rate down to the threshold."""
    return (1 - values.threshold) * values.window_s


def _ask(
    name: str,
    values: AlertValues,
    lasts_s: float,
    new_between_s: tuple[float, float],
    *,
    share: float = 1.0,
    prompts: int = 4,
    rate: float | None = None,
) -> LoadProfile:
    """Return questions of which a share is new between two instants, at a rate that the alert looks at."""
    rate = 2.5 * values.number("traffic") if rate is None else rate
    new_from_s, new_until_s = new_between_s
    return send_as(
        name,
        "cache_collapse",
        [(lasts_s, rate)],
        [change(0, MODEL, HEALTHY)],
        models=[MODEL],
        prompts=prompts,
        new_from=round(new_from_s * rate),
        new_until=round(new_until_s * rate),
        new_share=share,
    )
