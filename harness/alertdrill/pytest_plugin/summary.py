"""What stands in pytest's terminal when a session is over that held drills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from alertdrill.core.wording import say_number
from alertdrill.pytest_plugin.outcomes import find_unexpected_verdict, render, say_missed
from alertdrill.pytest_plugin.sharing import SharedRun
from alertdrill.reports import RunRecord, say_outcome
from alertdrill.reports.terminal.summary import summary
from alertdrill.runtime.paths import shorten


def write_summary(reporter: pytest.TerminalReporter, runs: Sequence[SharedRun]) -> None:
    """Say how each run came out: in a line, with -v in all lines of its summary, with -q in none.

    What no single drill has is said anyhow: a session may have stopped before the test that says it.
    """
    lines = [line for run in runs for line in _list_lines(run, reporter.verbosity)]
    if not lines:
        return
    reporter.section("alertdrill")
    for line in lines:
        reporter.write_line(line)


def _list_lines(run: SharedRun, verbosity: int) -> Iterator[str]:
    if verbosity >= 0:
        yield f"{shorten(Path(run.project))}: {_say_run(run)}"
    if run.run is None:
        return
    if verbosity > 0:
        yield from render(summary(run.run.record)).splitlines()
    else:
        yield from _list_troubles(run.run.record)


def _say_run(run: SharedRun) -> str:
    if run.run is None:
        return run.why.replace("\n", " ")
    left_out = len(run.run.left_out)
    return say_outcome(run.run.record) + (f"; {say_number(left_out, 'drill')} left out" if left_out else "")


def _list_troubles(record: RunRecord) -> list[str]:
    """Return what no single drill has: doubts of the clock, and alerts that none of them expects."""
    lines = [f"? {doubt}" for doubt in record.doubts]
    unexpected = find_unexpected_verdict(record)
    if unexpected is not None:
        lines.append(f"unexpected: {say_missed(unexpected) or '; '.join(unexpected.doubts)}")
    return lines
