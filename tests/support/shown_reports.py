"""Shows a report in a real browser, and asks what a person would see."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from support.chromium_session import Browser, BrowserPage

WATCH = """
window.troubles = [];
addEventListener("error", (event) => troubles.push(String(event.message)), true);
addEventListener("unhandledrejection", (event) => troubles.push(String(event.reason)));
document.addEventListener("securitypolicyviolation", (event) => troubles.push(event.blockedURI));
"""
AXE = Path(__file__).parent / "axe" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
ASK_AXE = f"""axe.run(document, {{ runOnly: {json.dumps(RULES)} }}).then(({{ violations }}) =>
  violations.map((one) =>
    one.id + ": " + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | ")))"""
OPEN_ALL = """for (let round = 0; round < 3; round++)
  document.querySelectorAll("details").forEach((one) => { if (one.build) one.build(); one.open = true; })"""
# And not innerText, which leaves out what was not on the screen yet.
TEXT = "document.getElementById('page').textContent"
SHOWN = "[...document.querySelectorAll('#list .drill')].map((one) => one.dataset.path.slice(6))"
FOUND = "document.getElementById('found').textContent"
PAINTED = "document.querySelector('#timeline svg')"
"""A timeline is painted when it is seen, which is a moment after the page was drawn."""
DRAWN = "document.documentElement?.dataset.drawn === 'yes'"
FOCUS = """(() => { const here = document.activeElement;
  return (here.closest("[data-path]") || here).dataset.path || here.id; })()"""
FIRST = "metis-latency-fires"


@asynccontextmanager
async def show(
    chromium: Browser, page: Path, address: str = "", *, width: int = 1200, dark: bool = False
) -> AsyncIterator[BrowserPage]:
    """Show a page at an address within it, wholly drawn; it must end without an error of its own."""
    async with chromium.show(page.as_uri() + address, width=width, dark=dark, script=WATCH) as browser:
        await browser.wait_for(DRAWN)
        yield browser
        assert await browser.evaluate("troubles") == []
        assert browser.errors == []
        assert await browser.evaluate("document.getElementById('broken').hidden")
