"""What `alertdrill page` prints of alerts, for people or as JSON, and the exit code that it means."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import click

from alertdrill.cli.options.page_modes import REPORT
from alertdrill.cli.output import open_console
from alertdrill.errors import CouldNotTell
from alertdrill.reports.junit_cases import Case, render_cases
from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.cases import list_hop_cases, list_row_cases
from alertdrill.runner.synthetic.hops import Hop, find_outcome
from alertdrill.runner.synthetic.html import Rehearsal, render_html
from alertdrill.runner.synthetic.pages import Row
from alertdrill.runner.synthetic.report import (
    show_alert,
    show_hops,
    show_rows,
    write_alert,
    write_hops,
    write_row,
)
from alertdrill.runtime.files import check_target, make_folder, write_whole

UNMET = 1

EXIT_CODES = {
    "delivered": 0,
    "not sent": 0,
    "not delivered": UNMET,
    "could not tell": CouldNotTell.exit_code,
}


def write_cases(path: Path | None, cases: Iterable[Case]) -> None:
    """Write what was proved as JUnit XML, if that is wanted."""
    if path is not None:
        write_whole(path, render_cases([*cases]))


class Show:
    """What is printed, for people or as JSON, and the exit code that it means."""

    def __init__(self, *, as_json: bool, junit: Path | None = None, out: Path | None = None) -> None:
        self._as_json = as_json
        self._junit = junit
        self._out = out
        self._document: dict[str, object] = {}
        self._name = ""
        self._console = open_console()

    def make_folder(self, inputs: Iterable[Path | None]) -> None:
        """Make the folder of the page, if that is wanted, once all that is to be sent is known to be right.

        Raises CannotWrite where the page cannot be written to it, as where it is one of the `inputs`.
        """
        if self._out is not None:
            make_folder(self._out, "cannot be written to")
            check_target(self._out / REPORT, inputs=[one for one in inputs if one is not None])

    def alert(self, bound: Bound) -> None:
        """Show an alert and its way; as JSON, together with what follows."""
        self._document = write_alert(bound.alert, bound.destination)
        self._name = bound.alert.name
        if not self._as_json:
            self._console.print(show_alert(bound.alert, bound.destination))

    def hops(self, hops: Sequence[Hop], proved: str, assumed: Sequence[str] = ()) -> NoReturn:
        """Show the hops of an alert, or what they have `proved`, and what that assumes, and exit."""
        write_cases(self._junit, list_hop_cases(self._name, hops))
        if self._as_json:
            said = {"assumed": list(assumed)} if assumed else {}
            click.echo(json.dumps(self._document | write_hops(hops) | said, indent=2))
        elif hops:
            self._console.print(show_hops(hops, proved, assumed))
        sys.exit(EXIT_CODES[find_outcome(hops)])

    def rehearsal(self, rehearsal: Rehearsal) -> NoReturn:
        """Show what became of alerts, also as a page if that is wanted, and exit."""
        if self._out is not None:
            write_whole(self._out / REPORT, render_html(rehearsal))
        self.rows(rehearsal.rows, rehearsal.speed)

    def rows(self, rows: Sequence[Row], speed: float) -> NoReturn:
        """Show what became of alerts at a speed, and exit."""
        write_cases(self._junit, list_row_cases(rows))
        if self._as_json:
            click.echo(json.dumps({"speed": speed, "alerts": [write_row(row) for row in rows]}, indent=2))
        else:
            self._console.print(show_rows(rows, speed))
        if any(row.is_unmet for row in rows):
            sys.exit(UNMET)
        sys.exit(CouldNotTell.exit_code if any(row.outcome == "unobserved" for row in rows) else 0)
