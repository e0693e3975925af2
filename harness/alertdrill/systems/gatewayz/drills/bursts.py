"""Gatewayz's drills of bursts: past a threshold for a while, and over the whole window just short of it.

A rule that looks back half as far, or at the last value alone, would be pending on them; one that looks back
twice as far, or has a higher threshold, would find them too far away. What fails or waits is counted one by
one, so that the value is nearly the same in every run. Where a threshold leaves no room for that, there is no
drill.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.core.parts import SCRAPE_INTERVAL_S
from alertdrill.rules.values import AlertValues
from alertdrill.systems.drill_building.behaviours import HEALTHY, failing, slow
from alertdrill.systems.drill_building.near import near_threshold
from alertdrill.systems.drill_building.traffic import change, change_from_healthy
from alertdrill.systems.gatewayz.drills.accounts import (
    CALLS_PER_S,
    CREDIT_MODEL,
    CREDITS,
    CREDITS_PER_TOKEN,
    LIMITED,
    LIMITED_MODEL,
)
from alertdrill.systems.gatewayz.drills.endpoints import (
    COMPLETIONS,
    COMPLETIONS_USES,
    HTTP_5XX,
    HTTP_5XX_MODEL,
)
from alertdrill.systems.gatewayz.drills.load import GATEWAYZ, START_S, send_as
from alertdrill.systems.gatewayz.drills.providers import ANTHROPIC, ERROR_MODEL, ERROR_USES, ERRORS
from alertdrill.systems.gatewayz.drills.queues import QUEUE, SLOTS, label_model

SHARE = 0.955
"""How much of the threshold a burst reaches."""
REACHES = 0.915
"""How much it reaches at least: more than a threshold a tenth higher would leave of it."""
MOST_PER_S = 3.0

OTHER_5XX_MODEL = "openrouter:mixtral-8x22b"
OTHER_CREDIT_MODEL = "openai:gpt-5"
OTHER_CREDITS_PER_TOKEN = 0.001
QUEUE_MODEL = "openrouter:deepseek-chat"
RECENT_CALLS = 20
"""Of so many calls of a provider the share of failed ones is taken."""


def _find_seen_s(values: AlertValues) -> float:
    """Return how much of a window lies between its first sample and its last."""
    return values.window_s - SCRAPE_INTERVAL_S


def make_5xx_burst(values: AlertValues) -> Iterator[Drill]:
    """Yield five failures of two kinds, and a lull after them that only the whole window outweighs."""
    name, first_s = "gatewayz-5xx-burst", 60.0
    burst_s = first_s + values.window_s + 30
    lull_s, lull_share = 32.0, 0.2
    requests = 5 / (SHARE * values.threshold)
    rate = requests / (_find_seen_s(values) - (1 - lull_share) * lull_s)
    if rate > MOST_PER_S:
        return
    lasts_s = burst_s + 12 + lull_s + values.window_s + 30

    def fail(suffix: str, model: str, how: str, count: int, own_rate: float) -> LoadProfile:
        # The first failure of a kind is not seen, since its counter is born with it.
        told = {first_s: failing(how, next=1), burst_s: failing(how, next=count)}
        return send_as(
            f"{name}{suffix}",
            "text_apis",
            [
                (burst_s + 12, own_rate),
                (lull_s, lull_share * own_rate),
                (lasts_s - burst_s - 12 - lull_s, own_rate),
            ],
            change_from_healthy(model, told),
            key=name,
            models=[model],
            ask="completions",
        )

    yield GATEWAYZ.drill(
        name,
        "Five legacy completions fail within seconds, three with 502 and two with 503: they are one "
        "in twenty-one of those of two minutes.",
        fail("", HTTP_5XX_MODEL, "server_error", 3, 0.75 * rate),
        fail("-other", OTHER_5XX_MODEL, "auth", 2, 0.25 * rate),
        expects=near_threshold(HTTP_5XX, COMPLETIONS, reaches=REACHES),
        lasts_s=lasts_s,
        uses=COMPLETIONS_USES,
    )


def make_error_burst(values: AlertValues) -> Iterator[Drill]:
    """Yield failures in a row, of which a window sees just too few."""
    name = "gatewayz-errors-burst"
    # Each failure is one of the recent calls for as long as these last; all that must fit into a window.
    failures = math.ceil(RECENT_CALLS * values.threshold / (0.98 / SHARE - values.threshold))
    if not 0 < failures <= RECENT_CALLS:
        return
    rate = failures / (SHARE * values.threshold * values.window_s)
    if rate > MOST_PER_S:
        return
    lasts_s = START_S + 2 * values.window_s + 60
    yield GATEWAYZ.drill(
        name,
        "Seven calls of a provider in a row fail: for a minute they are a third of the last twenty, and on "
        "the average of two minutes less than a quarter.",
        send_as(
            name,
            "steady",
            [(lasts_s, rate)],
            change_from_healthy(ERROR_MODEL, {START_S: failing(next=failures)}),
            models=[ERROR_MODEL],
        ),
        expects=near_threshold(ERRORS, ANTHROPIC, reaches=REACHES),
        lasts_s=lasts_s,
        uses=ERROR_USES,
    )


def make_credit_burst(values: AlertValues) -> Iterator[Drill]:
    """Yield spending on two models in one minute, each of them below the threshold by itself."""
    name, window_s = "gatewayz-credits-burst", values.window_s
    calls = round(SHARE * CALLS_PER_S * _find_seen_s(values))
    per_call = values.threshold / 3600 / CALLS_PER_S
    profiles = []
    for suffix, model, per_token, own_calls in (
        ("", CREDIT_MODEL, CREDITS_PER_TOKEN, calls - calls // 2),
        ("-other", OTHER_CREDIT_MODEL, OTHER_CREDITS_PER_TOKEN, calls // 2),
    ):
        tokens = max(1, round(per_call / per_token))
        told = change(0, model, {**HEALTHY, "prompt_tokens": 0, "completion_tokens": tokens})
        profiles.append(
            send_as(
                f"{name}{suffix}",
                "cost_runaway",
                # The first call of a model is not seen, since the counter is born with it.
                [(30, 1 / 30), (window_s - 30, 0), (60, own_calls / 60), (90, 0)],
                [told],
                key=name,
                models=[model],
            )
        )
    yield GATEWAYZ.drill(
        name,
        "A user spends within a minute, on two models, what is allowed in five: that is a runaway only if it "
        "goes on.",
        *profiles,
        expects=near_threshold(CREDITS, {"user_id": name}, reaches=REACHES),
        lasts_s=window_s + 180,
    )


def make_limit_burst(values: AlertValues) -> Iterator[Drill]:
    """Yield half a minute in which most requests are refused, amid many that are not."""
    name, burst_s, burst_per_s = "gatewayz-limited-burst", 30.0, 2.0
    share, sent = SHARE * values.threshold, burst_s * burst_per_s
    # The key's bucket has ten seconds' worth of its rate; before and after, four fifths of the rate are sent.
    calm_share, calm_s = 0.8, _find_seen_s(values) - burst_s
    rate = sent * (1 - share) / (10 + burst_s + share * calm_share * calm_s)
    per_minute = max(1, round(60 * rate))
    calm_per_s = calm_share * per_minute / 60
    yield GATEWAYZ.drill(
        name,
        "A client sends at three times its rate for half a minute, and most of that is refused: of its "
        "requests in five minutes it is less than a fifth.",
        send_as(
            name,
            "rate_limit_abuse",
            [(values.window_s + 30, calm_per_s), (burst_s, burst_per_s), (75, calm_per_s)],
            [change(0, LIMITED_MODEL, HEALTHY)],
            models=[LIMITED_MODEL],
            requests_per_minute=per_minute,
        ),
        expects=near_threshold(LIMITED, {"api_key_id": name}, reaches=REACHES),
        lasts_s=values.window_s + burst_s + 105,
    )


def make_queue_burst(values: AlertValues) -> Iterator[Drill]:
    """Yield as many calls that wait as a model takes at once, for so long that the average is just short."""
    # What gateway and client add to a call makes others wait for longer.
    name, share = "gatewayz-queue-burst", SHARE - 0.01
    waits_s = share * values.threshold * values.window_s / SLOTS
    if waits_s > values.window_s - 2 * SCRAPE_INTERVAL_S:
        return
    # They come and go one by one within a scrape interval, so that it does not matter when the scrapes are.
    comes_s, first_s = SCRAPE_INTERVAL_S, values.window_s + 30
    lasts_s = first_s + 2 * comes_s + waits_s + values.window_s + 30
    yield GATEWAYZ.drill(
        name,
        "Eight responses wait for a minute until eight others are answered: on the average of two minutes "
        "fewer than five wait.",
        send_as(
            name,
            "text_apis",
            # One that waits for a moment comes first, since there is no queue before.
            [
                (SLOTS + 1, 1.0),
                (first_s - SLOTS - 1, 0),
                (2 * comes_s, SLOTS / comes_s),
                (waits_s + values.window_s, 0),
            ],
            change_from_healthy(QUEUE_MODEL, {0: slow(20.0), first_s / 2: slow(waits_s + comes_s)}),
            models=[QUEUE_MODEL],
            ask="background",
        ),
        expects=near_threshold(QUEUE, label_model(QUEUE_MODEL), reaches=REACHES),
        lasts_s=lasts_s,
    )
