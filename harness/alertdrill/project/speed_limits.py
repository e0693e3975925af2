"""Says of each drill up to which speed it can be held, by the rules that it is about and what it does. Pure.

What lasts L in wall time lasts K * L of rule time at speed K, which is (K - 1) * L too late. An alert that is
expected to fire within a span bears that, as long as it is no more than the span. Calls that are slow and
under way as the cause ends make it resolve later.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import Expectation, Grouped
from alertdrill.core.rule import AlertRule
from alertdrill.project.explaining import Classification
from alertdrill.project.project import StubProvider, Timer
from alertdrill.rules.promql.expressions import format_duration, parse
from alertdrill.rules.promql.reach import find_reach_s

SIGMAS = 3
"""One call of a thousand takes longer than its median times e to so many sigmas."""
SEEN_S = 45.0
"""What it takes until a rule sees that its cause is over, beside windows: two scrapes and an evaluation."""
SIGMAS_OF_GAMMA = 6
"""Of a gamma whose shape is 1 or more, one call of a thousand is so many deviations past the mean."""
LEAST_SPARE_S = 30.0
"""What any drill has to spare."""
NO_ANSWER = "timeout"
"""The class of errors that are no answer at all."""
UNTOLD: Mapping[str, Any] = {"kind": "constant", "s": 1.0}
"""The latency of a stub provider that was told none; see `stub_providers.behaviour.Behaviour`."""
UNTOLD_TOKENS = 64
"""The tokens of an answer of one that was told none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedLimit:
    """The highest speed at which a drill can be held, None if there is no such limit, and why."""

    speed: float | None
    why: str


def find_limit(
    drill: Drill,
    classified: Sequence[tuple[AlertRule, Classification]],
    providers: Iterable[StubProvider] = (),
) -> SpeedLimit:
    """Return the highest speed at which a drill can be held: what its rules, timers and calls allow."""
    limits = [
        SpeedLimit(speed=None, why="each of its rules is exact" if drill.expects else "it expects no alert")
    ]
    if drill.max_speed is not None:
        limits.append(SpeedLimit(speed=drill.max_speed, why=f"its max_speed is {drill.max_speed:g}"))
    spans = dict(_list_spans(drill))
    inhibitors = {*_list_inhibitors(drill)}
    for rule, found in classified:
        if rule.name not in spans:
            if rule.name in inhibitors and not found.is_right_at_any_speed:
                limits.append(
                    SpeedLimit(speed=1, why=f"{rule.name}, which inhibits, is of the class {found.kind}")
                )
            continue
        if not found.is_right_at_any_speed:
            limits.append(SpeedLimit(speed=1, why=f"{rule.name} is of the class {found.kind}"))
        limits += [
            _limit_by_timer(timer, rule.name, spans[rule.name])
            for timer in found.timers
            if not timer.drills or drill.name in timer.drills
        ]
    longest_s = max(_list_longest(drill, providers), default=0.0)
    reads_s = {rule.name: find_reach_s(parse(rule.expr)) for rule, _ in classified}
    for alert, span_s in spans.items():
        if longest_s and span_s is not None:
            what = f"a call of it takes up to {_say(longest_s)}"
            limits.append(_limit(what, longest_s, alert, span_s))
            spare_s = _find_spare_s(drill, alert, reads_s.get(alert, 0.0))
            if spare_s is None:
                continue
            why = f"{what}, and {alert} resolves after the last of them, with {_say(spare_s)} to spare"
            limits.append(SpeedLimit(speed=1 + spare_s / longest_s, why=why))
    return min(limits, key=lambda limit: math.inf if limit.speed is None else limit.speed)


def find_longest_s(drill: Drill, providers: Iterable[StubProvider]) -> float:
    """Return how long a stub provider takes at most to answer a call of a drill, in wall time.

    One that answers nothing makes calls take as long as the gateway lets them: for ever, as far as is known.
    """
    providers = tuple(providers)
    if any(_leaves_unanswered(behaviour) for behaviour in _list_told(drill, providers)):
        return math.inf
    return max(_list_longest(drill, providers), default=0.0)


def _list_spans(drill: Drill) -> Iterator[tuple[str, float | None]]:
    """Yield each alert and the shortest span within which it is expected to fire; None to stay silent."""
    for alert in {one.alert for one in drill.expects}:
        own = [one for one in drill.expects if one.alert == alert]
        spans = [
            one.fires_within_s - one.fires_after_s for one in own if isinstance(one, Expectation | Grouped)
        ]
        yield alert, min(spans) if len(spans) == len(own) else None


def _find_spare_s(drill: Drill, alert: str, reads_s: float) -> float | None:
    """Return how much later than it has to an alert may resolve, whose rule looks `reads_s` back.

    It has to once the last change of a provider has passed through its windows; None where none changes.
    """
    changed_s = [profile.start_s + change.at_s for profile in drill.traffic for change in profile.changes]
    within_s = min(
        (
            one.resolves_within_s
            for one in drill.expects
            if one.alert == alert and isinstance(one, Expectation | Grouped)
        ),
        default=0.0,
    )
    return max(LEAST_SPARE_S, within_s - max(changed_s) - reads_s - SEEN_S) if changed_s else None


def _list_inhibitors(drill: Drill) -> Iterator[str]:
    """Yield the alerts that inhibit pages of others."""
    for one in drill.expects:
        if isinstance(one, Expectation) and one.suppressed is not None and one.suppressed.why == "inhibited":
            yield one.suppressed.by.get("alertname", "")


def _list_longest(drill: Drill, providers: Iterable[StubProvider]) -> Iterator[float]:
    """Yield how long a call takes at the most, for each behaviour of a stub provider that is stated."""
    for behaviour in _list_told(drill, providers):
        if "listening" in behaviour:
            continue
        yield from _list_slowest(behaviour)


def _list_slowest(behaviour: Mapping[str, Any]) -> Iterator[float]:
    """Yield how long a call takes at the most that meets a behaviour, as far as is known."""
    slowdowns = [float(spell.get("slowdown", 1)) for spell in behaviour.get("spells", ())]
    longest_s = _find_slowest_s(behaviour.get("latency", UNTOLD))
    if "between_tokens" in behaviour:
        tokens = behaviour.get("completion_tokens", UNTOLD_TOKENS)
        if isinstance(tokens, Mapping):
            tokens = tokens["high"] if "high" in tokens else _find_spread(tokens, "median")
        longest_s += tokens * _find_slowest_s(behaviour["between_tokens"])
    if "first_token" in behaviour:
        longest_s = max(longest_s, _find_slowest_s(behaviour["first_token"]))
    flaws = [behaviour.get("flaw", {}), *(spell.get("flaw", {}) for spell in behaviour.get("spells", ()))]
    stalls_s = max(float(flaw.get("for_s", 0)) for flaw in flaws)
    yield longest_s * max([1.0, *slowdowns]) + stalls_s


def _find_slowest_s(latency: Mapping[str, Any]) -> float:
    """Return the longest time that a distribution has, but for one call of a thousand."""
    match latency["kind"]:
        case "constant":
            return float(latency["s"])
        case "mixed":
            return max(float(latency["s"]), float(latency["slow_s"]))
        case "uniform":
            return float(latency["high_s"])
        case "lognormal":
            return _find_spread(latency, "median_s")
        case "gamma":
            shape = float(latency["shape"])
            return float(latency["mean_s"]) * (1 + SIGMAS_OF_GAMMA / min(shape, math.sqrt(shape)))
        case _:
            return max(float(seconds) for seconds in latency["at"].values())


def _find_spread(lognormal: Mapping[str, Any], median: str) -> float:
    return float(lognormal[median]) * math.exp(SIGMAS * float(lognormal["sigma"]))


def _leaves_unanswered(behaviour: Mapping[str, Any]) -> bool:
    """Say whether some calls that meet a behaviour get no answer at all."""
    told = [behaviour.get("errors", {}), *(spell.get("errors", {}) for spell in behaviour.get("spells", ()))]
    return any(errors.get("class") == NO_ANSWER or NO_ANSWER in errors.get("mix", ()) for errors in told)


def _list_told(drill: Drill, providers: Iterable[StubProvider]) -> tuple[Mapping[str, Any], ...]:
    """Return what stub providers are told, in a drill and otherwise."""
    told = [change.behaviour for profile in drill.traffic for change in profile.changes]
    return *told, *(behaviour for provider in providers for behaviour in provider.behaviours)


def _limit_by_timer(timer: Timer, alert: str, span_s: float | None) -> SpeedLimit:
    what = f"the timer {timer.name} of {_say(timer.lasts_s)} reaches {alert}"
    if span_s is None:
        return SpeedLimit(speed=1, why=f"{what}, which is expected to stay silent")
    return _limit(what, timer.lasts_s, alert, span_s)


def _limit(what: str, lasts_s: float, alert: str, span_s: float) -> SpeedLimit:
    why = f"{what}, and {alert} is expected to fire within a span of {_say(span_s)}"
    return SpeedLimit(speed=1 + span_s / lasts_s, why=why)


def _say(seconds: float) -> str:
    return format_duration(round(seconds, 3 if seconds < 1 else 0))
