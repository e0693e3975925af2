"""Says of each drill up to which speed it can be held, by the rules that it is about. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import Expectation, Grouped
from alertdrill.core.rule import AlertRule
from alertdrill.errors import BadInput
from alertdrill.project.explaining import Classification
from alertdrill.project.project import Timer
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.promql.expressions import format_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedLimit:
    """The highest speed at which a drill can be held, None if there is no such limit, and why."""

    speed: float | None
    why: str


def find_limit(drill: Drill, classified: Iterable[tuple[AlertRule, Classification]]) -> SpeedLimit:
    """Return the highest speed at which a drill can be held: what its alerts, timers and itself allow.

    A timer that K stretches delays what the alert does by K - 1 times what it lasts, which the time within
    which the alert is expected to fire has to bear.
    """
    limits = [SpeedLimit(speed=None, why="each of its rules is exact")]
    if drill.max_speed is not None:
        limits.append(SpeedLimit(speed=drill.max_speed, why=f"its max_speed is {drill.max_speed:g}"))
    expected = {one.alert for one in drill.expects}
    for rule, found in classified:
        if rule.name not in expected:
            continue
        if not found.is_right_at_any_speed:
            limits.append(SpeedLimit(speed=1, why=f"{rule.name} is of the class {found.kind}"))
        limits += [_limit_by(timer, rule.name, drill) for timer in found.timers]
    return min(limits, key=lambda limit: float("inf") if limit.speed is None else limit.speed)


def check_alerts(drills: Iterable[Drill], names: Iterable[str]) -> None:
    """Raise BadInput for an alert that a drill expects and no rule has."""
    known = sorted(set(names))
    for drill in drills:
        for one in drill.expects:
            if one.alert not in known:
                near = say_nearest(one.alert, known)
                raise BadInput(f"{drill.name} expects {one.alert}, which is no alert of the rules{near}")


def _limit_by(timer: Timer, alert: str, drill: Drill) -> SpeedLimit:
    bears_s = min(
        (
            one.fires_within_s - one.fires_after_s if isinstance(one, Expectation | Grouped) else 0.0
            for one in drill.expects
            if one.alert == alert
        ),
        default=0.0,
    )
    reaches = f"the timer {timer.name} of {format_duration(timer.lasts_s)} reaches {alert}"
    if not bears_s:
        return SpeedLimit(speed=1, why=f"{reaches}, which is expected to stay silent")
    speed = 1 + bears_s / timer.lasts_s
    return SpeedLimit(
        speed=speed, why=f"{reaches}, which is expected to fire within {format_duration(bears_s)}"
    )
