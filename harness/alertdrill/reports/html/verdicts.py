"""What the judge says of each expectation, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from alertdrill.core.clock import format_s
from alertdrill.core.drill import Drill
from alertdrill.core.timeline import SuppressedSpan
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.core.wording import printable, say_selector
from alertdrill.judging.page_latency import count_told, find_held, time_hops
from alertdrill.reports import (
    HOPS,
    RunRecord,
    say_delay,
    say_deliveries,
    say_differences,
    say_expected,
    say_told,
    say_why,
)

MARKS = {"met": "✓", "unobserved": "?"}
MOST_HELD = 2
"""All of them are at the alert's own plot."""


def list_verdicts(record: RunRecord, anchors: Mapping[str, str]) -> Iterator[str]:
    """Yield the HTML of the table; `anchors` has the anchor of each alert's own section, by its name."""
    yield "<h2>Verdicts</h2>"
    both = "rule time" if record.timeline.speed == 1 else "rule time/wall time"
    yield '<p class="muted small">Times are rule time, counted from the start of each drill; '
    yield f"after a +, {both} since the alert fired or resolved.</p>"
    yield '<table class="verdicts"><thead><tr>'
    yield "<th>outcome</th><th>drill</th><th>expected</th><th>seen</th></tr></thead><tbody>"
    for verdict in record.verdicts:
        placement = record.find_placement(verdict)
        about = _drill(
            verdict, placement.drill if placement else None, placement.start_s if placement else None
        )
        for number, finding in enumerate(verdict.findings):
            yield _row(record, verdict, finding, about if not number else _again(verdict), anchors)
        if not verdict.findings:
            doubt = f'<p class="small evidence">{_text(verdict.doubt)}</p>' if verdict.doubt else ""
            yield f"<tr>{_outcome(record, verdict.outcome)}<td>{about}</td>"
            yield f"<td><p>nothing fires</p></td><td><p>nothing fired</p>{doubt}</td></tr>"
    yield "</tbody></table>"


def _drill(verdict: Verdict, drill: Drill | None, start_s: float | None) -> str:
    start = (
        f" Starts at {format_s(start_s)}."
        if start_s is not None
        else " Times count from the start of the run."
    )
    return f'<strong>{_text(verdict.drill)}</strong><p class="muted small">{_text(say_why(drill))}{start}</p>'


def _again(verdict: Verdict) -> str:
    return f'<span class="muted">{_text(verdict.drill)}, too</span>'


def _row(
    record: RunRecord, verdict: Verdict, finding: Finding, about: str, anchors: Mapping[str, str]
) -> str:
    selector = say_selector(finding.alert, finding.labels)
    link = f'<a href="#{anchors[finding.alert]}"><code>{_breakable(selector)}</code></a>'
    told = "".join(f"<li>{_text(words)}</li>" for words in say_deliveries(finding.expectation))
    if told:
        told = f'<ul class="told">{told}</ul>'
    said = [finding.doubt] if finding.doubt else []
    evidence = "".join(
        f'<p class="small evidence">{_text(line)}</p>' for line in (*said, *finding.evidence.splitlines())
    )
    return (
        f"<tr>{_outcome(record, finding.outcome)}<td>{about}</td>"
        f"<td>{link}<p>{_text(say_expected(finding.expectation))}</p>"
        f"{told}</td>"
        f"<td>{_hops(record, verdict, finding)}{evidence}</td></tr>"
    )


def _hops(record: RunRecord, verdict: Verdict, finding: Finding) -> str:
    held = find_held(finding, record.find_placement(verdict), record.timeline)
    times = time_hops(finding, held)
    delays = {"paged": times.firing_to_paged_s, "page_resolved": times.resolved_to_closed_s}
    items = []
    for hop, words in HOPS.items():
        if hop == "paged":
            items += [_held(span) for span in held[:MOST_HELD]]
        if hop in finding.observed:
            delay_s = delays.get(hop)
            delay = "" if delay_s is None else f"+{say_delay(delay_s, record.timeline.speed)}"
            items.append(
                f"<div><dt>{words}</dt> <dd>{format_s(finding.observed[hop])} "
                f'<span class="delay">{delay}</span></dd></div>'
            )
    differences = say_differences(record.find_instants(verdict, finding))
    if differences:
        items.append(f'<div class="wrapped"><dt>replay</dt> <dd>{_text(differences)}</dd></div>')
    told = say_told(count_told(finding, record.find_placement(verdict), record.timeline))
    hops = f'<dl class="hops">{"".join(items)}</dl>' if items else ""
    return f'{hops}<p class="small muted">notified: {_text(told)}</p>' if told else hops


def _held(span: SuppressedSpan) -> str:
    return f"<div><dt>{span.why}</dt> <dd>{format_s(span.since_s)} to {format_s(span.until_s)}</dd></div>"


def _outcome(record: RunRecord, outcome: str) -> str:
    """Return the cell of an outcome; of a run whose clock is doubted it is only what would be."""
    kind, words = outcome if outcome in MARKS else "unmet", outcome
    if record.doubts and outcome != "unobserved":
        kind, words = "unobserved", f"would be {outcome}"
    return f'<td class="outcome-cell {kind}"><span class="mark">{MARKS.get(kind, "✗")}</span>{words}</td>'


def _breakable(selector: str) -> str:
    """Let a line end before the labels, rather than within a name."""
    return _text(selector).replace("{", "<wbr>{", 1)


def _text(text: str) -> str:
    return escape(printable(text))
