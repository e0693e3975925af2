"""What a run leaves behind, and the words that all reports share.

A report is a pure function from a `RunRecord` to text or to a renderable; whoever calls it writes the file.
No report imports another one.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alertdrill.core.clock import format_s
from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import Expected
from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import Timeline
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.core.wording import printable
from alertdrill.judging.began_active import Pended
from alertdrill.judging.coverage import Coverage, make_coverage, make_held_run
from alertdrill.judging.kinds import find_kind
from alertdrill.judging.page_latency import Told
from alertdrill.judging.replay_agreement import Agreement, Instant, say_instant
from alertdrill.rules.panels import PanelCurves

HOPS: Mapping[str, str] = {
    "pending": "pending",
    "firing": "firing",
    "paged": "paged",
    "resolved": "resolved",
    "page_resolved": "page closed",
}
"""The hops of an alert, in the order in which they happen, and what a reader calls them."""
REPLAY = "replay"
"""The mode of a timeline that was made of a recording."""
LEFT_OUT = "left out"
"""The note of a run's record that names the drills that were not held, and why."""
DRILL = "DRILL"
"""Stands in a command for the name of the drill that it is to be about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """All that is known of a run when it is over.

    The timeline counts from the start of the run. A verdict's findings count from the start of its drill;
    those of a verdict that no drill expects count from the start of the run. `doubts` are sentences that
    say why the clock cannot be trusted; `notes` (a name and what was found) explain the run; `logs` are file
    names, relative to where the reports are written. `agreement` is how far the replay of the run's recording
    is from the run, where there is one; in `appended` stretches nothing was measured, a replay appended them.
    `unwritten` says why there is no recording, if it could not be written. `repeat` are the words of the
    command that holds it once more, with `DRILL` in place of drills' names; none where nobody typed one.
    `pendings` are how long alerts were pending that did not fire, as far as a replay knows it.
    """

    placements: tuple[Placement, ...]
    timeline: Timeline
    verdicts: tuple[Verdict, ...]
    rules: tuple[AlertRule, ...]
    wall_s: float
    started_at: datetime
    doubts: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    panels: tuple[PanelCurves, ...] = ()
    logs: tuple[str, ...] = ()
    agreement: Agreement | None = None
    appended: tuple[tuple[float, float], ...] = ()
    unwritten: str = ""
    repeat: tuple[str, ...] = ()
    pendings: Pended = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """3 if the clock is doubted, else 1 if a verdict is unmet, else 3 if one cannot be told, else 0."""
        if self.doubts:
            return 3
        if any(verdict.outcome == "unmet" for verdict in self.verdicts):
            return 1
        return 3 if any(verdict.doubts for verdict in self.verdicts) else 0

    def find_placement(self, verdict: Verdict) -> Placement | None:
        """Return where the verdict's drill stood; None for what no drill expects."""
        return next((place for place in self.placements if place.drill.name == verdict.drill), None)

    def count(self, outcome: str) -> int:
        """Return how many verdicts have this outcome."""
        return sum(verdict.outcome == outcome for verdict in self.verdicts)

    def count_untold(self) -> int:
        """Return how many verdicts are not unmet, and nobody can tell whether they are met."""
        return sum(bool(verdict.doubts) and verdict.outcome != "unmet" for verdict in self.verdicts)

    def find_instants(self, verdict: Verdict, finding: Finding) -> tuple[Instant, ...]:
        """Return the instants of a finding's alerts, live and replayed, while its drill was held."""
        placement = self.find_placement(verdict)
        if self.agreement is None or placement is None:
            return ()
        return tuple(
            instant
            for instant in self.agreement.instants
            if instant.alert == finding.alert
            and finding.labels.items() <= instant.labels.items()
            and placement.start_s <= instant.at_s < placement.end_s
        )

    @property
    def coverage(self) -> Coverage:
        """What this run alone has proved of the alerts whose rules it had."""
        run = make_held_run(self.verdicts, self.started_at, is_doubted=bool(self.doubts))
        return make_coverage(self.rules, [placement.drill for placement in self.placements], [run])


def say_outcome(record: RunRecord) -> str:
    """Say in a few words how the run came out."""
    if record.doubts:
        return "No verdict can be trusted"
    total = len(record.verdicts)
    if record.timeline.mode == REPLAY and not record.exit_code:
        return f"{total} of {total} drills as expected; pages unobserved"
    untold = record.count_untold()
    if record.count("unmet"):
        also = f", {untold} could not be judged" if untold else ""
        return f"{record.count('unmet')} of {total} drills not met{also}"
    if untold:
        return f"{untold} of {total} drills could not be judged"
    if record.count("unobserved"):
        return f"{record.count('met')} of {total} drills met, the others not fully seen"
    if total == 1:
        return "The drill is met"
    return f"All {total} drills met" if total else "No drill was held"


def say_agreement(agreement: Agreement) -> str:
    """Say how the replay of the run's recording agrees with the run."""
    compared = f"{len(agreement.instants)} instants compared"
    if agreement.beyond:
        return f"the replay disagrees in {len(agreement.beyond)} of {compared}"
    words = f"the replay agrees: {compared}, the largest difference {agreement.largest_s:.1f} s"
    if not agreement.instants:
        words = "the rules were replayed, and there was no instant to compare"
    if agreement.blips:
        words += f", {agreement.blips} short stretches seen by one side only"
    if agreement.skipped:
        words += f", {agreement.skipped} stretches left out"
    return words


def say_differences(instants: Iterable[Instant]) -> str:
    """Say how far the replay was from the run at each of a finding's instants: `firing +12.0 s`."""
    return ", ".join(
        say_instant(one)
        if one.live_s is None or one.replayed_s is None
        else f"{one.kind} {round(one.replayed_s - one.live_s, 1) + 0.0:+.1f} s"  # never -0.0
        for one in instants
    )


def say_expected(expectation: Expected | None) -> str:
    """Say what was expected, in time counted from the drill's start; without an expectation: silence."""
    if expectation is None:
        return "stays silent"
    return find_kind(expectation).say(expectation)


def say_deliveries(expectation: Expected | None) -> tuple[str, ...]:
    """Say what receivers must be told, a line each: `slack of ops: title contains "x", 1 notification`."""
    return () if expectation is None else find_kind(expectation).say_deliveries(expectation)


def say_hops(finding: Finding) -> tuple[str, ...]:
    """Say when each hop was seen, in order and in the finding's own time: `("pending 5:30", …)`."""
    return tuple(
        f"{words} {format_s(finding.observed[hop])}" for hop, words in HOPS.items() if hop in finding.observed
    )


def say_told(told: Iterable[Told]) -> str:
    """Say who was told how often: `pagerduty of oncall 3, email of mail 2 and 1 refused`."""
    return printable(
        ", ".join(
            f"{one.integration} of {one.receiver} {one.accepted}"
            + (f" and {one.refused} refused" if one.refused else "")
            for one in told
        )
    )


def say_delay(rule_s: float, speed: float) -> str:
    """Say a duration in rule time and, where that is another, in wall time: `0:41/0.68 s`."""
    return format_s(rule_s) if speed == 1 else f"{format_s(rule_s)}/{rule_s / speed:.2f} s"


def say_repeat(record: RunRecord, verdict: Verdict) -> str:
    """Return the command that repeats a drill, as a shell takes it; what no drill expects wants them all."""
    name = (verdict.drill,) if record.find_placement(verdict) else ()
    return shlex.join(part for word in record.repeat for part in (name if word == DRILL else (word,)))


def say_why(drill: Drill | None) -> str:
    """Say why the drill is held; without a drill, why a verdict stands there at all."""
    return drill.why if drill else "An unexpected alert, which no drill expects, fails the run."
