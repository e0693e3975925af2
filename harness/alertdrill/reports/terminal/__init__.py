"""What a person sees in a terminal: the board while a run goes on, and the summary when it is over.

Both are drawn at the width that the console has. A console that cannot write Unicode gets plain ASCII, and a
log file gets `progress_line` instead of the board.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from alertdrill.core.clock import format_s
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import SuppressedSpan
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.core.wording import say_selector
from alertdrill.judging.coverage import say_counts
from alertdrill.judging.kinds import find_kind
from alertdrill.judging.latency import count_told, find_held, time_hops
from alertdrill.reports import (
    HOPS,
    REPLAY,
    RunRecord,
    say_agreement,
    say_delay,
    say_deliveries,
    say_expected,
    say_outcome,
    say_told,
)
from alertdrill.reports.terminal.pages import tabulate_pages
from alertdrill.reports.terminal.script import Script
from alertdrill.reports.terminal.script import say as write

Status = Literal["starting", "up", "stopped", "failed"]
State = Literal["inactive", "pending", "firing"]

MARKS: Mapping[str, tuple[str, str]] = {"met": ("✓", "green"), "unobserved": ("?", "yellow")}
UNMET = ("✗", "bold red")
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
TROUBLES = 5
SUPPRESSED_SPANS = 2
OTHER_LINES = 10  # the board's lines that are neither activity nor an alert, and a line to spare


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRow:
    """Traffic that is being sent."""

    name: str
    scenario: str
    rate_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An alert instance that is expected or was seen; instants are rule time from the start of the run."""

    alert: str
    labels: Labels
    state: State = "inactive"
    since_s: float | None = None
    paged_s: float | None = None
    page_closed_s: float | None = None
    receiver: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardState:
    """What the board shows at one instant; `components` are the processes of the stack."""

    drills: int
    stack: str
    speed: float
    until_s: float
    now_rule_s: float = 0.0
    wall_s: float = 0.0
    engines: Labels = field(default_factory=dict)
    components: Mapping[str, Status] = field(default_factory=dict)
    profiles: tuple[ProfileRow, ...] = ()
    alerts: tuple[AlertRow, ...] = ()
    message: str = ""

    @property
    def share(self) -> float:
        """How much of the run's rule time has gone by, 0 to 1."""
        return min(1.0, max(0.0, self.now_rule_s / self.until_s)) if self.until_s > 0 else 0.0

    @property
    def left_wall_s(self) -> float:
        """Wall time until the last alert has been watched."""
        return max(0.0, self.until_s - max(0.0, self.now_rule_s)) / self.speed


def board(state: BoardState) -> RenderableType:
    """Return the live view of a run; it fits the console's width, and its height by leaving rows out."""
    return _Board(state)


def summary(record: RunRecord) -> RenderableType:
    """Return the outcome of a run: a line per expectation, its times counted from the drill's start."""
    return _Summary(record)


def progress_line(state: BoardState) -> str:
    """Say in one short line of ASCII how far the run is, for logs."""
    counts = [
        f"{sum(row.state == kind for row in state.alerts)} {kind}" for kind in STATES if kind != "inactive"
    ]
    paged = sum(row.paged_s is not None for row in state.alerts)
    line = (
        f"{format_s(state.now_rule_s)} of {format_s(state.until_s)} ({state.share:.0%}), "
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
        lines = len(console.render_lines(activity, options.update(height=None)))
        rows = min(ALERT_ROWS, max(3, height - OTHER_LINES - lines))
        left_out = len(state.alerts) - rows
        yield _head(state, say)
        yield Text()
        yield _progress(state, say)
        yield Text()
        yield activity
        yield Text()
        yield _alerts(_most_urgent(state.alerts, rows), options.max_width, say)
        yield Text(f"  and {left_out} more" if left_out > 0 else "", style="dim")
        yield Text(say(f"  {state.message}"), style="cyan", no_wrap=True, overflow=say.overflow)


def _head(state: BoardState, say: Script) -> Text:
    drills = "1 drill" if state.drills == 1 else f"{state.drills} drills"
    facts = [drills, state.stack, f"speed {state.speed:g}"]
    facts += [f"{name} {version}" for name, version in state.engines.items()]
    head = Text("  ", no_wrap=True, overflow=say.overflow)
    head.append("alertdrill", style="bold")
    return head.append(say("  " + " · ".join(facts)), style="dim")


def _progress(state: BoardState, say: Script) -> RenderableType:
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(width=0)
    grid.add_column(ratio=1)
    grid.add_column(no_wrap=True, justify="right")
    times = f"{format_s(state.now_rule_s)} of {format_s(state.until_s)}"
    left = f"{format_s(state.wall_s)} gone · {format_s(state.left_wall_s)} left"
    bar = ProgressBar(total=1.0, completed=state.share, complete_style="cyan", finished_style="green")
    grid.add_row("", bar, Text(times))
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
        yield from _flow(parts or [Text("none yet", style="dim")], options.max_width, indent="")

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


@dataclass(frozen=True, slots=True)
class _Summary:
    record: RunRecord

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        say, record, width = Script(options.ascii_only), self.record, options.max_width
        entries = [
            (finding, _title(verdict, finding, say), _seen(record, verdict, finding, say))
            for verdict in record.verdicts
            for finding in verdict.findings or (None,)
        ]
        pad = max((title[0].cell_len for _, title, _ in entries), default=0)
        # That a replay sees no page is said once, below.
        fine = {"met", "unobserved"} if record.timeline.mode == REPLAY else {"met"}
        wide = all(_length([*title, *seen]) + pad <= width for _, title, seen in entries)
        for finding, title, seen in entries:
            title[0].pad_right(max(0, min(pad, width // 3) - title[0].cell_len))
            yield from _flow([*title, *seen] if wide else title, width)
            if not wide:
                yield from _flow(seen, width, lead="    ")
            if finding is not None and (finding.outcome not in fine or finding.doubt):
                yield _evidence(finding, say)
        yield Text(say(_explain_times(record)), style="dim")
        yield Text()
        pages = tabulate_pages(record.timeline, width, say)
        if pages is not None:
            yield pages
            yield Text()
        if record.exit_code:
            for trouble in record.timeline.paging.troubles[:TROUBLES]:
                yield Text(say(f"! {_sentence(trouble)}"))
        if (coverage := record.coverage).rows:
            yield Text(f"Coverage of {len(coverage.rows)} alerts: {say_counts(coverage)}", style="dim")
        if record.agreement is not None:
            yield Text(say(_sentence(say_agreement(record.agreement))), style="dim")
        for from_s, to_s in record.appended[:1]:
            span = format_s(to_s - from_s)
            yield Text(
                say(f"A quiet tail of {span} was appended, in which nothing was measured."), style="dim"
            )
        quiet = (f"{verdict.drill}: {verdict.doubt}" for verdict in record.verdicts if verdict.doubt)
        for doubt in (*quiet, *record.doubts):
            yield Text(say(f"? {_sentence(doubt)}"), style="bold yellow")
        yield _last_line(record, say)


def _title(verdict: Verdict, finding: Finding | None, say: Script) -> list[Text]:
    mark, style = MARKS.get(finding.outcome if finding else verdict.outcome, UNMET)
    drill = Text(say(mark), style=style).append(say(f" {verdict.drill}"), style="not bold default")
    if finding is None:
        return [drill]
    alert = Text(say(finding.alert))
    return [drill, alert.append(say(say_selector("", finding.labels)), style="dim")]


def _explain_times(record: RunRecord) -> str:
    explained = "Times are rule time from the start of each drill"
    if not any("paged" in finding.observed for verdict in record.verdicts for finding in verdict.findings):
        return f"{explained}."
    both = "rule time" if record.timeline.speed == 1 else "rule/wall time"
    return f"{explained}; after a +, {both} since it fired or resolved."


def _seen(record: RunRecord, verdict: Verdict, finding: Finding | None, say: Script) -> list[Text]:
    if finding is None:
        return [Text("nothing fired, as it should be", style="dim")]
    held = find_held(finding, record.find_placement(verdict), record.timeline)
    times = time_hops(finding, held)
    delays = {"paged": times.firing_to_paged_s, "page_resolved": times.resolved_to_closed_s}
    expected = finding.expectation
    receiver = None if expected is None else find_kind(expected).name_receiver(expected)
    parts = []
    for hop, words in HOPS.items():
        if hop == "paged":
            parts += _say_held(held, say)
        if hop in finding.observed:
            part = Text().append(f"{words} ", style="dim").append(format_s(finding.observed[hop]))
            delay_s = delays.get(hop)
            if delay_s is not None:
                part.append(f" +{say_delay(delay_s, record.timeline.speed)}", style="dim")
            if hop == "paged" and receiver is not None and finding.outcome != "mismatched":
                part.append(say(f" → {receiver}"))
            parts.append(part)
    if finding.outcome == "met" and (receiver is None or "paged" not in finding.observed):
        parts.append(Text(say(finding.evidence), style="dim"))
    if say_deliveries(expected):
        told = say_told(count_told(finding, record.find_placement(verdict), record.timeline))
        parts.append(Text(say(f"told: {told or 'nobody'}"), style="dim"))
    return parts or [Text("nothing seen", style="dim")]


def _say_held(held: Sequence[SuppressedSpan], say: Script) -> list[Text]:
    parts = [
        Text(say(f"{span.why} "), style="dim").append(f"{format_s(span.since_s)} to {format_s(span.until_s)}")
        for span in held[:SUPPRESSED_SPANS]
    ]
    left_out = len(held) - SUPPRESSED_SPANS
    return [*parts, Text(f"and {left_out} more", style="dim")] if left_out > 0 else parts


def _evidence(finding: Finding, say: Script) -> RenderableType:
    """Say why a finding is not met, in as many lines as the judge gave it, and what was expected."""
    _, style = MARKS.get(finding.outcome, UNMET)
    first, *more = finding.evidence.splitlines() or [""]
    if finding.doubt:
        first, more = finding.doubt, [f"seen: {finding.evidence}"]
    said = "cannot tell" if finding.doubt else finding.outcome
    lines = [Text(say(f"{said}: "), style=style).append(say(first), style="not bold default")]
    lines += [Text(say(line)) for line in more]
    lines.append(Text(say(f"expected: {say_expected(finding.expectation)}"), style="dim"))
    lines += [Text(say(f"  {told}"), style="dim") for told in say_deliveries(finding.expectation)]
    return Padding(Group(*lines), (0, 0, 0, 4), expand=False)


def _last_line(record: RunRecord, say: Script) -> Text:
    colour = {0: "green", 1: "red", 3: "yellow"}[record.exit_code]
    expectations = sum(len(verdict.findings) for verdict in record.verdicts)
    facts = [
        f"{record.count(outcome)} {outcome}"
        for outcome in ("met", "unmet", "unobserved")
        if record.count(outcome)
    ]
    facts += [
        f"{expectations} expectations",
        f"{format_s(record.timeline.until_s)} of rule time in {format_s(record.wall_s)}",
    ]
    return Text(say_outcome(record), style=f"bold {colour}").append(
        say(": " + " · ".join(facts)), style="not bold default"
    )


def _length(parts: Sequence[Text]) -> int:
    return sum(part.cell_len + 2 for part in parts)


def _flow(parts: Sequence[Text], width: int, *, lead: str = "", indent: str = "    ") -> Iterator[Text]:
    """Set parts side by side, two spaces apart; what does not fit goes to a further, indented line."""
    line = Text(lead)
    for part in parts:
        if line.plain.strip() and line.cell_len + 2 + part.cell_len > width:
            yield line
            line = Text(indent)
        elif line.plain.strip():
            line.append("  ")
        line.append_text(part)
    yield line


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
