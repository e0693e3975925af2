"""A run, or what else is judged, as one HTML page, which opens offline and asks the network for nothing.

The page carries its data as one JSON document (`document.py`), the script that draws it (`page/`), and uPlot
for the curves. A content security policy allows just these scripts, by their hashes, and no request at all:
https://www.w3.org/TR/CSP3/. The script writes texts as text only; should one ever become markup, the browser
would still not run it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Any

from alertdrill.reports import RunRecord
from alertdrill.reports.html.document import describe_run
from alertdrill.reports.html.embedding import embed_json, frame_page
from alertdrill.reports.html.joining import join_scripts, join_styles, read_asset


def render(
    record: RunRecord,
    changes: Sequence[Mapping[str, str]] = (),
    scores: Mapping[str, float] = MappingProxyType({}),
) -> str:
    """Return the page; it is complete but for the logs, which it links to by their relative names.

    `changes` is what differs from the runs before (`changes.py`), `scores` what share of mutants is noticed.
    """
    return draw(describe_run(record, changes, scores))


def draw(document: Mapping[str, Any], *, asks: bool = False) -> str:
    """Return the page of a document; one that `asks` follows the run at where it came from.

    The document says what it is `of`, a run or what else is judged. Each has a `head`, a `matrix`, `facts`,
    `logs`, `live`, and what to read `elsewhere` where the page cannot be drawn; `page/reports.js` knows the
    rest.
    """
    outcome = document["head"]["outcome"]
    return frame_page(
        title=f"alertdrill: {outcome}",
        head=f"<style>{join_styles()}</style>\n",
        body=f"""<main id="page"><h1>{escape(outcome)}</h1>
<noscript><p>The page needs JavaScript; {escape(document["elsewhere"])}</p></noscript>
</main>
<script type="application/json" id="run-data">{embed_json(document)}</script>""",
        scripts=(read_asset("uplot/uPlot.iife.min.js"), join_scripts()),
        images="data:",
        asks=asks,
    )
