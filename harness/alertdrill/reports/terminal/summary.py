"""The summary: what a person sees in a terminal when a run is over, at the width that the console has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.text import Text

from alertdrill.core.clock import format_s
from alertdrill.core.timeline import SuppressedSpan
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.core.wording import say_number, say_selector
from alertdrill.judging.coverage import say_counts
from alertdrill.judging.kinds import find_kind
from alertdrill.judging.page_latency import count_told, find_held, time_hops
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
from alertdrill.reports.terminal.lines import flow
from alertdrill.reports.terminal.pages import tabulate_pages
from alertdrill.reports.terminal.script import Script

MARKS: Mapping[str, tuple[str, str]] = {"met": ("✓", "green"), "unobserved": ("?", "yellow")}
UNMET = ("✗", "bold red")
TROUBLES = 5
SUPPRESSED_SPANS = 2


def summary(record: RunRecord) -> RenderableType:
    """Return the outcome of a run: a line per expectation, its times counted from the drill's start."""
    return _Summary(record)


def show_verdict(record: RunRecord, verdict: Verdict) -> RenderableType:
    """Return what the summary says of one drill: a line per expectation, and why one is not met."""
    return _Lines(record, (verdict,))


@dataclass(frozen=True, slots=True)
class _Summary:
    record: RunRecord

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        say, record, width = Script(options.ascii_only), self.record, options.max_width
        yield _Lines(record, record.verdicts)
        yield Text()
        pages = tabulate_pages(record.timeline, width, say)
        if pages is not None:
            yield pages
            yield Text()
        if record.exit_code:
            for trouble in record.timeline.paging.troubles[:TROUBLES]:
                yield Text(say(f"! {_sentence(trouble)}"))
        if (coverage := record.coverage).rows:
            yield Text(
                f"Coverage of {say_number(len(coverage.rows), 'alert')}: {say_counts(coverage)}", style="dim"
            )
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


@dataclass(frozen=True, slots=True)
class _Lines:
    """A line for each expectation of some verdicts, in columns."""

    record: RunRecord
    verdicts: tuple[Verdict, ...]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        say, record, width = Script(options.ascii_only), self.record, options.max_width
        entries = [
            (finding, _title(record, verdict, finding, say), _seen(record, verdict, finding, say))
            for verdict in self.verdicts
            for finding in verdict.findings or (None,)
        ]
        pad = max((title[0].cell_len for _, title, _ in entries), default=0)
        # That a replay sees no page is said once, below.
        fine = {"met", "unobserved"} if record.timeline.mode == REPLAY else {"met"}
        wide = all(_length([*title, *seen]) + pad <= width for _, title, seen in entries)
        for finding, title, seen in entries:
            title[0].pad_right(max(0, min(pad, width // 3) - title[0].cell_len))
            yield from flow([*title, *seen] if wide else title, width)
            if not wide:
                yield from flow(seen, width, lead="    ")
            if finding is not None and (finding.outcome not in fine or finding.doubt):
                yield _evidence(record, finding, say)
        yield Text(say(_explain_times(record)), style="dim")


def _find_mark(record: RunRecord, outcome: str) -> tuple[str, str]:
    """Return an outcome's mark and colour; of a run whose clock is doubted, nobody can tell any."""
    return MARKS.get("unobserved" if record.doubts else outcome, UNMET)


def _title(record: RunRecord, verdict: Verdict, finding: Finding | None, say: Script) -> list[Text]:
    mark, style = _find_mark(record, finding.outcome if finding else verdict.outcome)
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
        said = "cannot tell: see below" if verdict.doubt else "nothing fired, as it should be"
        return [Text(said, style="dim")]
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
        parts.append(Text(say(f"notified: {told or 'nobody'}"), style="dim"))
    return parts or [Text("nothing seen", style="dim")]


def _say_held(held: Sequence[SuppressedSpan], say: Script) -> list[Text]:
    parts = [
        Text(say(f"{span.why} "), style="dim").append(f"{format_s(span.since_s)} to {format_s(span.until_s)}")
        for span in held[:SUPPRESSED_SPANS]
    ]
    left_out = len(held) - SUPPRESSED_SPANS
    return [*parts, Text(f"and {left_out} more", style="dim")] if left_out > 0 else parts


def _evidence(record: RunRecord, finding: Finding, say: Script) -> RenderableType:
    """Say why a finding is not met, in as many lines as the judge gave it, and what was expected."""
    _, style = _find_mark(record, finding.outcome)
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
    if record.doubts and facts:
        # None of them is: that is what they would be if the clock were trusted.
        number, outcome = facts[0].split(" ")
        facts[0] = f"{number} would be {outcome}"
    facts += [
        say_number(expectations, "expectation"),
        f"{format_s(record.timeline.until_s)} of rule time in {format_s(record.wall_s)}",
    ]
    return Text(say_outcome(record), style=f"bold {colour}").append(
        say(": " + " · ".join(facts)), style="not bold default"
    )


def _length(parts: Sequence[Text]) -> int:
    return sum(part.cell_len + 2 for part in parts)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
