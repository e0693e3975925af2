"""Does what drills do to the stack, at its instant: outages, failing receivers, silences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from alertdrill.core.timeline import Stall
from alertdrill.judging.needs import MOVED, MOVED_BEARS_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something to do at a rule time of the run.

    `puts_out` and `brings_back` name a part. `is_felt_at_once`: when asked for, before it is done.
    """

    at_s: float
    do: Callable[[], object]
    puts_out: str | None = None
    brings_back: str | None = None
    is_felt_at_once: bool = False


class Injector:
    """Takes steps; call it often, and never later than `next_s`. `read_clock` returns the run's rule time."""

    def __init__(self, steps: Iterable[Step], read_clock: Callable[[], float]) -> None:
        self._steps = sorted(steps, key=lambda step: step.at_s)
        self._read_clock = read_clock
        self.out: set[str] = set()
        """The parts that are out."""
        self.lateness_s: float | None = None
        """How late the latest step was; None as long as none was taken."""
        self.moved: list[Stall] = []
        """From when a part was due to go, or to come back, until it did, where that was late: see `MOVED`."""

    @property
    def next_s(self) -> float | None:
        """When the next step is due; None when there is none left."""
        return self._steps[0].at_s if self._steps else None

    def carry_out(self) -> None:
        """Take every step that is due."""
        while self._steps and self._steps[0].at_s <= (now_s := self._read_clock()):
            step = self._steps.pop(0)
            if step.puts_out is not None:
                self.out.add(step.puts_out)
            step.do()
            if step.brings_back is not None:
                self.out.discard(step.brings_back)
            done_s = now_s if step.is_felt_at_once else self._read_clock()
            self.lateness_s = max(self.lateness_s or 0.0, done_s - step.at_s)
            part = step.puts_out or step.brings_back
            if part is not None and done_s - step.at_s > MOVED_BEARS_S:
                self.moved.append(Stall(part=MOVED + part, from_s=step.at_s, until_s=done_s))
