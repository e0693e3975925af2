"""Tells a verdict, and leaves the reports of it."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from alertdrill.cli.interruption import Interrupted, defer_signals
from alertdrill.cli.run_folder import RunFolder
from alertdrill.errors import CannotWrite
from alertdrill.reports import RunRecord, html, junit, timeline_json
from alertdrill.reports.history import keep_run, read_earlier
from alertdrill.reports.html.changes import compare_runs
from alertdrill.reports.mutation_scores import read_scores
from alertdrill.reports.terminal.summary import summary


def report(record: RunRecord, out: Path, reports: RunFolder, console: Console, *, is_kept: bool) -> None:
    """Tell the verdict, then let OUT have the run's reports, and its history too if it `is_kept`.

    A verdict that cannot be told is in the reports all the same, and a signal waits until they are whole.
    Raises CannotWrite.
    """
    try:
        try:
            console.print(summary(record))
        finally:
            with defer_signals():
                _write_reports(record, out, reports, is_kept=is_kept)
        if record.unwritten:
            raise CannotWrite(record.unwritten)
        console.print(f"Report: {out / 'report.html'}")
    except Interrupted as interrupted:
        left = f"the drills were judged before, and the reports in {out} are whole"
        raise Interrupted(interrupted.by, left, record.exit_code) from None


def _write_reports(record: RunRecord, out: Path, reports: RunFolder, *, is_kept: bool) -> None:
    timeline = timeline_json.render(record)
    changes = compare_runs(json.loads(timeline), read_earlier(out, record.timeline.mode))
    reports.write("timeline.json", timeline)
    reports.write("junit.xml", junit.render(record))
    reports.write("report.html", html.render(record, changes, read_scores(out)))
    reports.publish()
    if is_kept:
        keep_run(out, timeline, record.started_at)
