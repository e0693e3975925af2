"""The board: what a person sees in a terminal while a run goes on.

It is drawn at the width and height that the console has. A log file gets `progress_line` instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from alertdrill.core.clock import format_s
from alertdrill.core.wording import say_selector
from alertdrill.reports.progress import AlertRow, BoardState, State, Status
from alertdrill.reports.terminal.lines import flow
from alertdrill.reports.terminal.script import Script
from alertdrill.reports.terminal.script import say as write

STATUSES: Mapping[Status, tuple[str, str]] = {
    "starting": ("◌", "yellow"),
    "up": ("●", "green"),
    "stopped": ("○", "dim"),
    "failed": ("✗", "bold red"),
}
STATES: Mapping[State, tuple[str, str]] = {
    "inactive": ("○", "dim"),
    "pending": ("◌", "yellow"),
    "firing": ("●", "bold red"),
}
PROFILE_ROWS = 4
ALERT_ROWS = 16
NARROW = 100
SHORT_PROFILE_ROWS = 2
SHORT = 32
OTHER_LINES = 9  # the board's lines that are neither head, activity nor alert, and a line to spare


def board(state: BoardState) -> RenderableType:
    """Return the live view of a run; it fits the console's width, and its height by leaving rows out."""
    return _Board(state)


def progress_line(state: BoardState) -> str:
    """Say in one short line of ASCII how far the run is, for logs."""
    counts = [
        f"{sum(row.state == kind for row in state.alerts)} {kind}" for kind in STATES if kind != "inactive"
    ]
    paged = sum(row.paged_s is not None for row in state.alerts)
    line = (
        f"{state.progress} ({state.share:.0%}), "
        f"{format_s(state.left_wall_s)} of wall time left: {', '.join(counts)}, {paged} paged, "
        f"{len(state.profiles)} load profiles running"
    )
    message = f"; {state.message}" if state.message else ""
    return write(" ".join((line + message).split()), ascii_only=True)


@dataclass(frozen=True, slots=True)
class _Board:
    state: BoardState

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        state, say = self.state, Script(options.ascii_only)
        height = console.size.height
        activity = _activity(state, SHORT_PROFILE_ROWS if height < SHORT else PROFILE_ROWS, say)
        head = _head(state, options.max_width, say)
        lines = len(head) + len(console.render_lines(activity, options.update(height=None)))
        rows = min(ALERT_ROWS, max(3, height - OTHER_LINES - lines))
        left_out = len(state.alerts) - rows
        yield from head
        yield Text()
        yield _progress(state, say)
        yield Text()
        yield activity
        yield Text()
        yield _alerts(_most_urgent(state.alerts, rows), options.max_width, say)
        yield Text(f"  and {left_out} more" if left_out > 0 else "", style="dim")
        yield Text(say(f"  {state.message}"), style="cyan", no_wrap=True, overflow=say.overflow)


def _head(state: BoardState, width: int, say: Script) -> list[Text]:
    """Say what runs, on what; versions have a line of their own where they would be cut."""
    drills = "1 drill" if state.drills == 1 else f"{state.drills} drills"
    facts = [drills, state.stack, f"speed {state.speed:g}"]
    engines = [f"{name} {version}" for name, version in state.engines.items()]
    first = _head_line("alertdrill", [*facts, *engines], say)
    if not engines or first.cell_len <= width:
        return [first]
    return [_head_line("alertdrill", facts, say), _head_line(" " * len("alertdrill"), engines, say)]


def _head_line(start: str, facts: Sequence[str], say: Script) -> Text:
    line = Text("  ", no_wrap=True, overflow=say.overflow)
    line.append(start, style="bold")
    return line.append(say("  " + " · ".join(facts)), style="dim")


def _progress(state: BoardState, say: Script) -> RenderableType:
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(width=0)
    grid.add_column(ratio=1)
    grid.add_column(no_wrap=True, justify="right")
    left = f"{format_s(state.wall_s)} gone · {format_s(state.left_wall_s)} left"
    bar = ProgressBar(total=1.0, completed=state.share, complete_style="cyan", finished_style="green")
    grid.add_row("", bar, Text(state.progress))
    grid.add_row("", Text("rule time", style="dim"), Text(say(f"wall time {left}"), style="dim"))
    return grid


def _activity(state: BoardState, profile_rows: int, say: Script) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=0)
    grid.add_column(style="dim", width=7)
    grid.add_column(overflow=say.overflow)
    grid.add_row("", "stack", _Stack(state.components))
    if not state.profiles:
        grid.add_row("", "traffic", Text("none now", style="dim"))
    for row, profile in enumerate(state.profiles[:profile_rows]):
        line = Text(say(profile.name), no_wrap=True, overflow=say.overflow)
        line.append(say(f"  {profile.scenario}"), style="dim").append(f"  {profile.rate_per_s:g}/s")
        grid.add_row("", "" if row else "traffic", line)
    if len(state.profiles) > profile_rows:
        grid.add_row("", "", Text(f"and {len(state.profiles) - profile_rows} more", style="dim"))
    return grid


@dataclass(frozen=True, slots=True)
class _Stack:
    components: Mapping[str, Status]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        say = Script(options.ascii_only)
        parts = []
        for name, status in self.components.items():
            mark, style = STATUSES[status]
            part = Text(say(mark), style=style).append(say(f" {name}"), style="not bold default")
            parts.append(part if status == "up" else part.append(f" {status}"))
        yield from flow(parts or [Text("none yet", style="dim")], options.max_width, indent="")

    def __rich_measure__(self, _: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(0, options.max_width)


def _most_urgent(alerts: Sequence[AlertRow], rows: int) -> list[AlertRow]:
    """Choose the rows that matter most, but keep them in their order, so that the board stays calm."""
    urgency = {"firing": 0, "pending": 1, "inactive": 2}
    ranked = sorted(
        range(len(alerts)),
        key=lambda index: (urgency[alerts[index].state], alerts[index].paged_s is None, index),
    )
    return [alerts[index] for index in sorted(ranked[:rows])]


def _alerts(alerts: Sequence[AlertRow], width: int, say: Script) -> RenderableType:
    """On a narrow console, labels shrink to their values and the receiver is left out."""
    narrow = width < NARROW
    table = Table(box=None, expand=True, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", width=0)
    table.add_column("alert", ratio=1, no_wrap=True, overflow=say.overflow)
    table.add_column("state", no_wrap=True, width=17)
    table.add_column("page", no_wrap=True, overflow=say.overflow, width=14 if narrow else 30)
    for row in alerts:
        mark, style = STATES[row.state]
        quiet = row.state == "inactive" and row.paged_s is None
        state = Text(say(f"{mark} {row.state}"), style=style)
        if row.since_s is not None and row.state != "inactive":
            state.append(f" {format_s(row.since_s)}")
        labels = " " + " ".join(row.labels.values()) if narrow else say_selector("", row.labels)
        name = Text(say(row.alert), style="dim" if quiet else "").append(say(labels), style="dim")
        table.add_row("", name, state, _page(row, "" if narrow else f" → {row.receiver}", say))
    return table


def _page(row: AlertRow, receiver: str, say: Script) -> Text:
    if row.page_closed_s is not None:
        return Text(say(f"closed {format_s(row.page_closed_s)}{receiver}"), style="green")
    if row.paged_s is not None:
        return Text(say(f"paged {format_s(row.paged_s)}{receiver}"), style="bold")
    return Text("-", style="dim")
