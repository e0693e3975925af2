"""What a run leaves behind, and the words that all reports share.

A report is a pure function from a `RunRecord` to text or to a renderable; whoever calls it writes the file.
No report imports another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from harness.clock import format_s
from harness.coverage import Coverage, make_coverage, make_held_run
from harness.model import (
    AlertRule,
    Drill,
    Expectation,
    Expected,
    Finding,
    Grouped,
    Labels,
    Placement,
    Silence,
    Timeline,
    Verdict,
)
from harness.panels import PanelCurves

HOPS: Mapping[str, str] = {
    "pending": "pending",
    "firing": "firing",
    "paged": "paged",
    "resolved": "resolved",
    "page_resolved": "page closed",
}
"""The hops of an alert, in the order in which they happen, and what a reader calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """All that is known of a run when it is over.

    The timeline counts from the start of the run. A verdict's findings count from the start of its drill;
    those of a verdict that no drill asked for count from the start of the run. `doubts` are sentences that
    say why the clock cannot be trusted; `notes` (a name and what was found) explain the run; `logs` are file
    names, relative to where the reports are written.
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

    @property
    def exit_code(self) -> int:
        """3 if the clock is doubted, else 1 if any verdict is unmet, else 0."""
        if self.doubts:
            return 3
        return 1 if any(verdict.outcome == "unmet" for verdict in self.verdicts) else 0

    def find_placement(self, verdict: Verdict) -> Placement | None:
        """Return where the verdict's drill stood; None for what no drill asked for."""
        return next((place for place in self.placements if place.drill.name == verdict.drill), None)

    def count(self, outcome: str) -> int:
        """Return how many verdicts have this outcome."""
        return sum(verdict.outcome == outcome for verdict in self.verdicts)

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
    if record.exit_code:
        return f"{record.count('unmet')} of {total} drills not met"
    if record.count("unobserved"):
        return f"{record.count('met')} of {total} drills met, the others not fully seen"
    return f"All {total} drills met" if total else "No drill was held"


def say_selector(alert: str, labels: Labels) -> str:
    """Write an alert as PromQL would select it; label values are quoted, control characters escaped."""
    if not labels:
        return printable(alert)
    pairs = ", ".join(f'{name}="{_escape(value)}"' for name, value in labels.items())
    return printable(f"{alert}{{{pairs}}}")


def say_expected(expectation: Expected | None) -> str:
    """Say what was expected, in time counted from the drill's start; without an expectation: silence."""
    if expectation is None:
        return "stays silent"
    if isinstance(expectation, Expectation):
        fires, resolves = format_s(expectation.fires_within_s), format_s(expectation.resolves_within_s)
        window = f"by {fires}"
        if expectation.fires_after_s:
            window = f"between {format_s(expectation.fires_after_s)} and {fires}"
        return f"fires {window}, pages {expectation.receiver}, resolves by {resolves}"
    if isinstance(expectation, Grouped):
        incidents = "one incident" if expectation.incidents == 1 else f"{expectation.incidents} incidents"
        return (
            f"at least {expectation.alerts} fire by {format_s(expectation.fires_within_s)}, page "
            f"{expectation.receiver} in {incidents}, resolve by {format_s(expectation.resolves_within_s)}"
        )
    if isinstance(expectation, Silence):
        since = f" from {format_s(expectation.after_s)} on" if expectation.after_s else ""
        return f"is blind{since}: not even pending"
    reached = f"its value reaches {expectation.reaches:.0%} of the threshold"
    if not expectation.pending:
        return f"stays inactive although {reached}"
    if expectation.pending_within_s is None:
        return f"stays at pending although {reached}"
    least_s, most_s = expectation.pending_within_s
    return f"stays at pending, over the threshold for {format_s(least_s)} to {format_s(most_s)}"


def say_hops(finding: Finding) -> tuple[str, ...]:
    """Say when each hop was seen, in order and in the finding's own time: `("pending 5:30", …)`."""
    return tuple(
        f"{words} {format_s(finding.observed[hop])}" for hop, words in HOPS.items() if hop in finding.observed
    )


def say_why(drill: Drill | None) -> str:
    """Say why the drill is held; without a drill, why a verdict stands there at all."""
    return (
        drill.why if drill else "An alert that no drill asked for fails the run, whoever was being drilled."
    )


def printable(text: str) -> str:
    r"""Replace what no terminal or XML document should be given by its escape, such as `\x1b`.

    Line feeds stay; all else that Unicode does not call printable goes, so that a label value can neither
    move the cursor nor make a document malformed.
    """
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
