"""What the receivers got in a run, a line for each of their integrations."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from alertdrill.core.timeline import Timeline
from alertdrill.judging.page_latency import Spread, summarise_inboxes
from alertdrill.reports import say_delay
from alertdrill.reports.terminal.script import Script

ROWS = 20
NARROW = 100


def tabulate_pages(timeline: Timeline, width: int, say: Script) -> Table | None:
    """Return the table, or None if no receiver was told anything; a narrow one leaves wall times out."""
    inboxes = summarise_inboxes(timeline)
    if not inboxes:
        return None
    speed = timeline.speed if width >= NARROW else 1
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("pages", no_wrap=True, overflow=say.overflow)
    for heading in ("opened", "closed", "refused"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("firing to page", no_wrap=True)
    table.add_column("resolved to closed", no_wrap=True)
    for inbox in inboxes[:ROWS]:
        table.add_row(
            Text(say(inbox.receiver)).append(f" {inbox.integration}", style="dim"),
            str(inbox.opened),
            Text(str(inbox.closed), style="" if inbox.closed == inbox.opened else "yellow"),
            Text(str(inbox.refused), style="yellow" if inbox.refused else "dim"),
            _say_spread(inbox.firing_to_paged, speed),
            _say_spread(inbox.resolved_to_closed, speed),
        )
    if len(inboxes) > ROWS:
        table.add_row(Text(f"and {len(inboxes) - ROWS} more", style="dim"))
    return table


def _say_spread(spread: Spread | None, speed: float) -> Text:
    if spread is None:
        return Text("-", style="dim")
    longest = f", max {say_delay(spread.max_s, speed)}"
    return Text(say_delay(spread.median_s, speed)).append(longest, style="dim")
