"""What has been proved of each alert, as a table for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from alertdrill.core.wording import printable, say_number
from alertdrill.judging.claims import HOPS, Hop, say_claim, say_inbox
from alertdrill.judging.coverage import Cell, Coverage, Row, State, say_counts, say_last_drilled

MARKS: Mapping[State, tuple[str, str, str]] = {
    "proved": ("✓", "+", "green"),
    "failed": ("✗", "x", "bold red"),
    "unobserved": ("?", "?", "yellow"),
    "not drilled": ("-", "-", "dim"),
}
"""Each state's mark, the same in ASCII, and its style."""
APART = "to drill the paging path"
WIDEST = 10_000


class CoverageTable:
    """Shows coverage: a row for each alert, what the marks mean, and who was left out."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        coverage, ascii_only = self._coverage, options.ascii_only
        table = self._make_table(ascii_only)
        if table.__rich_measure__(console, options.update_width(WIDEST)).maximum <= options.max_width:
            yield table
        else:
            yield from self._list_rows(ascii_only)
        yield Text()
        yield Text("  ").join(
            Text(f"{_mark(state, ascii_only)} {state}", style=MARKS[state][2]) for state in MARKS
        )
        if coverage.left_out:
            names = printable(", ".join(coverage.left_out))
            yield Text(f"Left out, since they prove what is wrong with them: {names}.", style="dim")
        yield Text(f"{say_number(len(coverage.rows), 'alert')}: {say_counts(coverage)}", style="bold")

    def _make_table(self, ascii_only: bool) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
        table.add_column("alert", overflow="fold")
        for hop in HOPS:
            table.add_column(hop, overflow="fold")
        table.add_column("last drilled (UTC)", no_wrap=True)
        for row in self._coverage.rows:
            if row is self._find_apart():
                table.add_row()
                table.add_row(Text(APART, style="dim"))
            hops = (_hop(row, hop, ascii_only) for hop in HOPS)
            table.add_row(Text(printable(row.alert)), *hops, Text(say_last_drilled(row)))
        return table

    def _find_apart(self) -> Row | None:
        """Return the first row that stands apart."""
        return next((row for row in self._coverage.rows if row.stands_apart), None)

    def _list_rows(self, ascii_only: bool) -> Iterator[RenderableType]:
        """Yield what a narrow console gets: each alert, and its claims below its name."""
        for row in self._coverage.rows:
            if row is self._find_apart():
                yield Text(f"\n{APART}", style="dim")
            yield Text(printable(row.alert)).append(f"  last drilled {say_last_drilled(row)}", style="dim")
            claims = Text("  ").join(
                _line(cell, printable(say_claim(cell.claim)), ascii_only) for cell in row.cells
            )
            yield Padding(claims, (0, 0, 0, 4))


def _hop(row: Row, hop: Hop, ascii_only: bool) -> Text:
    cells = (cell for cell in row.cells if cell.claim.hop == hop)
    return Text("\n").join(_line(cell, printable(say_inbox(cell.claim)), ascii_only) for cell in cells)


def _line(cell: Cell, words: str, ascii_only: bool) -> Text:
    return Text(f"{_mark(cell.state, ascii_only)} {words}".rstrip(), style=MARKS[cell.state][2])


def _mark(state: State, ascii_only: bool) -> str:
    mark, plain, _ = MARKS[state]
    return plain if ascii_only else mark
