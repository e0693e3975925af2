"""Holding drills while their progress is shown, and leaving word where nobody can tell how they came out."""

from __future__ import annotations

from rich.console import Console

from alertdrill.cli.complaining import complain
from alertdrill.cli.progress import show_progress
from alertdrill.cli.run_folder import RunFolder
from alertdrill.errors import CannotWrite, CouldNotTell
from alertdrill.reports import RunRecord, junit
from alertdrill.runner.live import hold
from alertdrill.runner.order import Order


def hold_reported(order: Order, reports: RunFolder, console: Console) -> RunRecord:
    """Hold the drills; where nobody can tell what became of them, junit.xml says so."""
    try:
        with show_progress(console) as show:
            return hold(order, show)
    except CouldNotTell as error:
        try:
            reports.write("junit.xml", junit.render_error(str(error)))
            reports.publish()
        except CannotWrite:
            complain(f"alertdrill: {error}")
            raise
        raise
