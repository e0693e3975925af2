"""Drills of what is counted for a user, a key or a cache: credits, rate limits, hits."""

from __future__ import annotations

from alertdrill.core.drill import Drill, LoadProfile
from alertdrill.core.expectation import BlindRule
from alertdrill.errors import BadInput
from alertdrill.rules.values import AlertValues
from alertdrill.systems.building import wording
from alertdrill.systems.gatewayz.drills.building import (
    HEALTHY,
    START_S,
    compute_length,
    expect_below,
    expect_firing,
    expect_pending,
    make_drill,
    make_profile,
)

CREDITS = "GatewayzCreditBurnHigh"
LIMITED = "GatewayzRateLimitedShareHigh"
CACHE = "GatewayzCacheHitRateLow"
CREDIT_MODEL = "openai:gpt-4"
LIMITED_MODEL = "openrouter:ministral-8b"
MOST_HITS = 0.7
"""A hit rate above it cannot be told from one just below."""
CACHE_MODEL = "openrouter:ministral-3b"
CREDITS_PER_TOKEN = 0.006
"""A completion token of gpt-4 costs 60 USD per million; its prompts are told to have none."""
CALLS_PER_S = 0.07
"""At this rate a user spends just what is thought of as a runaway, whatever that is."""
PROMPTS = 20
"""Different things that clients ask where the cold start matters: so many lookups are misses at first."""


def make_credit_drills(values: AlertValues) -> tuple[Drill, ...]:
    """Return the drills of a user's spending."""
    tokens = max(1, round(values.threshold / 3600 / CALLS_PER_S / CREDITS_PER_TOKEN))
    behaviour = {**HEALTHY, "prompt_tokens": 0, "completion_tokens": tokens}

    def traffic(name: str, *stages: tuple[float, float]) -> LoadProfile:
        changes = (wording.change(0, CREDIT_MODEL, behaviour),)
        return make_profile(name, "cost_runaway", stages, changes, models=[CREDIT_MODEL])

    def labels(name: str) -> dict[str, str]:
        return {"user_id": name}

    burns_s = values.for_s + values.window_s + 60
    fires = expect_firing(
        CREDITS,
        labels("gatewayz-credits-fires"),
        seen_s=START_S + 60,
        gone_s=START_S + burns_s,
        values=values,
    )
    near_for_s = max(60.0, values.for_s - values.window_s - 30)
    calm = 0.25 * CALLS_PER_S
    return (
        make_drill(
            "gatewayz-credits-fires",
            "A user spends at twice the rate that is thought of as a runaway.",
            traffic(
                "gatewayz-credits-fires", (START_S, calm), (burns_s, 2 * CALLS_PER_S), (values.window_s, calm)
            ),
            fires,
            lasts_s=compute_length(fires),
        ),
        make_drill(
            "gatewayz-credits-near-threshold",
            "A user spends at 85 % of the rate, for as long as it would take to fire.",
            traffic(
                "gatewayz-credits-near-threshold", (values.for_s + 2 * values.window_s, 0.85 * CALLS_PER_S)
            ),
            expect_below(CREDITS, labels("gatewayz-credits-near-threshold"), reaches=0.75),
            lasts_s=values.for_s + 2 * values.window_s,
        ),
        make_drill(
            "gatewayz-credits-near-for",
            "A user spends at twice the rate and stops a few minutes before it would fire.",
            traffic(
                "gatewayz-credits-near-for",
                (START_S, calm),
                (near_for_s, 2 * CALLS_PER_S),
                (values.window_s, calm),
            ),
            expect_pending(
                CREDITS, labels("gatewayz-credits-near-for"), least_s=near_for_s / 2, values=values
            ),
            lasts_s=START_S + near_for_s + values.window_s + 120,
        ),
    )


def make_limit_drills(values: AlertValues) -> tuple[Drill, ...]:
    """Return the drills of a key past its rate."""
    rate, calm = 0.25, 0.05

    def traffic(name: str, share: float, *stages: tuple[float, float]) -> LoadProfile:
        """Send at `rate` with a limit that refuses this share of it."""
        limit = max(1, round(60 * rate * (1 - share)))
        return make_profile(
            name,
            "rate_limit_abuse",
            stages,
            (wording.change(0, LIMITED_MODEL, HEALTHY),),
            models=[LIMITED_MODEL],
            requests_per_minute=limit,
        )

    def labels(name: str) -> dict[str, str]:
        return {"api_key_id": name}

    high, low = min(0.9, 2.5 * values.threshold), 0.7 * values.threshold
    abuse_s = values.for_s + values.window_s
    fires = expect_firing(
        LIMITED,
        labels("gatewayz-limited-fires"),
        seen_s=START_S,
        gone_s=START_S + abuse_s,
        values=values,
    )
    near_for_s = max(60.0, values.for_s - values.window_s - 60)
    return (
        make_drill(
            "gatewayz-limited-fires",
            "A client sends at twice its rate and does not heed that half of it is refused.",
            traffic(
                "gatewayz-limited-fires", high, (START_S, calm), (abuse_s, rate), (values.window_s, calm)
            ),
            fires,
            lasts_s=compute_length(fires),
        ),
        make_drill(
            "gatewayz-limited-near-threshold",
            "A client is a little past its rate all the time: one request in seven is refused.",
            traffic(
                "gatewayz-limited-near-threshold",
                low,
                (START_S, calm),
                (values.for_s + 2 * values.window_s, rate),
            ),
            expect_below(LIMITED, labels("gatewayz-limited-near-threshold"), reaches=0.55),
            lasts_s=START_S + values.for_s + 2 * values.window_s,
        ),
        make_drill(
            "gatewayz-limited-near-for",
            "A client sends at twice its rate for a few minutes, and learns.",
            traffic(
                "gatewayz-limited-near-for",
                high,
                (START_S, calm),
                (near_for_s, rate),
                (values.window_s, calm),
            ),
            expect_pending(
                LIMITED, labels("gatewayz-limited-near-for"), least_s=near_for_s / 2, values=values
            ),
            lasts_s=START_S + near_for_s + values.window_s + 60,
        ),
    )


def make_cache_drills(values: AlertValues) -> tuple[Drill, ...]:
    """Return the drills of a cache's hit rate. Raises BadInput."""
    if not 0 < values.threshold <= MOST_HITS:
        raise BadInput(
            f"{values.key}.threshold: there are drills up to {MOST_HITS}, not for {values.threshold:g}"
        )
    labels = {"cache_name": "response"}
    rate = 2.5 * values.number("traffic")

    def traffic(
        name: str, lasts_s: float, new_from_s: float, new_until_s: float, share: float = 1.0, prompts: int = 4
    ) -> LoadProfile:
        return make_profile(
            name,
            "cache_collapse",
            ((lasts_s, rate),),
            (wording.change(0, CACHE_MODEL, HEALTHY),),
            models=[CACHE_MODEL],
            prompts=prompts,
            new_from=round(new_from_s * rate),
            new_until=round(new_until_s * rate),
            new_share=share,
        )

    warm_s = 480.0
    falls_s = (1 - values.threshold) * values.window_s
    new_s = values.for_s + values.window_s + 60
    fires = expect_firing(CACHE, labels, seen_s=warm_s + falls_s / 2, gone_s=warm_s + new_s, values=values)
    near_for_s = max(falls_s + 30, values.for_s - 90 + (1 - 2 * values.threshold) * values.window_s)
    return (
        make_drill(
            "gatewayz-cache-fires",
            "Most lookups are hits until clients ask something new each time, and then none is. The "
            "expression as written counts since the start, of which the collapse is the smaller part: it "
            "stays silent.",
            traffic("gatewayz-cache-fires", fires.resolves_within_s, warm_s, warm_s + new_s, prompts=PROMPTS),
            fires,
            BlindRule(alert=f"{CACHE}AsWritten", labels=labels, after_s=warm_s),
            lasts_s=compute_length(fires),
            uses="cache response",
            comes_first=True,  # misses of the others would be in what was counted since the start
        ),
        make_drill(
            "gatewayz-cache-near-threshold",
            "Two questions in three are new: the hit rate is low, and above the threshold.",
            traffic(
                "gatewayz-cache-near-threshold",
                START_S + values.window_s + 240,
                START_S,
                10_000,
                1 - values.threshold / 0.85,
            ),
            expect_below(CACHE, labels, reaches=0.65),
            lasts_s=START_S + values.window_s + 240,
            uses="cache response",
        ),
        make_drill(
            "gatewayz-cache-near-for",
            "Every question is new for some minutes, and the usual ones come back before the `for` is over.",
            traffic(
                "gatewayz-cache-near-for",
                START_S + near_for_s + values.window_s + 60,
                START_S,
                START_S + near_for_s,
            ),
            expect_pending(CACHE, labels, least_s=(values.for_s - 90) / 2, values=values),
            lasts_s=START_S + near_for_s + values.window_s + 60,
            uses="cache response",
        ),
    )
