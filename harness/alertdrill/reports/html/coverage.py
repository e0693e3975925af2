"""What the run has proved of each alert, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from alertdrill.core.wording import printable
from alertdrill.judging.claims import HOPS, say_inbox
from alertdrill.judging.coverage import Cell, Row, say_counts
from alertdrill.reports import RunRecord

LOOKS = {
    "proved": ("met", "✓"),
    "failed": ("unmet", "✗"),
    "unobserved": ("unobserved", "?"),
    "not drilled": ("muted", "-"),
}
NOTHING = '<div class="muted">does not apply</div>'


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
    apart = next((row for row in coverage.rows if row.stands_apart), None)
    for row in coverage.rows:
        if row is apart:
            yield f'<tr><th colspan="{len(HOPS) + 1}" class="muted">To drill the paging path</th></tr>'
        link = f'<a href="#{ids[row.alert]}-alert">{escape(printable(row.alert))}</a>'
        yield f'<tr><th scope="row">{link}</th>{"".join(_hop(row, hop) for hop in HOPS)}</tr>'
    yield "</tbody></table></div>"
    if coverage.left_out:
        names = escape(printable(", ".join(coverage.left_out)))
        yield f'<p class="muted small">Left out, since they prove what is wrong with them: {names}.</p>'


def _hop(row: Row, hop: str) -> str:
    cells = [cell for cell in row.cells if cell.claim.hop == hop]
    return f'<td data-hop="{hop}">{"".join(map(_cell, cells)) or NOTHING}</td>'


def _cell(cell: Cell) -> str:
    kind, mark = LOOKS[cell.state]
    words = ": ".join(filter(None, (cell.state, escape(printable(say_inbox(cell.claim))))))
    return f'<div class="{kind}"><span class="mark">{mark}</span>{words}</div>'
