"""The page that a run is watched on, in a real browser, with a run that is a script."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from support.chromium_session import Browser, BrowserPage, demand_chromium
from support.poisoned_records import NASTY, poison
from support.report_records import build_record
from support.scripted_run import look
from support.shown_reports import ASK_AXE, AXE, DRAWN, OPEN_ALL, WATCH

from alertdrill.cli.live_page import LivePage, open_live_page
from alertdrill.reports import html
from alertdrill.reports.html.document import describe_run
from alertdrill.reports.progress import AlertRow

demand_chromium(os.environ)

pytestmark = pytest.mark.asyncio(loop_scope="module")

RECORD = build_record()
HEAD = "document.querySelector('#head h1').innerText"
SHARE = "Number(document.querySelector('#live [role=progressbar]')?.getAttribute('aria-valuenow'))"
FIRING = "document.querySelectorAll('#timeline .bar.firing').length"
PAGES = "document.querySelectorAll('#pages .incident').length"


@pytest.fixture
async def page() -> AsyncIterator[LivePage]:
    """Serve the page of a run at its first minute."""
    with open_live_page() as opened:
        opened.show(look(RECORD, 60.0))
        yield opened


async def open_page(browser: BrowserPage) -> None:
    """Wait until the page is drawn."""
    await browser.wait_for(DRAWN)


async def test_a_page_grows_with_its_run_and_is_the_report_in_the_end(
    page: LivePage, chromium: Browser
) -> None:
    """Progress and time left, firing bands, pages and drills come as they happen; then the verdict."""
    async with chromium.show(page.url, script=WATCH) as browser:
        await open_page(browser)
        assert "0 over" in await browser.evaluate(HEAD)
        assert await browser.evaluate(SHARE) == 1
        assert await browser.evaluate(FIRING) == 0
        assert "1:09 left" in await browser.evaluate("document.getElementById('live').innerText")
        page.show(look(RECORD, 1500.0))
        await browser.wait_for(f"{FIRING} > 0 && {PAGES} > 0")
        assert await browser.evaluate(SHARE) == 36
        first = await browser.evaluate(PAGES)
        page.show(look(RECORD, 4000.0))
        await browser.wait_for(f"{PAGES} > {first}")
        await browser.wait_for("document.querySelectorAll('#list [data-group=over]').length === 1")
        page.conclude(describe_run(RECORD, [], {}))
        await browser.wait_for(f"{HEAD}.includes('3 of 18 drills not met')")
        await browser.wait_for("document.querySelectorAll('#matrix tbody tr').length > 3")
        assert await browser.evaluate("document.getElementById('live').innerText") == ""
        assert await browser.evaluate("troubles") == []
        assert browser.errors == []


async def test_a_concluded_page_shows_what_report_html_shows(page: LivePage, chromium: Browser) -> None:
    """What is written at the end is that page, word for word."""
    # And not innerText, which leaves out rows that were not on the screen yet.
    text = "document.getElementById('page').textContent"
    hidden = "[...document.querySelectorAll('nav a')].map((one) => one.hidden).join()"
    async with chromium.show(page.url) as browser:
        await open_page(browser)
        page.conclude(describe_run(RECORD, [], {}))
        await browser.wait_for(f"{HEAD}.includes('not met')")
        await browser.wait_for("document.querySelectorAll('#list [data-group=met]').length")
        watched = await browser.evaluate(text), await browser.evaluate(hidden)
        await browser.reload()
        await browser.wait_for(DRAWN)
        assert (await browser.evaluate(text), await browser.evaluate(hidden)) == watched


async def test_a_browser_that_comes_late_sees_all(page: LivePage, chromium: Browser) -> None:
    """Of what was shown while nobody looked, nothing is missing."""
    page.show(look(RECORD, 4000.0))
    async with chromium.show(page.url) as browser:
        await open_page(browser)
        pages = await browser.evaluate(PAGES)
        firing = await browser.evaluate(FIRING)
    opened = [event for event in RECORD.timeline.events if event.kind == "paged" and event.at_s <= 4000]
    assert pages == len(opened)
    assert firing > 1


async def test_the_token_does_not_stay_in_the_address(page: LivePage, chromium: Browser) -> None:
    """A link that somebody sends on from the browser lets nobody in."""
    async with chromium.show(page.url) as browser:
        await open_page(browser)
        assert "token" not in await browser.evaluate("location.href")
        assert await browser.evaluate("document.cookie") == ""


async def test_what_a_person_does_lasts_while_the_page_grows(page: LivePage, chromium: Browser) -> None:
    """An open drill stays open, a search and what is typed in it too, and so does the zoom."""
    page.show(look(RECORD, 1000.0))
    async with chromium.show(f"{page.url}", script=WATCH) as browser:
        await open_page(browser)
        await browser.evaluate("location.hash = '#drill/metis-latency-fires'")
        drill = "document.querySelector('[data-path=\"drill/metis-latency-fires\"]')"
        await browser.wait_for(f"{drill}?.open")
        await browser.evaluate("document.querySelector('#timeline button').click()")
        zoomed = await browser.evaluate("document.querySelector('#timeline .tools span').innerText")
        await browser.evaluate("document.getElementById('search').focus()")
        await browser.type("metis")
        before = await browser.evaluate(PAGES)
        page.show(look(RECORD, 1400.0))
        await browser.wait_for(f"{PAGES} > {before}")
        assert await browser.evaluate(f"{drill}.open")
        assert await browser.evaluate("document.activeElement.id") == "search"
        assert await browser.evaluate("document.activeElement.value") == "metis"
        assert await browser.evaluate("document.querySelector('#timeline .tools span').innerText") == zoomed
        assert await browser.evaluate("troubles") == []


async def test_a_run_that_ends_without_a_verdict_is_said(chromium: Browser) -> None:
    """What was known stays on the screen, and nobody waits for more."""
    with open_live_page() as page:
        page.show(look(RECORD, 1500.0))
        async with chromium.show(page.url) as browser:
            await open_page(browser)
            page._server.end()
            await browser.wait_for("document.getElementById('live').innerText.includes('without a verdict')")
            assert await browser.evaluate(FIRING) > 0


@pytest.mark.parametrize("dark", [False, True])
async def test_a_growing_page_is_accessible(page: LivePage, chromium: Browser, dark: bool) -> None:
    """axe-core finds nothing of WCAG 2.2 AA, in both colour schemes."""
    page.show(look(RECORD, 1500.0))
    async with chromium.show(page.url, dark=dark, script=AXE.read_text(encoding="utf-8")) as browser:
        await open_page(browser)
        await browser.evaluate(OPEN_ALL)
        assert await browser.evaluate(ASK_AXE) == []
        assert await browser.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_hostile_names_stay_text(page: LivePage, chromium: Browser) -> None:
    """As the page is loaded, and as they come while it grows."""
    poisoned = poison(RECORD)
    state = look(poisoned, 1500.0)
    state = replace(
        state,
        message=NASTY,
        stack=NASTY,
        engines={NASTY: NASTY},
        alerts=(AlertRow(alert=NASTY, labels={NASTY: NASTY}, receiver=NASTY, paged_s=1.0),),
        notifications=poisoned.timeline.paging.notifications,
        components={NASTY: "up"},
    )
    async with chromium.show(page.url, script=WATCH) as browser:
        await open_page(browser)
        page.show(state)
        await browser.wait_for("document.body.innerText.includes('onerror=alert(1)')")
        await browser.reload()
        await browser.wait_for(f"{DRAWN} && document.body.innerText.includes('onerror=alert(1)')")
        await browser.evaluate(OPEN_ALL)
        assert await browser.evaluate("document.querySelectorAll('#page script, #page img').length") == 0
        assert await browser.evaluate("troubles") == []
        assert not [one for one in browser.requests if "x.invalid" in one]


async def test_the_written_page_asks_nobody() -> None:
    """Only the served page may ask, and only where it came from."""
    document = describe_run(RECORD, [], {})
    assert "connect-src" not in html.draw(document)
    assert "connect-src &#x27;self&#x27;" in html.draw(document, asks=True)
