"""What the systems' dashboards showed over the run: a section a system, a small chart a panel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby

from alertdrill.core.wording import printable
from alertdrill.reports import RunRecord
from alertdrill.reports.html.chart import draw_chart, find_unit, say_curve
from alertdrill.reports.html.heatmap import draw_heatmap, is_histogram, say_darkest
from alertdrill.reports.html.series import HUES
from alertdrill.rules.panels import PanelCurves


def list_panels(record: RunRecord, anchors: Mapping[str, str]) -> Iterator[str]:
    """Yield the HTML of all panels; `anchors` has the anchor of each alert's own section, by its name."""
    if not record.panels:
        return
    yield "<h2>What the dashboards showed</h2>"
    yield (
        '<p class="muted small">Every panel&#39;s own queries, asked of Prometheus over the whole run. '
        "The dashed line is the threshold of the alert that the panel is about.</p>"
    )
    for system, group in groupby(record.panels, key=lambda shown: shown.dashboard.system):
        by_title = {shown.panel.title: shown for shown in group}
        dashboard = next(iter(by_title.values())).dashboard
        yield f'<section class="dashboard" id="dashboard-{_text(system)}">'
        yield f'<h3>{_text(dashboard.title)} <span class="muted">{_text(system)}</span></h3>'
        for row in dashboard.rows:
            yield f"<h4>{_text(row.title)}</h4>"
            yield '<div class="panels">'
            for panel in row.panels:
                yield from _panel(by_title[panel.title], record.timeline.until_s, anchors)
            yield "</div>"
        yield "</section>"


def _panel(shown: PanelCurves, until_s: float, anchors: Mapping[str, str]) -> Iterator[str]:
    panel = shown.panel
    yield '<figure class="panel">'
    yield f"<figcaption>{_text(panel.title)}</figcaption>"
    if shown.curves and is_histogram(shown):
        yield draw_heatmap(shown, until_s)
        yield f'<p class="muted small">{_text(say_darkest(shown, until_s))}</p>'
    elif shown.curves:
        yield draw_chart(shown, until_s)
        yield f'<ul class="series">{"".join(_entries(shown))}</ul>'
    for remark in _remarks(shown, anchors):
        yield f'<p class="muted small">{remark}</p>'
    yield "</figure>"


def _entries(shown: PanelCurves) -> Iterator[str]:
    for number, curve in enumerate(shown.curves):
        dash = "dot" if number >= HUES else "solid"
        words = _text(say_curve(curve, find_unit(shown.panel)))
        yield f'<li class="{dash}" style="--hue: var(--hue-{number % HUES})">{words}</li>'


def _remarks(shown: PanelCurves, anchors: Mapping[str, str]) -> Iterator[str]:
    threshold = shown.panel.threshold
    if threshold is not None:
        name = _text(threshold.alert)
        anchor = anchors.get(threshold.alert)
        yield f'<a href="#{anchor}"><code>{name}</code></a>' if anchor else f"<code>{name}</code>"
    if shown.trouble:
        yield f"It could not be asked: {_text(shown.trouble)}"
    elif not shown.curves:
        reasons = [query.empty_when_healthy for query in shown.panel.queries if query.empty_when_healthy]
        yield _text(f"No data in this run: {'; '.join(reasons)}." if reasons else "No data in this run.")
    if shown.left_out:
        yield f"{shown.left_out} more series with lower values are left out."


def _text(text: str) -> str:
    return escape(printable(text))
