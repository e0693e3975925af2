"""The page that a run is watched on, in a real browser, with a run that is a script."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from support.chromium_session import Browser, BrowserPage, demand_chromium
from support.panel_records import build_panels
from support.poisoned_records import NASTY, poison
from support.report_records import build_record
from support.scripted_run import look
from support.shown_reports import ASK_AXE, AXE, DRAWN, OPEN_ALL, PAINTED, TEXT, WATCH

from alertdrill.cli.live_page import LivePage, open_live_page
from alertdrill.reports import html
from alertdrill.reports.html.document import describe_run
from alertdrill.reports.progress import AlertRow

demand_chromium(os.environ)

pytestmark = pytest.mark.asyncio(loop_scope="module")

RECORD = build_record()
HEAD = "document.querySelector('#head h1').textContent"
SHARE = "Number(document.querySelector('#live [role=progressbar]')?.getAttribute('aria-valuenow'))"
FIRING = "document.querySelectorAll('#timeline .bar.firing').length"
ABSENT = "document.getElementById('absent').textContent"
INCIDENT = next(
    str(one.incident) for one in look(RECORD, 1500.0).notifications if one.alerts[0].status == "firing"
)
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
        assert "1:09 left" in await browser.evaluate("document.getElementById('live').textContent")
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
        assert await browser.evaluate("document.getElementById('live').textContent") == ""
        assert await browser.evaluate("troubles") == []
        assert browser.errors == []


async def test_a_concluded_page_shows_what_report_html_shows(page: LivePage, chromium: Browser) -> None:
    """What is written at the end is that page, word for word."""
    hidden = "[...document.querySelectorAll('nav a')].map((one) => one.hidden).join()"
    async with chromium.show(page.url) as browser:
        await open_page(browser)
        page.conclude(describe_run(RECORD, [], {}))
        await browser.wait_for(f"{HEAD}.includes('not met')")
        await browser.wait_for("document.querySelectorAll('#list [data-group=met]').length")
        watched = await browser.evaluate(TEXT), await browser.evaluate(hidden)
        await browser.reload()
        await browser.wait_for(DRAWN)
        assert (await browser.evaluate(TEXT), await browser.evaluate(hidden)) == watched


async def test_a_browser_that_comes_late_sees_all(page: LivePage, chromium: Browser) -> None:
    """Of what was shown while nobody looked, nothing is missing."""
    page.show(look(RECORD, 4000.0))
    async with chromium.show(page.url) as browser:
        await open_page(browser)
        await browser.wait_for(PAINTED)
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
        span = "document.querySelector('#timeline .tools span').textContent"
        await browser.wait_for(span)
        zoomed = await browser.evaluate(span)
        await browser.evaluate("document.getElementById('search').focus()")
        await browser.type("metis")
        before = await browser.evaluate(PAGES)
        page.show(look(RECORD, 1400.0))
        await browser.wait_for(f"{PAGES} > {before}")
        assert await browser.evaluate(f"{drill}.open")
        assert await browser.evaluate("document.activeElement.id") == "search"
        assert await browser.evaluate("document.activeElement.value") == "metis"
        await browser.wait_for(f"{span} === '{zoomed}'")
        assert await browser.evaluate("troubles") == []


@pytest.mark.parametrize("kind", ["drill", "alert", "incident", "panel"])
async def test_a_deep_link_opens_what_it_names(page: LivePage, chromium: Browser, kind: str) -> None:
    """What is there at once, what is yet to come when it comes; it is said what is awaited."""
    panel = build_panels()[1]
    name, says = {
        "drill": ("metis-latency-fires", ""),
        "alert": ("MetisLLMCallLatencyP99High", ""),
        "incident": (INCIDENT, "; it opens once it comes."),
        "panel": (
            f"{panel.dashboard.system}/{panel.panel.title}",
            "; panels come with the verdict, and it opens then.",
        ),
    }[kind]
    named = json.dumps(f"{kind}/{name}")
    here = f"[...document.querySelectorAll('[data-path]')].find((one) => one.dataset.path === {named})"
    async with chromium.show(page.url, script=WATCH) as browser:
        await open_page(browser)
        await browser.evaluate(f"location.hash = '#' + encodeURI({named})")
        if says:
            await browser.wait_for(f"{ABSENT} === {json.dumps(f'There is no {kind} {name} yet{says}')}")
            page.show(look(RECORD, 1500.0))
        if kind == "panel":
            await browser.wait_for(f"{PAGES} > 0")
            assert await browser.evaluate(ABSENT)
            page.conclude(describe_run(replace(RECORD, panels=build_panels()), [], {}))
        await browser.wait_for(f"{here} && Math.abs({here}.getBoundingClientRect().top) < innerHeight")
        assert await browser.evaluate(f"{here}.checkVisibility()")
        assert kind == "panel" or await browser.evaluate(f"{here}.open")
        assert await browser.evaluate(ABSENT) == ""
        assert await browser.evaluate("troubles") == []


async def test_what_never_comes_is_said(page: LivePage, chromium: Browser) -> None:
    """A drill that the run has not, at once; an incident that nothing opened, in the end."""
    async with chromium.show(page.url) as browser:
        await open_page(browser)
        await browser.evaluate("location.hash = '#drill/nothing'")
        await browser.wait_for(f"{ABSENT} === 'There is no drill nothing in this run.'")
        await browser.evaluate("location.hash = '#incident/9999'")
        await browser.wait_for(f"{ABSENT}.includes('it opens once it comes')")
        page.conclude(describe_run(RECORD, [], {}))
        await browser.wait_for(f"{ABSENT} === 'There is no incident 9999 in this report.'")


async def test_what_is_opened_is_in_the_address(page: LivePage, chromium: Browser) -> None:
    """So it can be sent on; and it is taken out as it is closed."""
    page.show(look(RECORD, 1500.0))
    incident = "document.querySelector('#pages details.incident summary')"
    async with chromium.show(page.url, script=WATCH) as browser:
        await open_page(browser)
        await browser.evaluate(f"{incident}.click()")
        await browser.wait_for(f"{incident}.parentElement.open")
        assert await browser.evaluate("decodeURIComponent(location.hash)") == f"#incident/{INCIDENT}"
        await browser.evaluate(f"{incident}.click()")
        await browser.wait_for(f"!{incident}.parentElement.open")
        assert await browser.evaluate("location.hash") == ""
        assert await browser.evaluate("troubles") == []


async def test_a_plot_and_what_is_folded_in_it_stay_as_they_are(page: LivePage, chromium: Browser) -> None:
    """As their section is drawn anew: the zoom, the focus, and a fold within the alert."""
    name = "MetisLLMCallLatencyP99High"
    document = describe_run(RECORD, [], {})
    grown = [{**alert, "summary": ["grown"]} for alert in document["alerts"]]
    alert = f"document.querySelector('#alerts [data-path=\"alert/{name}\"]')"
    said = f"{alert}.querySelector('[aria-live]').textContent"
    async with chromium.show(page.url, script=WATCH) as browser:
        await open_page(browser)
        page.conclude(document)
        await browser.wait_for(f"{HEAD}.includes('not met')")
        await browser.evaluate(f"location.hash = '#alert/{name}'")
        await browser.wait_for(f"{alert}.querySelector('canvas')")
        await browser.evaluate(f"{alert}.querySelector(':scope details summary').click()")
        await browser.evaluate(f"{alert}.querySelector('[role=application]').focus()")
        await browser.press("+")
        await browser.wait_for(f"{said}.startsWith('17:30 to 52:30')")
        page.conclude({**document, "alerts": grown})
        await browser.wait_for(f"{alert}.textContent.includes('grown') && {alert}.querySelector('canvas')")
        assert await browser.evaluate(f"{alert}.querySelector(':scope details').open")
        await browser.press("ArrowRight")
        await browser.wait_for(f"{said}.startsWith('24:30 to 59:30')")
        assert await browser.evaluate("troubles") == []


async def test_a_run_that_ends_without_a_verdict_is_said(chromium: Browser) -> None:
    """What was known stays on the screen, and nobody waits for more."""
    with open_live_page() as page:
        page.show(look(RECORD, 1500.0))
        async with chromium.show(page.url) as browser:
            await open_page(browser)
            page._server.end()
            await browser.wait_for(
                "document.getElementById('live').textContent.includes('without a verdict')"
            )
            await browser.wait_for(f"{FIRING} > 0")


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
        await browser.wait_for(f"{TEXT}.includes('onerror=alert(1)')")
        await browser.reload()
        await browser.wait_for(f"{DRAWN} && {TEXT}.includes('onerror=alert(1)')")
        await browser.evaluate(OPEN_ALL)
        assert await browser.evaluate("document.querySelectorAll('#page script, #page img').length") == 0
        assert await browser.evaluate("troubles") == []
        assert not [one for one in browser.requests if "x.invalid" in one]


async def test_the_written_page_asks_nobody() -> None:
    """Only the served page may ask, and only where it came from."""
    document = describe_run(RECORD, [], {})
    assert "connect-src" not in html.draw(document)
    assert "connect-src &#x27;self&#x27;" in html.draw(document, asks=True)
