"""Tells a verdict, and leaves the reports of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from alertdrill.cli.complaining import complain
from alertdrill.cli.interruption import Interrupted, defer_signals
from alertdrill.cli.repeating import write_repeat
from alertdrill.cli.run_folder import RunFolder
from alertdrill.errors import AlertdrillError, CannotWrite
from alertdrill.reports import RunRecord, html, junit, markdown, metrics, timeline_json
from alertdrill.reports.history import Earlier, keep_run, read_earlier, read_known
from alertdrill.reports.html.changes import compare_runs
from alertdrill.reports.html.document import describe_run
from alertdrill.reports.metrics import Sample
from alertdrill.reports.mutation_scores import read_scores
from alertdrill.reports.pushing import PushTarget, push
from alertdrill.reports.terminal.summary import summary


def report(
    record: RunRecord,
    out: Path,
    reports: RunFolder,
    console: Console,
    *,
    is_kept: bool,
    target: PushTarget | None = None,
    conclude: Callable[[Mapping[str, Any]], None] | None = None,
) -> None:
    """Tell the verdict, then let OUT have the run's reports, and its history too if it `is_kept`.

    The run's metrics are sent to a `target`, if there is one; `conclude` is given what report.html draws.
    A verdict that cannot be told is in the reports all the same, and a signal waits until they are whole.
    Raises CannotWrite.
    """
    record = replace(record, repeat=write_repeat(click.get_current_context(silent=True)))
    try:
        try:
            console.print(summary(record))
        finally:
            with defer_signals():
                samples, document = _write_reports(record, out, reports, is_kept=is_kept)
                if conclude is not None:
                    conclude(document)
        if target is not None:
            _send(target, samples, record, console)
        if record.unwritten:
            raise CannotWrite(record.unwritten)
        console.print(f"Report: {out / 'report.html'}")
    except Interrupted as interrupted:
        left = f"the drills were judged before, and the reports in {out} are whole"
        raise Interrupted(interrupted.by, left, record.exit_code) from None


def _send(target: PushTarget, samples: Sequence[Sample], record: RunRecord, console: Console) -> None:
    """Send metrics; that they did not arrive is said, and changes neither verdict nor exit code."""
    ended_at = record.started_at + timedelta(seconds=record.wall_s)
    try:
        push(target, samples, round(ended_at.timestamp() * 1000))
    except AlertdrillError as error:
        complain(f"alertdrill: the metrics were not sent, and the verdict stands: {error}")
    else:
        console.print(f"Metrics: sent to {target.url}", soft_wrap=True, markup=False)


def _write_reports(
    record: RunRecord, out: Path, reports: RunFolder, *, is_kept: bool
) -> tuple[tuple[Sample, ...], Mapping[str, Any]]:
    """Write all that is told of a run, and return its metrics, and the document that its page draws."""
    timeline = timeline_json.render(record)
    earlier = _read_earlier(out, record.timeline.mode, is_kept=is_kept)
    samples = metrics.measure(record, earlier.runs)
    changes = compare_runs(json.loads(timeline), earlier.documents)
    reports.write("timeline.json", timeline)
    reports.write("junit.xml", junit.render(record))
    reports.write("report.md", markdown.render(record))
    reports.write("metrics.prom", metrics.render(samples))
    document = describe_run(record, changes, read_scores(out))
    reports.write("report.html", html.draw(document))
    reports.publish()
    if is_kept:
        keep_run(out, timeline, record.started_at)
    return samples, document


def _read_earlier(out: Path, mode: str, *, is_kept: bool) -> Earlier:
    """Return the runs that a folder knows of; what cannot be read is said, and costs no run its reports.

    Only a run that is kept asks for more than the newest ones, which it is compared with.
    """
    if not is_kept:
        return Earlier(runs=(), documents=read_earlier(out, mode))
    earlier = read_known(out, mode)
    if earlier.trouble:
        complain(f"alertdrill: metrics.prom does not know when alerts were proved before: {earlier.trouble}")
    return earlier
