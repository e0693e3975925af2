"""The events of a timeline as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alertdrill.core.clock import format_s
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Event, Timeline
from alertdrill.rules.promql.expressions import quote
from alertdrill.runner.silent_alerts import SilentAlert

STYLES = {"pending": "yellow", "firing": "red", "resolved": "green"}


def show(
    timeline: Timeline,
    console: Console,
    find_annotations: Callable[[Event], Labels] | None = None,
    silent: Sequence[SilentAlert] = (),
) -> None:
    """Print a timeline's events as a table, the alerts that never fired, and what it spans.

    The annotations stand under what fires.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("at", justify="right")
    table.add_column("", no_wrap=True)
    # A name is broken only where it alone takes more than half of the console.
    longest = max((len(event.alert) for event in timeline.events), default=0)
    table.add_column("alert", overflow="fold", min_width=min(longest, console.width // 2))
    table.add_column("labels", overflow="fold")
    is_measured = True
    for event in timeline.events:
        if is_measured and timeline.appended_from_s is not None and event.at_s > timeline.appended_from_s:
            table.add_section()
            is_measured = False
        table.add_row(
            format_s(event.at_s),
            Text(event.kind, style=STYLES[event.kind]),
            Text(event.alert),
            Text(write_labels(event.labels)),
        )
        if find_annotations is not None and event.kind == "firing":
            for name, text in sorted(find_annotations(event).items()):
                table.add_row("", "", "", Text(f"{name}: {text}", style="dim"))
    if timeline.events:
        console.print(table)
    if silent:
        console.print(_make_silent_table(silent))
    count = len(timeline.events)
    said = f"{count} event{'' if count == 1 else 's'}" if count else "nothing was pending or fired"
    appended = timeline.appended_from_s
    tail = "" if appended is None else f", of which the quiet tail from {format_s(appended)} on was appended"
    console.print(f"{said} in {format_s(timeline.until_s)} of rule time{tail}", highlight=False, markup=False)


def _make_silent_table(silent: Sequence[SilentAlert]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("never fired", overflow="fold")
    table.add_column("", overflow="fold")
    for one in silent:
        table.add_row(Text(one.name), Text(one.said))
    return table


def write_labels(labels: Labels) -> str:
    """Return labels as `name="value"`, in order."""
    return " ".join(f"{name}={quote(value)}" for name, value in sorted(labels.items()))
