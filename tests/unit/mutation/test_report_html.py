"""Tests of mutation.html: one file, in a real browser, that asks nobody for anything."""

from __future__ import annotations

import hashlib
import json
import os
from importlib import resources
from pathlib import Path

import pytest
from support.chromium_session import Browser, demand_chromium

from alertdrill.mutation.report_html import COMPONENT, render_page

SHA256 = "751fb010242b0b44e32d84fe7fe0b9ff1da182823b94f59f5c52b001fcfc163b"
"""Of the component, as its package has it."""
PLACE = {"start": {"line": 4, "column": 5}, "end": {"line": 4, "column": 10}}
REPORT = {
    "schemaVersion": "2.0",
    "thresholds": {"high": 95, "low": 95},
    "files": {
        "rules.yml": {
            "language": "yaml",
            "source": "groups:\n- name: g\n  rules:\n  - alert: </script><script>A\n",
            "mutants": [
                {"id": "1", "mutatorName": "threshold", "status": "Killed", "location": PLACE},
                {"id": "2", "mutatorName": "threshold", "status": "Survived", "location": PLACE},
            ],
        }
    },
}
SHOWN = """(() => {
  const find = (root) => [root.textContent, ...[...root.querySelectorAll("*")]
    .filter((one) => one.shadowRoot).map((one) => find(one.shadowRoot))].join(" ");
  return find(document.querySelector("mutation-test-report-app").shadowRoot);
})()"""

demand_chromium(os.environ)


def test_the_component_is_the_one_of_its_package() -> None:
    """Unchanged, whatever an editor or a formatter does to scripts."""
    content = resources.files("alertdrill.mutation").joinpath(COMPONENT).read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256


def test_texts_of_rules_end_no_script() -> None:
    """They are data, whatever they say."""
    page = render_page(json.dumps(REPORT), "a <title>")
    assert "</script><script>A" not in page
    assert "<title>a &lt;title&gt;</title>" in page


@pytest.mark.asyncio(loop_scope="module")
async def test_scores_are_shown_offline(chromium: Browser, tmp_path: Path) -> None:
    """The component runs under the page's policy, and shows the share of killed mutants."""
    file = tmp_path / "mutation.html"
    file.write_text(render_page(json.dumps(REPORT), "rules"), encoding="utf-8")
    async with chromium.show(file) as page:
        await page.wait_for(f"{SHOWN}.includes('50.00')")
        assert "rules.yml" in await page.evaluate(SHOWN)
        assert page.errors == []
