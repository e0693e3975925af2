"""What a person, or a program, is shown of a synthetic alert: the plan, and the hops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.page.destination import Destination, Leg
from harness.page.journey import Hop, find_outcome
from harness.page.synthetic import SyntheticAlert, show_labels
from harness.reports import printable

STYLES = {"done": "green", "not delivered": "bold red", "held back": "yellow", "could not tell": "yellow"}


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
        table.add_row("", _text(f"to {leg.receiver}: {describe_senders(leg)}"))
        table.add_row("", _text(f"grouped as {show_labels(leg.group_labels)} after {leg.group_wait_s:g} s"))
        if leg.intervals:
            table.add_row("", _text(f"at times muted: {', '.join(leg.intervals)}"))
    return table


def show_hops(hops: Sequence[Hop]) -> RenderableType:
    """Return the hops as a table, and what they come to."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("hop", "took", "outcome", "evidence"):
        table.add_column(name, justify="right" if name == "took" else "left")
    for hop in hops:
        took = "" if hop.took_s is None else f"{hop.took_s:.1f} s"
        table.add_row(_text(hop.name), took, Text(hop.outcome, STYLES[hop.outcome]), _text(hop.evidence))
    return Group(table, _text(find_outcome(hops)))


def describe_path(leg: Leg) -> str:
    """Return the routes on the way, in words."""
    return " > ".join(leg.path)


def describe_senders(leg: Leg) -> str:
    """Return what a receiver is told by, in words."""
    return ", ".join(sender.integration for sender in leg.senders) or "no integration: nobody is told"


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
