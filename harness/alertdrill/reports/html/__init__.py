"""A run as one HTML page, which opens offline and asks the network for nothing.

The page carries plotly.js, its style and its script, and a content security policy that allows just these
scripts, by their hashes, and no request at all: https://www.w3.org/TR/CSP3/. Should a text of the run ever
get past the escaping, the browser would still not run it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib import resources
from typing import get_args
from urllib.parse import quote

from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]  # plotly ships no types

from alertdrill.core.clock import format_s
from alertdrill.core.expectation import Suppression
from alertdrill.core.rule import AlertRule, Labels
from alertdrill.core.timeline import SuppressedSpan
from alertdrill.core.wording import printable, say_selector
from alertdrill.judging.suppression import say_held
from alertdrill.reports import RunRecord, say_agreement, say_outcome
from alertdrill.reports.html.coverage import list_coverage
from alertdrill.reports.html.embedding import embed_json, frame_page
from alertdrill.reports.html.figure import Figure, draw_alert
from alertdrill.reports.html.incidents import draw_incidents
from alertdrill.reports.html.pages import list_pages
from alertdrill.reports.html.panels import list_panels
from alertdrill.reports.html.verdicts import MARKS, list_verdicts

PAGES = "plot-pages"
KEY = """<li><span class="swatch threshold"></span>threshold</li>
<li><span class="swatch pending"></span>pending</li>
<li><span class="swatch firing"></span>firing</li>
<li>▼ paged</li>
<li>▽ page closed</li>
<li><span class="swatch drill"></span>drill, from start to end</li>
<li><span class="swatch act"></span>its traffic</li>"""
MOST_HELD = 20


def render(record: RunRecord) -> str:
    """Return the page; it is complete but for the logs, which it links to by their relative names."""
    rules: dict[str, list[AlertRule]] = {}
    for rule in record.rules:
        rules.setdefault(rule.name, []).append(rule)
    for name in _name_alerts(record):
        rules.setdefault(name, [])
    figures = {name: draw_alert(record, name, group) for name, group in rules.items()}
    ids = {name: f"plot-{number}" for number, name in enumerate(rules)}
    anchors = {name: f"{anchor}-alert" for name, anchor in ids.items()}
    plots = {ids[name]: figure.plot for name, figure in figures.items() if figure}
    incidents = draw_incidents(record)
    if incidents is not None:
        plots[PAGES] = incidents.plot
    body = [
        *_head(record),
        *list_verdicts(record, anchors),
        *list_pages(record, incidents, PAGES),
        "<h2>What the alerts did</h2>",
        *_key(record),
        *(
            part
            for name, group in rules.items()
            for part in _alert(name, group, figures[name], ids[name], _list_held(record, name))
        ),
        *list_panels(record, anchors),
        *list_coverage(record, ids),
        *_facts(record),
    ]
    return _page(title=f"alertdrill: {say_outcome(record)}", body="\n".join(body), plots=plots)


def _page(*, title: str, body: str, plots: Mapping[str, object]) -> str:
    data = f'<script type="application/json" id="figures">{embed_json(plots)}</script>'
    return frame_page(
        title=printable(title),
        head=f"<style>{_asset('page.css')}</style>\n",
        body=f"{body}\n{data}",
        scripts=(get_plotlyjs(), _asset("page.js")),
        images="data: blob:",  # plotly's button that saves a plot as an image
    )


def _head(record: RunRecord) -> Iterator[str]:
    kind = "unobserved" if record.exit_code == 3 else "unmet" if record.exit_code else "met"
    if kind == "met" and record.count("unobserved"):
        kind = "unobserved"
    timeline = record.timeline
    yield "<header>"
    mark = f'<span class="mark {kind}">{MARKS.get(kind, "✗")}</span>'
    yield f'<h1 class="outcome">{mark}{_text(say_outcome(record))}</h1>'
    yield (
        f'<p class="muted">{_text(record.started_at.strftime("%Y-%m-%d %H:%M:%S %Z").strip())} · '
        f"{format_s(timeline.until_s)} of rule time in {format_s(record.wall_s)} · "
        f"speed {timeline.speed:g} · {_text(timeline.mode)} · exit code {record.exit_code}</p>"
    )
    if timeline.engines:
        engines = " · ".join(f"{name} {version}" for name, version in timeline.engines.items())
        yield f'<p class="muted">{_text(engines)}</p>'
    yield "</header>"
    if record.doubts:
        doubts = "".join(f"<li>{_text(doubt)}</li>" for doubt in record.doubts)
        yield f'<div class="doubts"><strong>Why the clock is doubted</strong><ul>{doubts}</ul></div>'
    yield '<div id="broken" role="alert" hidden></div>'
    yield "<noscript><p>The plots need JavaScript; all else is here.</p></noscript>"


def _key(record: RunRecord) -> Iterator[str]:
    """Explain the plots; what holds pages back only where something did."""
    yield '<ul class="key" aria-label="How to read the plots">'
    yield KEY
    for why in get_args(Suppression):
        if any(span.why == why for span in record.timeline.paging.suppressed):
            yield f'<li><span class="swatch {why}"></span>{why}</li>'
    yield "</ul>"


def _held(spans: Sequence[SuppressedSpan]) -> Iterator[str]:
    """Say what held an alert back, for who cannot see the plot or wants to know by what."""
    if not spans:
        return
    yield '<details><summary>What suppressed it</summary><ul class="told">'
    for span in spans[:MOST_HELD]:
        yield f"<li><code>{_text(say_selector('', span.labels))}</code> {_text(say_held(span))}</li>"
    if len(spans) > MOST_HELD:
        yield f"<li>{len(spans) - MOST_HELD} more are in timeline.json.</li>"
    yield "</ul></details>"


def _list_held(record: RunRecord, alert: str) -> tuple[SuppressedSpan, ...]:
    return tuple(span for span in record.timeline.paging.suppressed if span.alert == alert)


def _alert(
    name: str, rules: Iterable[AlertRule], figure: Figure | None, anchor: str, held: Sequence[SuppressedSpan]
) -> Iterator[str]:
    yield f'<section class="alert" id="{anchor}-alert">'
    yield f"<h3>{_text(name)}</h3>"
    for rule in rules:
        if "summary" in rule.annotations:
            yield f'<p class="muted">{_text(rule.annotations["summary"])}</p>'
    if figure is None:
        yield '<p class="muted">No drill of this run is about it, and nothing was seen of it.</p>'
    else:
        items = "".join(
            f'<li class="{one.dash}" style="--hue: var(--{one.hue})"><code>'
            f"{_text(say_selector('', one.labels) or name)}</code></li>"
            for one in figure.series
        )
        yield f'<ul class="series">{items}</ul>'
        yield f'<div class="plot" id="{anchor}" role="img" aria-label="{_text(name)} over rule time"></div>'
        remarks = list(figure.remarks)
        if figure.left_out:
            remarks.append(
                f"{figure.left_out} more label sets that came less near the threshold are left out."
            )
        yield f'<p class="muted small">{_text(" ".join(remarks))}</p>'
    yield from _held(held)
    for rule in rules:
        yield _rule(rule)
    yield "</section>"


def _rule(rule: AlertRule) -> str:
    rows = [
        ("expr", f"<pre>{_text(rule.expr)}</pre>"),
        ("for", format_s(rule.for_s)),
        ("keep firing for", format_s(rule.keep_firing_for_s)),
        ("group", f"{_text(rule.group)}, evaluated every {format_s(rule.interval_s)}"),
        *((f"label {name}", f"<code>{_text(value)}</code>") for name, value in rule.labels.items()),
        *((name, f"<code>{_text(value)}</code>") for name, value in rule.annotations.items()),
    ]
    return f"<details><summary>The rule as shipped, {_text(rule.source)}</summary>{_list(rows)}</details>"


def _facts(record: RunRecord) -> Iterator[str]:
    yield "<h2>The run</h2>"
    engines: Labels = record.timeline.engines
    yield _list(
        [
            ("started", _text(record.started_at.isoformat())),
            *((name, _text(version)) for name, version in engines.items()),
            *((name, _text(note)) for name, note in record.notes.items()),
            *_agreement(record),
            *(
                ("appended", f"{format_s(from_s)} to {format_s(to_s)}: nothing was measured, a quiet tail")
                for from_s, to_s in record.appended
            ),
        ]
    )
    if record.logs:
        links = "".join(f'<li><a href="{escape(quote(log))}">{_text(log)}</a></li>' for log in record.logs)
        yield f'<h2>Logs</h2><ul class="logs">{links}</ul>'


def _agreement(record: RunRecord) -> Iterator[tuple[str, str]]:
    if record.agreement is not None:
        yield "recording", _text(say_agreement(record.agreement))
        for note in record.agreement.notes:
            yield "replay", _text(note)


def _list(rows: Iterable[tuple[str, str]]) -> str:
    items = "".join(f"<dt>{_text(name)}</dt><dd>{value}</dd>" for name, value in rows)
    return f'<dl class="facts">{items}</dl>'


def _name_alerts(record: RunRecord) -> Iterator[str]:
    for verdict in record.verdicts:
        for finding in verdict.findings:
            yield finding.alert
    for event in record.timeline.events:
        yield event.alert


def _text(text: str) -> str:
    return escape(printable(text))


def _asset(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
