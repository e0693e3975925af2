"""mutation.html: the report in one file that opens offline and asks the network for nothing.

It carries the web component that shows the open schema (see elements/README.md), and a content security
policy that allows its two scripts by their hashes, and no request at all.
"""

from __future__ import annotations

import json
from html import escape
from importlib import resources

from alertdrill.reports.html.embedding import embed_json, hash_script

COMPONENT = "elements/mutation-test-elements.js"
START = """\
const report = JSON.parse(document.getElementById("report").textContent);
document.querySelector("mutation-test-report-app").report = report;
"""


def render_page(report: str, title: str) -> str:
    """Return the page of a report, which is the text of mutation.json."""
    component = resources.files(__package__).joinpath(COMPONENT).read_text(encoding="utf-8")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {hash_script(component)} {hash_script(START)}",
            "style-src 'unsafe-inline'",  # the component styles its own elements
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escape(title)}</title>
</head>
<body>
<mutation-test-report-app titlePostfix="{escape(title)}"></mutation-test-report-app>
<noscript><p>This page needs JavaScript; mutation.json has the same.</p></noscript>
<script type="application/json" id="report">{embed_json(json.loads(report))}</script>
<script>{component}</script>
<script>{START}</script>
</body>
</html>
"""
