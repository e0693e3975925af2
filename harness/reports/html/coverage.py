"""What the run has proved of each alert, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from harness.coverage import HOPS, Cell, Row, say_counts, say_inbox
from harness.reports import RunRecord, printable

LOOKS = {
    "proved": ("met", "✓"),
    "failed": ("unmet", "✗"),
    "unobserved": ("unobserved", "?"),
    "not drilled": ("muted", "-"),
}


def list_coverage(record: RunRecord, ids: Mapping[str, str]) -> Iterator[str]:
    """Yield the section: a row for each alert, linked to what it did, and a column for each hop."""
    coverage = record.coverage
    if not coverage.rows:
        return
    yield '<h2 id="coverage">Coverage</h2>'
    yield f'<p class="muted small">By this run alone: {say_counts(coverage)}.</p>'
    heads = "".join(f'<th scope="col">{hop}</th>' for hop in HOPS)
    yield '<div class="coverage" role="region" aria-label="Coverage" tabindex="0"><table>'
    yield f'<thead><tr><th scope="col">alert</th>{heads}</tr></thead><tbody>'
    for row in coverage.rows:
        link = f'<a href="#{ids[row.alert]}-alert">{escape(printable(row.alert))}</a>'
        yield f'<tr><th scope="row">{link}</th>{"".join(_hop(row, hop) for hop in HOPS)}</tr>'
    yield "</tbody></table></div>"
    for why in dict.fromkeys(coverage.left_out.values()):
        names = ", ".join(name for name, own in coverage.left_out.items() if own == why)
        yield f'<p class="muted small">Left out, {why}: {escape(printable(names))}.</p>'


def _hop(row: Row, hop: str) -> str:
    cells = [cell for cell in row.cells if cell.claim.hop == hop]
    return f'<td data-hop="{hop}">{"".join(map(_cell, cells)) or "<div>has no <code>for</code></div>"}</td>'


def _cell(cell: Cell) -> str:
    kind, mark = LOOKS[cell.state]
    words = ": ".join(filter(None, (cell.state, escape(printable(say_inbox(cell.claim))))))
    return f'<div class="{kind}"><span class="mark">{mark}</span>{words}</div>'
