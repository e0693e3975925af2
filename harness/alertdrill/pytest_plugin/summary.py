"""What stands in pytest's terminal when a session is over that held drills."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from alertdrill.core.wording import say_number
from alertdrill.pytest_plugin.outcomes import find_unexpected_verdict, render, say_missed
from alertdrill.pytest_plugin.sharing import SharedRun
from alertdrill.reports import RunRecord, say_outcome
from alertdrill.reports.terminal.summary import summary
from alertdrill.runtime.paths import shorten


def write_summary(reporter: pytest.TerminalReporter, runs: Sequence[SharedRun]) -> None:
    """Say how each run came out: in a line, or with -v in all lines of its summary."""
    if not runs or reporter.verbosity < 0:
        return
    reporter.section("alertdrill")
    for run in runs:
        reporter.write_line(f"{shorten(Path(run.project))}: {_say_run(run)}")
        if run.run is None:
            continue
        if reporter.verbosity > 0:
            for line in render(summary(run.run.record)).splitlines():
                reporter.write_line(line)
        else:
            for line in _list_troubles(run.run.record):
                reporter.write_line(line)


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
