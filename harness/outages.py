"""Outages of parts of the stack: when they are due in a run, how late they came, what to leave unmeasured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from harness.model import STARTS_AGAIN, Act, Fault, Placement, Stage
from harness.stacks import Stack

RECOVERY_S = 15.0
"""Rule time after an outage for the first scrape to come."""
RESTART_WALL_S = 3.0
"""Wall time that a part which was started again may take to be ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The begin or the end of an outage, at a rule time of the run."""

    at_s: float
    part: str
    how: Fault
    what: Literal["begin", "end"]


class OutageCrew:
    """Carries out the outages of a run's drills; call it often, and never later than `next_s`.

    `read_clock` returns the rule time of the run.
    """

    def __init__(
        self, placements: Iterable[Placement], stack: Stack, read_clock: Callable[[], float]
    ) -> None:
        self._steps = list_steps(placements)
        self._stack = stack
        self._read_clock = read_clock
        self.lateness_s: float | None = None
        """How late the latest step was; None as long as none was taken."""

    @property
    def next_s(self) -> float | None:
        """When the next step is due; None when there is none left."""
        return self._steps[0].at_s if self._steps else None

    def carry_out(self) -> None:
        """Take every step that is due."""
        while self._steps and self._steps[0].at_s <= (now_s := self._read_clock()):
            step = self._steps.pop(0)
            if step.what == "begin":
                self._stack.begin_outage(step.part, step.how)
            else:
                self._stack.end_outage(step.part, step.how)
            # A part is gone as soon as it is told to end, long before that is confirmed.
            done_s = now_s if step.how in STARTS_AGAIN else self._read_clock()
            self.lateness_s = max(self.lateness_s or 0.0, done_s - step.at_s)


def list_steps(placements: Iterable[Placement]) -> list[Step]:
    """Return the begins and ends of all outages, in order."""
    steps = []
    for placement in placements:
        for outage in placement.drill.outages:
            at_s = placement.start_s + outage.at_s
            steps.append(Step(at_s=at_s, part=outage.part, how=outage.how, what="begin"))
            steps.append(Step(at_s=at_s + outage.for_s, part=outage.part, how=outage.how, what="end"))
    return sorted(steps, key=lambda step: step.at_s)


def list_windows(placements: Iterable[Placement], speed: float) -> tuple[tuple[float, float], ...]:
    """Return from when to when (rule time) the stack is not whole, time to recover included, in order."""
    windows: list[tuple[float, float]] = []
    for placement in placements:
        for outage in placement.drill.outages:
            from_s = placement.start_s + outage.at_s
            recovery_s = RECOVERY_S + (RESTART_WALL_S * speed if outage.how in STARTS_AGAIN else 0.0)
            windows.append((from_s - RECOVERY_S, from_s + outage.for_s + recovery_s))
    apart: list[tuple[float, float]] = []
    for from_s, to_s in sorted(windows):
        if apart and from_s <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(to_s, apart[-1][1]))
        else:
            apart.append((from_s, to_s))
    return tuple(apart)


def interrupt(act: Act, windows: Sequence[tuple[float, float]]) -> Act:
    """Return an act of one stage, silent in these windows (of the act's own time, in order)."""
    (stage,) = act.stages
    stages = []
    at_s = 0.0
    for from_s, to_s in windows:
        stages.append(Stage(duration_s=max(0.0, from_s - at_s), rate_per_s=stage.rate_per_s))
        stages.append(Stage(duration_s=to_s - max(0.0, from_s), rate_per_s=0.0))
        at_s = to_s
    stages.append(Stage(duration_s=max(0.0, stage.duration_s - at_s), rate_per_s=stage.rate_per_s))
    return replace(act, stages=tuple(stages))
