"""A verdict as pytest has it: what fails, what is an error, and in which words."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console, RenderableType

from alertdrill.core.clock import format_s
from alertdrill.core.timeline import Event
from alertdrill.core.verdict import Verdict
from alertdrill.core.wording import printable, say_selector
from alertdrill.errors import CouldNotTell
from alertdrill.judging.judge import select_for_drill
from alertdrill.reports import RunRecord
from alertdrill.reports.terminal.summary import show_verdict

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionChainRepr, ReprExceptionInfo

FINE = frozenset({"met", "unobserved"})
MOST_EVENTS = 40
WIDTH = 100
"""Of a terminal that does not say it, as in CI."""


class Unmet(AssertionError):
    """An expectation is not met; `first` is one line, the text says all that is known."""

    def __init__(self, first: str, text: str) -> None:
        super().__init__(text)
        self.first = first


class Untold(CouldNotTell):
    """Nobody can tell how a drill came out; `first` is one line, the text says all that is known."""

    def __init__(self, first: str, text: str) -> None:
        super().__init__(text)
        self.first = first


def find_verdict(record: RunRecord, name: str) -> Verdict:
    """Return the verdict on a drill; raises CouldNotTell if there is none."""
    found = next((verdict for verdict in record.verdicts if verdict.drill == name), None)
    if found is None:
        why = "; ".join(record.doubts) or "the run left it out"
        raise CouldNotTell(f"{name} was not judged: {why}")
    return found


def find_unexpected_verdict(record: RunRecord) -> Verdict | None:
    """Return the verdict on alerts that no drill expects, None if there were none."""
    return next(
        (
            verdict
            for verdict in record.verdicts
            if verdict.findings
            and record.find_placement(verdict) is None
            and all(finding.expectation is None for finding in verdict.findings)
        ),
        None,
    )


def check_trusted(record: RunRecord) -> None:
    """Raise CouldNotTell for a run of which no verdict can be trusted."""
    if record.doubts:
        raise CouldNotTell(f"No verdict can be trusted: {'; '.join(record.doubts)}")


def check_told(record: RunRecord, verdict: Verdict, text: str) -> None:
    """Raise Untold, with a text, if nobody can tell how a drill came out."""
    said = "; ".join(verdict.doubts)
    if record.doubts:
        said = "; ".join(record.doubts)
    elif not said or verdict.outcome == "unmet":
        return
    raise Untold(f"Could not tell: {said}", text)


def say_missed(verdict: Verdict) -> str:
    """Say in one line what is not met."""
    missed = [finding for finding in verdict.findings if finding.outcome not in FINE]
    return printable("; ".join(f"{one.alert}: {one.evidence}" for one in missed)).replace("\n", " ")


def explain(record: RunRecord, verdict: Verdict) -> str:
    """Return the lines that a summary has of a verdict, and what the drill's alerts did, in order."""
    lines = [f"Could not tell: {doubt}" for doubt in (*record.doubts, verdict.doubt) if doubt]
    if verdict.findings or not lines:
        lines.append(render(show_verdict(record, verdict)).rstrip())
    events = list(_list_events(record, verdict))
    if events:
        lines += ["", "What its alerts did:", *events[:MOST_EVENTS]]
    if len(events) > MOST_EVENTS:
        lines.append(f"  and {len(events) - MOST_EVENTS} more")
    return "\n".join(lines)


def render(shown: RenderableType) -> str:
    """Return as plain text what a console would show, without blanks at the ends of lines."""
    console = Console(
        file=io.StringIO(), width=max(80, shutil.get_terminal_size((WIDTH, 24)).columns), color_system=None
    )
    with console.capture() as captured:
        console.print(shown)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def represent(
    excinfo: pytest.ExceptionInfo[BaseException], path: Path, line: int
) -> ReprExceptionInfo | ExceptionChainRepr:
    """Return an error as its text alone; one line of it stands in summaries, with where it was stated."""
    shown = excinfo.getrepr(style="value", chain=False)
    if shown.reprcrash is not None:
        first = getattr(excinfo.value, "first", str(excinfo.value).partition("\n")[0])
        shown.reprcrash.path, shown.reprcrash.lineno = str(path), line
        shown.reprcrash.message = first
    return shown


def _list_events(record: RunRecord, verdict: Verdict) -> list[str]:
    place = record.find_placement(verdict)
    if place is None:
        return []
    own = select_for_drill(place, record.placements, record.timeline)
    # The drill's time and the run's differ by a sum of fractions.
    lasted_s = {
        (alert, labels, round(at_s - place.start_s, 3)): lasted_s
        for (alert, labels, at_s), lasted_s in record.pendings.items()
    }

    def say(event: Event) -> str:
        key = event.alert, tuple(sorted(event.labels.items())), round(event.at_s, 3)
        until_s = event.at_s + lasted_s.get(key, 0.0)
        until = f" until {format_s(until_s)}" if event.kind == "pending" and until_s > event.at_s else ""
        paged = "" if event.receiver is None else f" → {event.receiver}"
        kind = event.kind.replace("page_resolved", "page closed")
        return (
            f"{format_s(event.at_s):>9}  {kind:<11}  {say_selector(event.alert, event.labels)}{paged}{until}"
        )

    return [say(event) for event in sorted(own.events, key=lambda event: event.at_s)]
