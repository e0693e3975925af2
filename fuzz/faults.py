"""Runs of `alertdrill run` with one random fault each: no rule is blamed, and nothing is left behind.

Which fault, of which part, when and for how long is drawn from a seed. All drills of mantis are met where
nothing is wrong, so that exit 1 is a false verdict, whatever befell; exit 3 is honest.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass

from alertdrill.core.parts import PARTS
from fuzz.bench import Ended, open_bench
from fuzz.finding import Finding, Tried

SPEED = 60.0
RUN = ("run", "--system", "mantis", "--speed", f"{SPEED:g}")
STARTED = (*PARTS, "locust", "promtool")
"""What a run starts."""
AMONG_S = 60.0
"""A fault comes at some time in this; a run takes a minute and more."""
STOPS_S = (0.5, 15.0)
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
FILES = (16, 24, 32, 64, 255, 256, 300, 512)
ROOMS_KB = (64, 1024, 4096, 8192)
NOTED_S = 2.0
"""A longer stop of a part that is watched is among the stalls of its run."""
KINDS = ("kill", "kill", "stop", "stop", "stop", "interrupt", "interrupt", "files", "room", "two")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: of a `part`, of the run or of its machine, `at_s` after its start.

    `number` is which signal comes, how many files may be open, or for how many kB there is room.
    """

    kind: str
    part: str = ""
    at_s: float = 0.0
    lasts_s: float = 0.0
    number: int = 0

    def describe(self) -> str:
        """Say it in a few words."""
        match self.kind:
            case "kill":
                return f"{self.part} killed after {self.at_s:.1f} s"
            case "stop":
                return f"{self.part} stopped for {self.lasts_s:.1f} s after {self.at_s:.1f} s"
            case "interrupt":
                return f"{signal.Signals(self.number).name} after {self.at_s:.1f} s"
            case "files":
                return f"ulimit -n {self.number}"
            case "room":
                return f"room for {self.number} kB"
            case _:
                return f"a second run after {self.at_s:.1f} s"

    @property
    def group(self) -> str:
        """What it is counted as."""
        what = signal.Signals(self.number).name if self.kind == "interrupt" else self.part
        return f"{self.kind} {what}".strip()


def draw(seed: int) -> Fault:
    """Draw a fault."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, no secret
    kind, part, at_s = rng.choice(KINDS), rng.choice(STARTED), rng.uniform(2.0, AMONG_S)
    match kind:
        case "kill":
            return Fault(kind=kind, part=part, at_s=at_s)
        case "stop":
            return Fault(kind=kind, part=part, at_s=at_s, lasts_s=rng.uniform(*STOPS_S))
        case "interrupt":
            return Fault(kind=kind, at_s=at_s, number=rng.choice(SIGNALS))
        case "files":
            return Fault(kind=kind, number=rng.choice(FILES))
        case "room":
            return Fault(kind=kind, number=rng.choice(ROOMS_KB))
        case _:
            return Fault(kind=kind, at_s=at_s)


def fuzz(seed: int) -> Tried:
    """Hold a run with the fault of a seed."""
    fault = draw(seed)
    if fault.kind == "room" and os.geteuid():
        return Tried(outcomes=("room: left out, since only root can mount a disk",))
    with open_bench(RUN) as bench:
        ended = bench.hold(fault.kind, fault.part, fault.at_s, fault.lasts_s, fault.number)
        wrong = [*judge(fault, ended)]
        if (
            ended.code == 0
            and fault.kind == "stop"
            and fault.part in PARTS
            and not bench.is_noted(ended, NOTED_S)
        ):
            wrong.append("all is met, and the stop is not among the run's stalls")
        wrong += bench.find_wrong()
        kept = f" (its reports are in {bench.keep(f'faults-{seed}')})" if wrong else ""
    late = ", which came too late" if ended.befell is None else ""
    return Tried(
        outcomes=(f"{fault.group}{late}: exit {ended.code}",),
        findings=tuple(Finding(what=f"{fault.describe()}: {what}{kept}", said=ended.said) for what in wrong),
        line=f"{fault.describe()}{late}: exit {ended.code} after {ended.took_s:.0f} s",
    )


def judge(fault: Fault, ended: Ended) -> Iterator[str]:
    """Yield what is wrong with how a run ended."""
    allowed = {0, 3}
    if fault.kind in {"files", "room"}:
        allowed.add(2)
    if fault.group == "interrupt SIGKILL" and ended.befell:
        allowed = {-signal.SIGKILL}
    if ended.code not in allowed:
        yield f"exit {ended.code}"
    if "Traceback" in ended.said:
        yield "a traceback"
    if ended.code > 0 and not ended.said.strip():
        yield "nothing is said"
    if ended.code == 0 and fault.kind == "kill" and ended.befell:
        yield "all is met, though a part was killed"
    if fault.kind == "files" and ended.code and "ulimit -n" not in ended.said and not ended.is_doubted:
        yield "the limit is not named"
    if ended.second is not None and (ended.second[0] != 2 or "another run, process " not in ended.second[1]):
        yield f"the second run ends with exit {ended.second[0]}: {ended.second[1][-300:]}"
