"""What a person, or a program, is shown of a synthetic alert: the plan, and the hops."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from alertdrill.core.clock import format_s
from alertdrill.core.wording import printable, say_name, say_names, say_number
from alertdrill.reports.terminal.cards import draw_card
from alertdrill.reports.terminal.lines import Hanging, flow
from alertdrill.runner.synthetic.destination import Destination, Leg
from alertdrill.runner.synthetic.hops import Hop, find_outcome
from alertdrill.runner.synthetic.pages import Row
from alertdrill.runner.synthetic.synthetic import SyntheticAlert, show_labels

KNOWN_TO_WALL_S = 0.1
"""How long this machine may take to hand something on, which says nothing of the config."""
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
COLUMNS = ("route", "receiver", "by", "delivered", "paged", "closed", "title")
WIDEST = 10_000
STYLES = {"done": "green", "not delivered": "bold red", "suppressed": "yellow", "could not tell": "yellow"}


def show_alert(alert: SyntheticAlert, destination: Destination) -> RenderableType:
    """Return the alert as it is sent, and its way."""
    table = Table.grid(padding=(0, 2))
    table.add_row("alert", _text(f"{alert.name} ({alert.source})"))
    table.add_row("labels", _text(show_labels(alert.labels)))
    for name, text in alert.annotations.items():
        table.add_row(_text(name), _text(text))
    for name in alert.broken_annotations:
        table.add_row(
            "", _text(f"{name} cannot be rendered here: it wants data that only your Prometheus has")
        )
    table.add_row("generator", _text(alert.generator_url))
    for leg in destination.legs:
        table.add_row("route", _text(describe_path(leg)))
        table.add_row("", _text(f"to {say_name(leg.receiver)}: {describe_senders(leg)}"))
        table.add_row("", _text(f"grouped as {show_labels(leg.group_labels)} after {leg.group_wait_s:g} s"))
        if leg.intervals:
            table.add_row("", _text(f"at times muted: {', '.join(leg.intervals)}"))
    return table


def show_hops(hops: Sequence[Hop], proved: str, assumed: Sequence[str] = ()) -> RenderableType:
    """Return the hops as a table, and what they come to: `proved` if all are done, by what was `assumed`."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("hop", "took", "outcome", "evidence"):
        table.add_column(name, justify="right" if name == "took" else "left")
    for hop in hops:
        took = "" if hop.took_s is None else f"{hop.took_s:.1f} s"
        table.add_row(_text(hop.name), took, Text(hop.outcome, STYLES[hop.outcome]), _text(hop.evidence))
    outcome = find_outcome(hops)
    said = _text(proved if outcome == "delivered" else outcome)
    return Group(table, said, *(_text(f"assumed: {one}") for one in assumed))


def show_rows(rows: Sequence[Row], speed: float) -> RenderableType:
    """Return one line for each integration of each alert; times are rule time, and wall time in brackets.

    Of one alert alone each receiver's notification is shown as well, as it looks there.
    """
    counted = Counter(row.outcome for row in rows)
    total = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counted.items()))
    cards = list(_list_cards(rows[0])) if len(rows) == 1 else []
    sum_up = _text(f"{say_number(len(rows), 'alert')}: {total}")
    bounds = [_explain_bounds(speed)] if any(row.pages for row in rows) else []
    return Group(_Rows(rows, speed), *bounds, *_list_notes(rows), *cards, sum_up)


def _explain_bounds(speed: float) -> Hanging:
    own = f"{KNOWN_TO_WALL_S:g} s here is {format_s(speed * KNOWN_TO_WALL_S)} of rule time"
    return Hanging(Text(f"  within: no later than; at speed {speed:.0f}, {own}", style="dim"))


@dataclass(frozen=True, slots=True)
class _Rows:
    """A table, or where the console is too narrow for it each alert with its integrations below."""

    rows: Sequence[Row]
    speed: float

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = self._make_table()
        if table.__rich_measure__(console, options.update_width(WIDEST)).maximum <= options.max_width:
            yield table
        else:
            yield from self._list_lines(options.max_width)

    def _make_table(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for name in ("alert", "severity", *COLUMNS):
            table.add_column(name)
        for row in self.rows:
            for number, cells in enumerate(_list_cells(row, self.speed)):
                first = (row.bound.name, row.bound.alert.labels.get("severity", ""))
                own = first if number == 0 else ("", "")
                table.add_row(*(_text(cell) for cell in (*own, *cells)))
        return table

    def _list_lines(self, width: int) -> Iterator[RenderableType]:
        """Yield each alert, and indented each cell that has something, under its column's name."""
        for row in self.rows:
            severity = row.bound.alert.labels.get("severity", "")
            yield _text(row.bound.name).append(f"  {printable(severity)}", style="dim")
            for cells in _list_cells(row, self.speed):
                parts = [
                    Text(f"{name}: ", style="dim").append(printable(cell), style="not dim")
                    for name, cell in zip(COLUMNS, cells, strict=True)
                    if cell
                ]
                yield from flow(parts, width, lead="  ", indent="    ")


def write_row(row: Row) -> dict[str, Any]:
    """Return what became of an alert as JSON has it; times are seconds of rule time."""
    return write_alert(row.bound.alert, row.bound.destination) | {
        "severity": row.bound.alert.labels.get("severity", ""),
        "outcome": row.outcome,
        "by_default_only": row.bound.is_by_default_only,
        "evidence": row.evidence,
        "pages": [
            {
                "receiver": page.receiver,
                "integration": page.integration,
                "title": page.title,
                "opened_after_s": page.opened_after_s,
                "closed_after_s": page.closed_after_s,
                "flaws": list(page.flaws),
            }
            for page in row.pages
        ],
    }


def _list_cells(row: Row, speed: float) -> Iterator[tuple[str, ...]]:
    """Yield route, receiver, integration, whether it was delivered, when, and the title."""
    for leg in row.bound.destination.legs:
        route = describe_path(leg)
        pages = [page for page in row.pages if page.receiver == leg.receiver]
        for page in pages:
            closed = "" if page.closed_after_s is None else say_time(page.closed_after_s, speed)
            opened = say_time(page.opened_after_s, speed)
            yield route, leg.receiver, page.integration, "yes", opened, closed, page.title
            route = ""
        missing = Counter(sender.integration for sender in leg.played)
        missing.subtract(page.integration for page in pages)
        unplayed = [sender.integration for sender in leg.senders if not sender.is_played]
        lacking = [(name, row.outcome) for name in missing.elements()]
        for integration, outcome in (*lacking, *((name, "unobserved") for name in unplayed)):
            yield route, leg.receiver, integration, outcome, "", "", ""
            route = ""
        if not leg.senders:
            is_meant = leg.is_nobody or row.bound.destination.is_meant_for_nobody
            said = "nobody is notified" + (", as is meant" if is_meant else "")
            yield route, leg.receiver, "-", said, "", "", ""


def _list_notes(rows: Sequence[Row]) -> Iterator[RenderableType]:
    """Yield a line on each alert of which there is something to say, and on those that no route takes."""
    for row in rows:
        if row.evidence:
            yield Hanging(_text(f"{row.bound.name}: {row.outcome}: {row.evidence}"))
    by_default = [row.bound.name for row in rows if row.bound.is_left_over]
    if by_default:
        them, end = ("it", "it ends") if len(by_default) == 1 else ("them", "they end")
        said = f"{say_names(by_default)}: no route takes {them}: {end} at the default receiver only"
        yield Hanging(_text(said))


def _list_cards(row: Row) -> Iterator[RenderableType]:
    """Yield how each notification looks at its receiver, with lines of space around."""
    for page in row.pages:
        if page.card is not None:
            yield Padding(draw_card(page.card), (1, 0, 0, 0))
    if any(page.card is not None for page in row.pages):
        yield Text()


def say_time(rule_s: float, speed: float) -> str:
    """Return a time that was taken at a speed: a bound of the rule time, as fine as it is known."""
    known_to_s = KNOWN_TO_WALL_S * speed
    step_s = next((step for step in STEPS_S if step >= known_to_s), STEPS_S[-1])
    return f"within {format_s(math.ceil(rule_s / step_s) * step_s)} ({rule_s / speed:.1f} s)"


def describe_path(leg: Leg) -> str:
    """Return the routes on the way, in words."""
    return " > ".join(leg.path)


def describe_senders(leg: Leg) -> str:
    """Return what a receiver is told by, in words."""
    return ", ".join(sender.integration for sender in leg.senders) or "no integration: nobody is notified"


def write_alert(alert: SyntheticAlert, destination: Destination) -> dict[str, Any]:
    """Return the alert and its way as JSON has it; times are seconds."""
    return {
        "alert": alert.name,
        "source": alert.source,
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "generator_url": alert.generator_url,
        "route": [
            {
                "receiver": leg.receiver,
                "where": leg.where,
                "path": list(leg.path),
                "group_labels": dict(leg.group_labels),
                "group_wait_s": leg.group_wait_s,
                "group_interval_s": leg.group_interval_s,
                "repeat_interval_s": leg.repeat_interval_s,
                "time_intervals": list(leg.intervals),
                "integrations": [sender.integration for sender in leg.senders],
            }
            for leg in destination.legs
        ],
    }


def write_hops(hops: Sequence[Hop]) -> dict[str, Any]:
    """Return the hops and what they come to as JSON has it."""
    return {
        "outcome": find_outcome(hops),
        "hops": [
            {"name": hop.name, "took_s": hop.took_s, "outcome": hop.outcome, "evidence": hop.evidence}
            for hop in hops
        ],
    }


def _text(words: str) -> Text:
    return Text(printable(words))
