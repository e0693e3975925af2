"""mutation.html: the report in one file that opens offline and asks the network for nothing.

It carries the web component that shows the open schema (see elements/README.md), and a content security
policy that allows its two scripts by their hashes, and no request at all.
"""

from __future__ import annotations

import json
from html import escape
from importlib import resources

from alertdrill.reports.html.embedding import embed_json, frame_page

COMPONENT = "elements/mutation-test-elements.js"
START = """\
const report = JSON.parse(document.getElementById("report").textContent);
document.querySelector("mutation-test-report-app").report = report;
"""


def render_page(report: str, title: str) -> str:
    """Return the page of a report, which is the text of mutation.json."""
    component = resources.files(__package__).joinpath(COMPONENT).read_text(encoding="utf-8")
    data = f'<script type="application/json" id="report">{embed_json(json.loads(report))}</script>'
    return frame_page(
        title=title,
        body=f"""<mutation-test-report-app titlePostfix="{escape(title)}"></mutation-test-report-app>
<noscript><p>This page needs JavaScript; mutation.json has the same.</p></noscript>
{data}""",
        scripts=(component, START),
        images="data:",
    )
