"""Tells a verdict, and leaves the reports of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from alertdrill.cli.complaining import complain
from alertdrill.cli.interruption import Interrupted, defer_signals
from alertdrill.cli.repeating import write_repeat
from alertdrill.cli.run_folder import RunFolder
from alertdrill.errors import BadInput, CannotWrite
from alertdrill.judging.coverage import HeldRun
from alertdrill.reports import RunRecord, html, junit, markdown, metrics, timeline_json
from alertdrill.reports.history import keep_run, read_out
from alertdrill.reports.terminal.summary import summary


def report(record: RunRecord, out: Path, reports: RunFolder, console: Console, *, is_kept: bool) -> None:
    """Tell the verdict, then let OUT have the run's reports, and its history too if it `is_kept`.

    A verdict that cannot be told is in the reports all the same, and a signal waits until they are whole.
    Raises CannotWrite.
    """
    record = replace(record, repeat=write_repeat(click.get_current_context(silent=True)))
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
    samples = metrics.measure(record, _read_earlier(out) if is_kept else ())
    reports.write("timeline.json", timeline)
    reports.write("junit.xml", junit.render(record))
    reports.write("report.md", markdown.render(record))
    reports.write("metrics.prom", metrics.render(samples))
    reports.write("report.html", html.render(record))
    reports.publish()
    if is_kept:
        keep_run(out, timeline, record.started_at)


def _read_earlier(out: Path) -> tuple[HeldRun, ...]:
    """Return the runs that a folder knows of; what cannot be read is said, and costs no run its reports."""
    try:
        return read_out(out)
    except BadInput as error:
        complain(f"alertdrill: metrics.prom does not know when alerts were proved before: {error}")
        return ()
