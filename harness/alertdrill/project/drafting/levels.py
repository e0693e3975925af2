"""Which traffic brings a rule past its threshold, and which only near to it. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

from alertdrill.project.drafting.conditions import Condition
from alertdrill.project.drafting.latencies import Durations, Latency
from alertdrill.project.drafting.measures import PROMPT_TOKENS, Count, LastCall, Presence, Share
from alertdrill.project.drafting.recognising import Comparison, Recognised, Unknown

RATE_PER_S = 0.5
"""Of ordinary traffic, where nothing asks for more."""
VARIED_RATE_PER_S = 2.0
"""Of traffic whose calls do not all take as long."""
LEAST_VARIED = 150.0
"""In a window, of such calls."""
MAX_RATE_PER_S = 10.0
NEAR = 0.77
"""The middle of what a near miss reaches of its threshold."""
LEAST, MOST = 0.6, 0.95
PAST = 2.0
ANSWER_TOKENS = 10_000
"""Of a call that is to cost a lot."""
LEAST_CALLS_PAST = 8.0
"""In a window, for the share of them to be what it was meant to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Ordinary traffic, then what a draft does, and which share of the threshold that reaches.

    `every` is set where each so manieth call fails; `tokens` where answers are so long from the beginning.
    With `is_short` it reaches the threshold, and ends before the rule's `for` has passed.
    """

    before: Condition
    then: Condition
    reaches: tuple[float, float] = (LEAST, MOST)
    every: int | None = None
    why: str = ""
    is_short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a million tokens of prompts and of answers cost, in USD."""

    prompt: float
    answer: float

    def find_usd(self, tokens: int) -> float:
        """Return what a call costs whose answer has so many tokens."""
        return (PROMPT_TOKENS * self.prompt + tokens * self.answer) / 1e6


def find_levels(rule: Recognised, scrape_s: float, price: Price | None) -> tuple[Level, Level | Unknown]:
    """Return the level at which a rule fires, and the one that comes near, or why there is none.

    Raises Unknown where nobody can tell what makes it fire.
    """
    cause, *guards = rule.comparisons
    if cause.operator in {"==", "!="} and not isinstance(cause.measure, Presence | LastCall):
        raise Unknown(f"say what makes it exactly {cause.threshold:g}")
    seen_s = max(rule.window_s - scrape_s, scrape_s)
    rate_per_s = max([RATE_PER_S, *(_find_guarding_rate(guard) for guard in guards)])
    match cause.measure:
        case Share(counted="errors") as share:
            fire, near = _find_error_shares(cause, share, rate_per_s, seen_s)
        case Share():
            fire, near = _find_refusal_shares(cause, rate_per_s, seen_s)
        case Latency() as latency:
            fire, near = _find_latencies(cause, latency, rate_per_s, seen_s)
        case Presence():
            fire, near = _find_outages(cause)
        case LastCall():
            fire, near = _find_failures(cause, rate_per_s)
        case Count(counted="usd" | "tokens") as count:
            fire, near = _find_costs(cause, count, seen_s, price)
        case Count() as count:
            fire, near = _find_rates(cause, count, rate_per_s, seen_s)
    for level in (fire, near):
        if isinstance(level, Level) and level.then.rate_per_s + level.then.scan_per_s > MAX_RATE_PER_S:
            what = f"{level.then.rate_per_s + level.then.scan_per_s:.3g} calls a second"
            raise Unknown(f"say how to send {what}, or with which values of the rules it is drilled")
    _check(rule, fire)
    if isinstance(near, Level) and any((guard.find_share(near.then) or 0.0) <= 1 for guard in guards):
        return fire, Unknown("what comes near to it is too little for its other conditions")
    return fire, near


def _check(rule: Recognised, fire: Level) -> None:
    """Raise Unknown where a draft would not do what it is for."""
    if (rule.find_share(fire.before) or 0.0) >= 1:
        raise Unknown("say when it is silent: with ordinary traffic it is past its threshold already")
    if (rule.find_share(fire.then) or 0.0) <= 1:
        raise Unknown("say what brings all of its conditions about at once")


def _find_guarding_rate(guard: Comparison) -> float:
    """Return the rate of calls that a rule wants before it says anything; 0 for another condition."""
    if not isinstance(guard.measure, Count) or guard.measure.counted != "calls" or guard.operator[0] != ">":
        return 0.0
    per_s = guard.level if guard.measure.per_s else guard.level / guard.measure.window_s
    return _round_rate(per_s * 1.5)


def _find_error_shares(
    cause: Comparison, share: Share, rate_per_s: float, seen_s: float
) -> tuple[Level, Level | Unknown]:
    level = 1 - cause.level if share.is_rest else cause.level
    if (cause.operator[0] == "<") != share.is_rest:
        raise Unknown("say what makes it fire: it asks for fewer failures, or more successes")
    if not 0 <= level < 1:
        raise Unknown(f"say how a share of calls gets past {level:.4g}: it is never more than 1")
    wanted = level * NEAR
    before = Condition(rate_per_s=rate_per_s)
    fire = Level(before=before, then=replace(before, share=1.0, error=share.error))
    if level == 0:
        why = "its threshold is so near to no failure at all that no share of calls lies between"
        return fire, Unknown(why)
    every = round(1 / wanted)
    reached = 1 / every
    is_every = LEAST <= reached / level <= MOST - 0.05
    calls = 1.3 / (level * (MOST - (reached / level if is_every else NEAR)))
    if not is_every:
        reached, calls = wanted, max(calls, 100.0)
    rate_per_s = max(rate_per_s, _round_rate(max(calls, LEAST_CALLS_PAST) / seen_s))
    before = replace(before, rate_per_s=rate_per_s)
    near = Level(
        before=before,
        then=replace(before, share=reached, error=share.error),
        every=every if is_every else None,
        reaches=(LEAST, MOST) if not share.is_rest else (cause.level / (1 - level / 2), 0.999),
        why=f"{reached:.3g} of the calls fail, of a threshold of {level:.3g}, and {rate_per_s:g} calls a "
        "second are enough of them in a window to keep to that",
    )
    return fire, near


def _find_refusal_shares(
    cause: Comparison, rate_per_s: float, seen_s: float
) -> tuple[Level, Level | Unknown]:
    level = cause.level
    if cause.operator[0] == "<" or not 0 < level < 1:
        raise Unknown(f"say how a share of refused calls gets past {level:.4g}")
    rate_per_s = max(rate_per_s, _round_rate(10 / level / seen_s))

    def make(share: float) -> Level:
        before = Condition(rate_per_s=rate_per_s)
        scan_per_s = float(f"{rate_per_s * share / (1 - share):.3g}")
        return Level(before=before, then=replace(before, scan_per_s=scan_per_s))

    return make((1 + level) / 2), make(level * NEAR)


def _find_latencies(
    cause: Comparison, latency: Latency, rate_per_s: float, seen_s: float
) -> tuple[Level, Level | Unknown]:
    if cause.operator[0] == "<" or cause.level <= 0:
        raise Unknown("say what makes it fire: it asks for calls that are fast")
    if latency.bounds and cause.level >= latency.bounds[-1]:
        raise Unknown(
            f"give the histogram a bound above {cause.level:g}, or the rule a threshold below "
            f"{latency.bounds[-1]:g}: no quantile is ever above its last bound"
        )
    before = Condition(rate_per_s=rate_per_s)

    def make(found: Durations, reaches: tuple[float, float]) -> Level:
        low_s, high_s = (float(f"{seconds:.3g}") for seconds in (found.low_s, found.high_s))
        then = replace(before, low_s=low_s, high_s=high_s, slow_every=found.slow_every)
        return Level(before=before, then=then, reaches=reaches)

    past = latency.find_past(cause.level * 1.05)
    if past is None:
        raise Unknown("say how long calls have to take: no duration brings its quantile past the threshold")
    fire = make(past, (LEAST, MOST))
    # What the gateway itself takes comes on top, and is more on a busy machine: room is left where there is.
    near = latency.find_near(cause.level * LEAST, cause.level * 0.8, before.low_s)
    near = near or latency.find_near(cause.level * LEAST, cause.level * 0.93, before.low_s)
    if near is None:
        return fire, Unknown("no duration of calls brings its quantile near, with the bounds of its buckets")
    if latency.quantile is not None and not latency.bounds:
        return fire, Unknown(
            "say how long calls take for its quantile to come near, or send the gateway a call that "
            "succeeds and have alertdrill init ask for its metrics: the bounds of the buckets are not known"
        )
    if near.slow_every is not None:
        before = replace(before, rate_per_s=max(rate_per_s, _round_rate(near.calls / seen_s)))
    elif near.low_s != near.high_s:
        # What only some calls do by chance wants many of them in a window.
        varied_per_s = max(VARIED_RATE_PER_S, _round_rate(LEAST_VARIED / seen_s))
        before = replace(before, rate_per_s=max(rate_per_s, varied_per_s))
    return fire, make(near, (LEAST, 0.98))


def _find_outages(cause: Comparison) -> tuple[Level, Level | Unknown]:
    before = Condition(rate_per_s=0.0)
    down = replace(before, is_down=True)
    if (cause.find_share(down) or 0.0) <= 1:
        raise Unknown("say what makes it fire: the target's being away does not")
    fire = Level(before=before, then=down)
    return fire, replace(fire, is_short=True)


def _find_failures(cause: Comparison, rate_per_s: float) -> tuple[Level, Level | Unknown]:
    before = Condition(rate_per_s=rate_per_s)
    fire = Level(before=before, then=replace(before, share=1.0))
    if (cause.find_share(fire.then) or 0.0) <= 1:
        raise Unknown(f"say what makes it {cause.operator} {cause.threshold:g}: calls that fail make it 1")
    # The last call failed or it did not: no value is near to that, but a short time of it is.
    return fire, replace(fire, is_short=True)


def _find_rates(
    cause: Comparison, count: Count, rate_per_s: float, seen_s: float
) -> tuple[Level, Level | Unknown]:
    _check_upward(cause)
    per_s = _find_per_s(cause, count)
    fire = _make_rate(count, max(per_s * PAST, LEAST_CALLS_PAST / seen_s), rate_per_s)
    near_calls = math.ceil(per_s * seen_s) - 1
    if per_s <= 0 or near_calls < 1:
        return fire, Unknown("less than one of them brings it past its threshold, so nothing is near to that")
    near_per_s = min(per_s * NEAR, near_calls / seen_s / 1.2)
    near = _make_rate(count, near_per_s, min(rate_per_s, near_per_s))
    # Few of them in a window are one more or less of them by chance.
    blur = 1.5 / (per_s * seen_s)
    reached = near_per_s / per_s
    return fire, replace(near, reaches=(max(0.05, reached - 0.12 - blur), min(0.99, reached + 0.12 + blur)))


def _check_upward(cause: Comparison) -> None:
    """Raise Unknown for a rule that wants less of something."""
    if cause.operator[0] == "<":
        raise Unknown(
            "say when there is so little of it, and what there is before: no traffic makes it active"
        )


def _find_per_s(cause: Comparison, count: Count) -> float:
    """Return how often a second something is counted at the threshold."""
    return cause.level if count.per_s else cause.level / count.window_s


def _make_rate(count: Count, per_s: float, ordinary_per_s: float) -> Level:
    """Return a level at which something is counted so often a second."""
    per_s = float(f"{per_s:.3g}")
    if count.counted == "refusals":
        before = Condition(rate_per_s=RATE_PER_S)
        return Level(before=before, then=replace(before, scan_per_s=per_s))
    if count.counted == "errors":
        before = Condition(rate_per_s=per_s)
        return Level(before=before, then=replace(before, share=1.0, error=count.error))
    before = Condition(rate_per_s=min(ordinary_per_s, per_s / 4))
    return Level(before=before, then=replace(before, rate_per_s=per_s))


def _find_costs(
    cause: Comparison, count: Count, seen_s: float, price: Price | None
) -> tuple[Level, Level | Unknown]:
    """Return levels of calls with long answers: so many that a window has enough of them."""
    _check_upward(cause)
    per_s = _find_per_s(cause, count)
    if count.counted == "usd" and price is None:
        raise Unknown("say what a call costs, and how many of them are too many a second")
    if per_s <= 0:
        raise Unknown("say what it should cost: it is past its threshold with any call")

    def make(wanted_per_s: float) -> Level:
        calls_per_s = max(0.1, LEAST_CALLS_PAST * 2 / seen_s)
        of_call = wanted_per_s / calls_per_s
        if count.counted == "tokens" or price is None:
            tokens = of_call - PROMPT_TOKENS
        else:
            tokens = (of_call * 1e6 - PROMPT_TOKENS * price.prompt) / price.answer
        if tokens > ANSWER_TOKENS:
            calls_per_s *= (tokens + PROMPT_TOKENS) / ANSWER_TOKENS
            tokens = ANSWER_TOKENS - PROMPT_TOKENS
        if tokens < 1:
            raise Unknown("say how it costs so little: a call a second with a token is past its threshold")
        tokens = int(float(f"{tokens:.3g}"))
        calls_per_s = float(f"{calls_per_s:.3g}")
        usd = None if price is None else price.find_usd(tokens)
        then = Condition(rate_per_s=calls_per_s, tokens=PROMPT_TOKENS + tokens, usd=usd)
        least = None if price is None else price.find_usd(1)
        before = replace(then, tokens=PROMPT_TOKENS + 1, usd=least)
        return Level(before=before, then=then)

    return make(per_s * PAST), make(per_s * NEAR)


def _round_rate(per_s: float) -> float:
    """Return a rate with one digit after the point, and never less."""
    return float(math.ceil(Fraction(repr(per_s)) * 10) / 10)
