"""Finding things in the report, in a real browser: queries, keys, deep links, and the timeline."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.chromium_session import Browser, BrowserPage, demand_chromium
from support.panel_records import build_panels
from support.report_documents import read_document
from support.report_records import build_record
from support.shown_reports import FOCUS, FOUND, PAINTED, SHOWN, show

from alertdrill.reports import html
from alertdrill.reports.html.embedding import embed_json

demand_chromium(os.environ)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def read_hash(browser: BrowserPage) -> str:
    """Return what the address says within the page."""
    return str(await browser.evaluate("location.hash"))


async def test_a_query_is_typed_and_stays_in_the_address(report_file: Path, chromium: Browser) -> None:
    """Tokens and words narrow down the drills; the address alone brings the same list back."""
    async with show(chromium, report_file) as browser:
        await browser.press("/")
        assert await browser.evaluate(FOCUS) == "search"
        await browser.type("system:metis outcome:unmet receiver:metis-ticket")
        await browser.wait_for("location.hash.endsWith('metis-ticket')")
        shown, found, address = (
            await browser.evaluate(SHOWN), await browser.evaluate(FOUND), await read_hash(browser)
        )  # fmt: skip
        assert address == "#?q=system:metis+outcome:unmet+receiver:metis-ticket"
        assert 0 < len(shown) < 3
        await browser.press("Escape")
        await browser.wait_for("location.hash === ''")
        assert (await browser.evaluate(FOUND)).startswith("18 of 18 drills")
    async with show(chromium, report_file, address) as browser:
        assert await browser.evaluate(SHOWN) == shown
        assert await browser.evaluate(FOUND) == found
        assert await browser.evaluate("document.getElementById('search').value") == (
            "system:metis outcome:unmet receiver:metis-ticket"
        )
        await browser.wait_for(PAINTED)
        bars = await browser.evaluate("document.querySelectorAll('#timeline a').length")
        assert bars == len(shown), "the timeline shows what was asked for"


async def test_the_timeline_has_the_faults_of_what_is_asked_for(chromium: Browser, tmp_path: Path) -> None:
    """Those of other drills would look like causes."""
    page = html.render(build_record())
    document = read_document(page)
    document["drills"][0]["faults"] = [[60.0, 120.0, "provider stopped"]]
    file = tmp_path / "report.html"
    file.write_text(embed_document(page, document))
    faults = "document.querySelectorAll('#timeline .bar.fault').length"
    async with show(chromium, file) as browser:
        await browser.evaluate("document.getElementById('timeline').scrollIntoView()")
        await browser.wait_for(f"{faults} === 1")
        await browser.evaluate(f"location.hash = '#?q={document['drills'][1]['name']}'")
        await browser.wait_for(f"{FOUND}.startsWith('1 of ') && {PAINTED} && {faults} === 0")


def embed_document(page: str, document: dict[str, Any]) -> str:
    """Return a page with another document."""
    start = page.index('id="run-data">') + len('id="run-data">')
    return page[:start] + embed_json(document) + page[page.index("</script>", start) :]


@pytest.mark.parametrize(
    ("query", "drills"),
    [
        ("slow scan", {"metis-auth-slow-scan"}),
        ('label:"provider=openai" outcome:met', None),
        ("scenario:burst outcome:missing", None),
        ("alert:metisgatewayauth outcome:met outcome:unmet", None),
        ("nothing:like this", set()),
    ],
)
async def test_queries(report_file: Path, chromium: Browser, query: str, drills: set[str] | None) -> None:
    """Words are looked for in names and reasons; tokens of one key add up, tokens of others narrow down."""
    document = read_document(report_file.read_text(encoding="utf-8"))
    wanted = (
        drills if drills is not None else {one["name"] for one in document["drills"] if _fits(query, one)}
    )
    async with show(chromium, report_file, f"#?q={query.replace(' ', '+')}") as browser:
        assert set(await browser.evaluate(SHOWN)) == wanted
    assert drills is not None or wanted


def _fits(query: str, drill: dict[str, Any]) -> bool:
    if not drill["findings"]:
        return False
    (finding,) = drill["findings"]
    return {
        'label:"provider=openai" outcome:met': finding["labels"].get("provider") == "openai"
        and drill["kind"] == "met",
        "scenario:burst outcome:missing": finding["outcome"] == "missing",
        "alert:metisgatewayauth outcome:met outcome:unmet": finding["alert"].startswith("MetisGatewayAuth")
        and drill["kind"] in {"met", "unmet"},
    }[query]


async def test_chips_toggle_tokens(report_file: Path, chromium: Browser) -> None:
    """A chip puts its token into the query and takes it out again, and says which it did."""
    chip = "document.querySelector('[data-token=\"outcome:unmet\"]')"
    async with show(chromium, report_file) as browser:
        await browser.evaluate(f"{chip}.click()")
        await browser.wait_for("location.hash === '#?q=outcome:unmet'")
        assert await browser.evaluate(f"{chip}.getAttribute('aria-pressed')") == "true"
        assert len(await browser.evaluate(SHOWN)) == 3
        await browser.evaluate(f"{chip}.click()")
        await browser.wait_for("location.hash === ''")
        assert await browser.evaluate(f"{chip}.getAttribute('aria-pressed')") == "false"


async def test_drills_are_walked_by_keyboard(report_file: Path, chromium: Browser) -> None:
    """Met drills are folded; arrows go through the others, Enter opens one, Escape closes it."""
    async with show(chromium, report_file) as browser:
        assert await browser.evaluate("document.querySelector('[data-group=met]').open") is False
        await browser.press("/")
        await browser.press("ArrowDown")
        first = await browser.evaluate(FOCUS)
        await browser.press("ArrowDown")
        second = await browser.evaluate(FOCUS)
        assert [first[6:], second[6:]] == (await browser.evaluate(SHOWN))[:2]
        await browser.press("Enter")
        await browser.wait_for("document.querySelectorAll('#list .drill[open]').length === 1")
        await browser.wait_for("document.querySelector('#list .drill[open] .stopped')")
        said = await browser.evaluate(
            "document.querySelector('#list .drill[open] .folded').firstChild.textContent"
        )
        await browser.press("Escape")
        await browser.wait_for("document.querySelectorAll('#list .drill[open]').length === 0")
        assert await browser.evaluate(FOCUS) == second
        await browser.press("ArrowUp")
        await browser.press("ArrowUp")
        assert await browser.evaluate(FOCUS) == "search"
    assert " It stopped at the hop “" in said, "it begins with where it stopped"


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("drill", "drill/metis-auth-scan-fires"),
        ("alert", "alert/MetisGatewayAuthFailureRateHigh"),
        ("panel", None),
    ],
)
async def test_a_deep_link_opens_what_it_names(
    report_file: Path, chromium: Browser, kind: str, path: str | None
) -> None:
    """It is unfolded, with all that it is folded in, and in view."""
    if path is None:
        panel = build_panels()[1]
        path = f"panel/{panel.dashboard.system}/{panel.panel.title}"
    wanted = json.dumps(path)
    here = f"[...document.querySelectorAll('[data-path]')].find((one) => one.dataset.path === {wanted})"
    async with show(chromium, report_file, f"#{path.replace(' ', '%20')}") as browser:
        await browser.wait_for(f"{here} && Math.abs({here}.getBoundingClientRect().top) < 300")
        assert await browser.evaluate(f"{here}.checkVisibility()")
        await browser.wait_for(f"{here}.querySelector('canvas')")
        assert kind == "panel" or await browser.evaluate(f"{here}.open")


async def test_a_deep_link_opens_an_incident(paging_file: Path, chromium: Browser) -> None:
    """What stood in it is there, as its receiver shows it."""
    incident = "document.querySelector('[data-path=\"incident/p1\"]')"
    async with show(chromium, paging_file, "#incident/p1") as browser:
        await browser.wait_for(f"{incident}.open && {incident}.querySelector('.notices')")
        text = await browser.evaluate(f"{incident}.textContent")
    assert "opened, answer" in text
    assert "PagingModelDown" in text


async def test_a_cell_leads_to_its_drill(report_file: Path, chromium: Browser) -> None:
    """Who clicks a cell that is not proved reads where its drill stopped."""
    async with show(chromium, report_file) as browser:
        await browser.evaluate("document.querySelector('#matrix a.cell.unmet').click()")
        await browser.wait_for("document.querySelector('#list .drill[open] .stopped')")
        assert (await read_hash(browser)).startswith("#drill/")


async def test_the_timeline_zooms_by_pointer_and_keyboard(report_file: Path, chromium: Browser) -> None:
    """Drawn over, it shows that stretch; plus, arrows and 0 do the same without a pointer; a click opens."""
    said = "document.querySelector('#timeline .tools span').textContent"
    box = "JSON.stringify(document.querySelector('#timeline a rect').getBoundingClientRect())"
    async with show(chromium, report_file) as browser:
        await browser.evaluate("document.getElementById('timeline').scrollIntoView()")
        await browser.wait_for(PAINTED)
        whole = await browser.evaluate(said)
        bar = json.loads(await browser.evaluate(box))
        await browser.drag(bar["x"] + 6, bar["y"] + 3, bar["x"] + bar["width"] - 6)
        await browser.wait_for(f"{said} !== {json.dumps(whole)}")
        begin_s, end_s = map(_read_s, (await browser.evaluate(said)).split(" to "))
        first = min(build_record().placements, key=lambda place: place.start_s)
        assert abs(begin_s - first.start_s) < 60
        assert abs(end_s - first.end_s) < 60
        assert await read_hash(browser) == "", "a drag is no click"
        await browser.press("0")
        assert await browser.evaluate(said) == whole == "0:00 to 1:10:00"
        await browser.press("+")
        assert await browser.evaluate(said) == "17:30 to 52:30"
        await browser.press("ArrowRight")
        assert await browser.evaluate(said) == "24:30 to 59:30"
        bar = json.loads(await browser.evaluate(box))
        await browser.drag(bar["x"] + bar["width"] / 2, bar["y"] + 3, bar["x"] + bar["width"] / 2)
        await browser.wait_for("location.hash.startsWith('#drill/')")
        await browser.wait_for("document.querySelector('#list .drill[open]')")


def _read_s(clock: str) -> int:
    seconds = 0
    for part in clock.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds


@pytest.mark.parametrize("number", [10, 2000])
async def test_few_and_many_drills(chromium: Browser, tmp_path: Path, number: int) -> None:
    """A page of many drills is found in and opened like one of few, and holds only what is looked at."""
    page = html.render(build_record())
    document = read_document(page)
    drills = document["drills"]
    document["drills"] = [
        {**drills[index % len(drills)], "name": f"drill-{index}"} for index in range(number)
    ]
    file = tmp_path / "report.html"
    file.write_text(embed_document(page, document))
    async with show(chromium, file, "#?q=drill") as browser:
        assert (await browser.evaluate(FOUND)).startswith(f"{number} of {number} drills")
        assert await browser.evaluate("document.querySelectorAll('*').length") < number * 8 + 1_000
        await browser.evaluate(f"location.hash = '#drill/drill-{number - 1}'")
        await browser.wait_for(f"document.querySelector('[data-path=\"drill/drill-{number - 1}\"]')?.open")
        await browser.evaluate("document.getElementById('search').focus()")
        await browser.type(f"drill-{number - 1}")
        await browser.wait_for(f"{FOUND}.startsWith('1 of {number} ')")
        assert await browser.evaluate(SHOWN) == [f"drill-{number - 1}"]
