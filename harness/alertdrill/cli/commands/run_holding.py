"""Holding drills while their progress is shown, and reporting: those of the house, and those of a project."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.console import Console

from alertdrill.cli.complaining import complain
from alertdrill.cli.options.given_rules import make_note, say_left_out
from alertdrill.cli.progress import show_progress
from alertdrill.cli.reporting import report
from alertdrill.cli.run_folder import RunFolder, open_folder
from alertdrill.cli.sentences import say
from alertdrill.errors import CannotWrite, CouldNotTell
from alertdrill.reports import RunRecord, junit
from alertdrill.reports.pushing import PushTarget
from alertdrill.runner.live import hold
from alertdrill.runner.order import RECORDING, Order

if TYPE_CHECKING:
    from alertdrill.cli.live_page import LivePage


def hold_and_report(
    order: Order,
    out: Path,
    inputs: Collection[Path],
    console: Console,
    *,
    left_out: Mapping[str, str],
    notes: Mapping[str, str] = MappingProxyType({}),
    keep: Callable[[RunRecord], None] = lambda _record: None,
    target: PushTarget | None = None,
    is_watched: bool = False,
) -> RunRecord:
    """Hold the drills of an order, and leave the reports in a folder, which replaces none of the `inputs`.

    What is `left_out`, by name, is said before, and noted with `notes`. `keep` is given the record before
    somebody else may write to the folder. Metrics are sent to a `target`. A run that `is_watched` has a page
    in a browser, which is its report in the end.
    """
    with open_folder(out, inputs) as reports, _open_page(is_watched, console) as page:
        for line in say_left_out(left_out):
            say(f"left out: {line}", to_stderr=True)
        record = _hold(replace(order, recording=reports.new / RECORDING), reports, console, page)
        record = replace(record, notes={**record.notes, **notes, **make_note(left_out)})
        conclude = None if page is None else page.conclude
        report(record, out, reports, console, is_kept=True, target=target, conclude=conclude)
        keep(record)
    return record


@contextmanager
def _open_page(is_watched: bool, console: Console) -> Iterator[LivePage | None]:
    """Yield the page that the run is watched on, and say where it is; nothing where nobody asked for it."""
    if not is_watched:
        yield None
        return
    from alertdrill.cli.live_page import open_live_page

    with open_live_page() as page:
        console.print(f"Watch it at {page.url}", soft_wrap=True, markup=False, highlight=False)
        yield page


def _hold(order: Order, reports: RunFolder, console: Console, page: LivePage | None) -> RunRecord:
    """Hold the drills; where nobody can tell what became of them, junit.xml says so."""
    try:
        with show_progress(console) as show:
            return hold(order, show if page is None else page.follow(show))
    except CouldNotTell as error:
        try:
            reports.write("junit.xml", junit.render_error(str(error)))
            reports.publish()
        except CannotWrite:
            complain(f"alertdrill: {error}")
            raise
        raise
