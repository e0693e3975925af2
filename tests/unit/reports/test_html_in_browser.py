"""The HTML page in a real browser, opened from a file, offline: what a person does with it."""

from __future__ import annotations

import asyncio
import json
import os
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.chromium_session import Browser, BrowserPage, demand_chromium
from support.paging_records import build_paging_record
from support.panel_records import build_panels
from support.poisoned_records import NASTY, poison
from support.report_documents import read_document
from support.report_records import build_record

from alertdrill.core.card import Card
from alertdrill.reports import html
from alertdrill.reports.html.embedding import embed_json

WATCH = """
window.troubles = [];
addEventListener("error", (event) => troubles.push(String(event.message)), true);
addEventListener("unhandledrejection", (event) => troubles.push(String(event.reason)));
document.addEventListener("securitypolicyviolation", (event) => troubles.push(event.blockedURI));
"""
AXE = Path(__file__).parents[2] / "support" / "axe" / "axe.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
ASK_AXE = f"""axe.run(document, {{ runOnly: {json.dumps(RULES)} }}).then(({{ violations }}) =>
  violations.map((one) =>
    one.id + ": " + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(" | ")))"""
OPEN_ALL = """for (let round = 0; round < 3; round++)
  document.querySelectorAll("details").forEach((one) => { if (one.build) one.build(); one.open = true; })"""
SHOWN = "[...document.querySelectorAll('#list .drill')].map((one) => one.dataset.path.slice(6))"
FOUND = "document.getElementById('found').textContent"
DRAWN = "document.documentElement.dataset.drawn === 'yes'"
FOCUS = """(() => { const here = document.activeElement;
  return (here.closest("[data-path]") || here).dataset.path || here.id; })()"""
FIRST = "metis-latency-fires"

demand_chromium(os.environ)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a realistic run's page to a file, with what changed since the run before."""
    file = tmp_path_factory.mktemp("run") / "report.html"
    changes = [{"kind": "failed", "drill": FIRST, "says": "was met, is not met now"}]
    file.write_text(html.render(replace(build_record(), panels=build_panels()), changes), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def paging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page of a run of drills on the paging path to a file."""
    file = tmp_path_factory.mktemp("paging") / "report.html"
    file.write_text(html.render(build_paging_record()), encoding="utf-8")
    return file


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


async def read_hash(browser: BrowserPage) -> str:
    """Return what the address says within the page."""
    return str(await browser.evaluate("location.hash"))


@pytest.mark.parametrize("dark", [False, True])
async def test_the_first_screen_has_verdict_hops_and_run(page: Path, chromium: Browser, dark: bool) -> None:
    """The sentence, why to believe it, what changed, a cell for each claim, and a bar for each drill."""
    async with show(chromium, page, dark=dark) as browser:
        text = await browser.evaluate("document.body.innerText")
        bars = await browser.evaluate("document.querySelectorAll('#timeline a').length")
        first = await browser.evaluate("document.querySelector('#matrix tbody tr').innerText")
        tops = await browser.evaluate(
            "['head', 'changes', 'matrix', 'timeline'].map((id) => document.getElementById(id).offsetTop)"
        )
    assert text.startswith("✗\n3 of 18 drills not met\n\nThe clock kept time at speed 60")
    assert "new failure metis-latency-fires was met, is not met now" in text
    assert bars == len(build_record().placements)
    assert "✗" in first, "what is not proved stands first"
    assert tops == sorted(tops)


async def test_nothing_is_asked_of_the_network(page: Path, chromium: Browser) -> None:
    """The page loads itself and nothing else, whatever is opened."""
    async with show(chromium, page) as browser:
        await browser.evaluate(OPEN_ALL)
        assert browser.requests == [page.as_uri()]


async def test_policy_stops_what_gets_past_the_escaping(
    page: Path, tmp_path: Path, chromium: Browser
) -> None:
    """An image and a script put into the page are neither loaded nor run, and the watch sees both."""
    text = page.read_text(encoding="utf-8").replace(
        "</main>", '</main><img src="http://127.0.0.1:9/x.png"><script>window.broken_in = 1</script>'
    )
    attacked = tmp_path / "report.html"
    attacked.write_text(text, encoding="utf-8")
    async with chromium.show(attacked, script=WATCH) as browser:
        assert await browser.evaluate("window.broken_in === undefined")
        await browser.wait_for(DRAWN)
        troubles = await browser.evaluate("troubles")
        assert "inline" in troubles
        assert "http://127.0.0.1:9/x.png" in troubles
        assert len(browser.errors) >= 2


async def test_failure_to_draw_is_said(page: Path, tmp_path: Path, chromium: Browser) -> None:
    """If the page cannot be drawn, it says so instead of showing a blank."""
    torn = tmp_path / "report.html"
    torn.write_text(page.read_text(encoding="utf-8").replace('{"head":', '{"mead":', 1), encoding="utf-8")
    async with chromium.show(torn) as browser:
        said = await browser.evaluate("document.getElementById('broken').innerText")
        assert await browser.evaluate("document.getElementById('broken').clientHeight") > 20
    assert said.startswith("The report could not be drawn: ")


async def test_a_query_is_typed_and_stays_in_the_address(page: Path, chromium: Browser) -> None:
    """Tokens and words narrow down the drills; the address alone brings the same list back."""
    async with show(chromium, page) as browser:
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
    async with show(chromium, page, address) as browser:
        assert await browser.evaluate(SHOWN) == shown
        assert await browser.evaluate(FOUND) == found
        assert await browser.evaluate("document.getElementById('search').value") == (
            "system:metis outcome:unmet receiver:metis-ticket"
        )
        bars = await browser.evaluate("document.querySelectorAll('#timeline a').length")
        assert bars == len(shown), "the timeline shows what was asked for"


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
async def test_queries(page: Path, chromium: Browser, query: str, drills: set[str] | None) -> None:
    """Words are looked for in names and reasons; tokens of one key add up, tokens of others narrow down."""
    document = read_document(page.read_text(encoding="utf-8"))
    wanted = (
        drills if drills is not None else {one["name"] for one in document["drills"] if _fits(query, one)}
    )
    async with show(chromium, page, f"#?q={query.replace(' ', '+')}") as browser:
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


async def test_chips_toggle_tokens(page: Path, chromium: Browser) -> None:
    """A chip puts its token into the query and takes it out again, and says which it did."""
    chip = "document.querySelector('[data-token=\"outcome:unmet\"]')"
    async with show(chromium, page) as browser:
        await browser.evaluate(f"{chip}.click()")
        await browser.wait_for("location.hash === '#?q=outcome:unmet'")
        assert await browser.evaluate(f"{chip}.getAttribute('aria-pressed')") == "true"
        assert len(await browser.evaluate(SHOWN)) == 3
        await browser.evaluate(f"{chip}.click()")
        await browser.wait_for("location.hash === ''")
        assert await browser.evaluate(f"{chip}.getAttribute('aria-pressed')") == "false"


async def test_drills_are_walked_by_keyboard(page: Path, chromium: Browser) -> None:
    """Met drills are folded; arrows go through the others, Enter opens one, Escape closes it."""
    async with show(chromium, page) as browser:
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
        said = await browser.evaluate("document.querySelector('#list .drill[open] .folded').innerText")
        await browser.press("Escape")
        await browser.wait_for("document.querySelectorAll('#list .drill[open]').length === 0")
        assert await browser.evaluate(FOCUS) == second
        await browser.press("ArrowUp")
        await browser.press("ArrowUp")
        assert await browser.evaluate(FOCUS) == "search"
    assert " It stopped at the hop “" in said.splitlines()[0], "it begins with where it stopped"


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("drill", "drill/metis-auth-scan-fires"),
        ("alert", "alert/MetisGatewayAuthFailureRateHigh"),
        ("panel", None),
    ],
)
async def test_a_deep_link_opens_what_it_names(
    page: Path, chromium: Browser, kind: str, path: str | None
) -> None:
    """It is unfolded, with all that it is folded in, and in view."""
    if path is None:
        panel = build_panels()[1]
        path = f"panel/{panel.dashboard.system}/{panel.panel.title}"
    wanted = json.dumps(path)
    here = f"[...document.querySelectorAll('[data-path]')].find((one) => one.dataset.path === {wanted})"
    async with show(chromium, page, f"#{path.replace(' ', '%20')}") as browser:
        await browser.wait_for(f"{here} && Math.abs({here}.getBoundingClientRect().top) < 300")
        assert await browser.evaluate(f"{here}.checkVisibility()")
        await browser.wait_for(f"{here}.querySelector('canvas')")
        assert kind == "panel" or await browser.evaluate(f"{here}.open")


async def test_a_deep_link_opens_an_incident(paging: Path, chromium: Browser) -> None:
    """What stood in it is there, as its receiver shows it."""
    async with show(chromium, paging, "#incident/1") as browser:
        await browser.wait_for("document.querySelector('[data-path=\"incident/1\"]').open")
        text = await browser.evaluate("document.querySelector('[data-path=\"incident/1\"]').innerText")
    assert "opened, answer" in text
    assert "PagingModelDown" in text


async def test_a_cell_leads_to_its_drill(page: Path, chromium: Browser) -> None:
    """Who clicks a cell that is not proved reads where its drill stopped."""
    async with show(chromium, page) as browser:
        await browser.evaluate("document.querySelector('#matrix a.cell.unmet').click()")
        await browser.wait_for("document.querySelector('#list .drill[open] .stopped')")
        assert (await read_hash(browser)).startswith("#drill/")


async def test_the_timeline_zooms_by_pointer_and_keyboard(page: Path, chromium: Browser) -> None:
    """Drawn over, it shows that stretch; plus, arrows and 0 do the same without a pointer; a click opens."""
    said = "document.querySelector('#timeline .tools span').textContent"
    box = "JSON.stringify(document.querySelector('#timeline .run-lanes').getBoundingClientRect())"
    async with show(chromium, page) as browser:
        await browser.evaluate("document.getElementById('timeline').scrollIntoView()")
        await browser.wait_for("document.querySelector('#timeline svg')")
        whole = await browser.evaluate(said)
        place = json.loads(await browser.evaluate(box))
        middle = place["x"] + place["width"] / 2
        await browser.drag(middle, place["y"] + 12, place["x"] + place["width"] - 20)
        await browser.wait_for(f"{said} !== {json.dumps(whole)}")
        begin, _, end = (await browser.evaluate(said)).partition(" to ")
        assert abs(_read_s(begin) - 35 * 60) < 180
        assert _read_s(end) > 60 * 60
        assert await read_hash(browser) == "", "a drag is no click"
        await browser.press("0")
        assert await browser.evaluate(said) == whole == "0:00 to 1:10:00"
        await browser.press("+")
        assert await browser.evaluate(said) == "17:30 to 52:30"
        await browser.press("ArrowRight")
        assert await browser.evaluate(said) == "24:30 to 59:30"
        bar = json.loads(
            await browser.evaluate(
                "JSON.stringify(document.querySelector('#timeline a rect').getBoundingClientRect())"
            )
        )
        await browser.drag(bar["x"] + bar["width"] / 2, bar["y"] + 3, bar["x"] + bar["width"] / 2)
        await browser.wait_for("location.hash.startsWith('#drill/')")
        await browser.wait_for("document.querySelector('#list .drill[open]')")


def _read_s(clock: str) -> int:
    seconds = 0
    for part in clock.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds


@pytest.mark.parametrize("width", [1200, 400])
async def test_every_panel_is_drawn_when_it_is_seen(page: Path, chromium: Browser, width: int) -> None:
    """No canvas is painted before; then each panel has one as wide as its column."""
    async with show(chromium, page, width=width) as browser:
        assert await browser.evaluate("document.querySelectorAll('canvas').length") == 0
        await browser.evaluate("document.querySelector('details.dashboard').open = true")
        count = len(build_panels())
        await browser.wait_for(f"document.querySelectorAll('.panel').length === {count}")
        for number in range(count):
            panel = f"document.querySelectorAll('.panel')[{number}]"
            await browser.evaluate(f"{panel}.scrollIntoView()")
            await browser.wait_for(f"{panel}.querySelector('canvas')")
        widths = await browser.evaluate(
            """[...document.querySelectorAll(".panel")].map((one) =>
              [one.clientWidth, one.querySelector("canvas").getBoundingClientRect().width])"""
        )
        assert await browser.evaluate("document.documentElement.scrollWidth") <= width
    assert all(abs(column - drawn) <= 1 for column, drawn in widths)


@pytest.mark.parametrize("dark", [False, True])
async def test_screenshot_is_not_blank(page: Path, chromium: Browser, tmp_path: Path, dark: bool) -> None:
    """What is painted is a picture of many colours, on the ground of the chosen scheme."""
    picture = tmp_path / "page.png"
    async with show(chromium, page, "#alert/MetisLLMCallLatencyP99High", dark=dark) as browser:
        await browser.wait_for("document.querySelector('#alerts canvas')")
        await browser.screenshot(picture)
    width, height, pixels = _read_png(picture)
    assert width == pytest.approx(1200, abs=20)
    assert height == 900
    colours = {pixels[offset : offset + 3] for offset in range(0, len(pixels) - 3, 3 * 101)}
    assert len(colours) > 50
    assert pixels[:3] == (bytes((20, 24, 30)) if dark else b"\xff\xff\xff")


async def test_paper_is_light_even_from_a_dark_screen(page: Path, chromium: Browser) -> None:
    """Printing draws what is open again in the colours of paper, without what is there to be pressed."""
    painted = """(() => { const canvas = document.querySelector("#alerts canvas"), { width, height } = canvas;
      const copy = Object.assign(document.createElement("canvas"), { width, height });
      const context = copy.getContext("2d", { willReadFrequently: true }), seen = new Set();
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] === 255) seen.add([...data.slice(at, at + 3)].join());
      return [...seen]; })()"""
    async with show(chromium, page, "#alert/MetisGatewayAuthFailureRateHigh", dark=True) as browser:
        await browser.wait_for("document.querySelector('#alerts canvas')")
        assert "255,154,107" in await browser.evaluate(painted), "the threshold on a dark screen"
        await browser.emulate(dark=True, media="print")
        await browser.wait_for(f"{painted}.includes('179,56,11')")
        assert (
            await browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        )
        assert await browser.evaluate("document.getElementById('search').checkVisibility()") is False


@pytest.mark.parametrize("width", [1200, 400])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", ["page", "paging"])
async def test_it_is_accessible(
    request: pytest.FixtureRequest, chromium: Browser, width: int, dark: bool, kind: str
) -> None:
    """With everything opened, nothing sticks out of the window and axe-core finds nothing against WCAG AA."""
    async with show(chromium, request.getfixturevalue(kind), width=width, dark=dark) as browser:
        await browser.evaluate(OPEN_ALL)
        assert await browser.evaluate("document.documentElement.scrollWidth") <= width
        await browser.evaluate(AXE.read_text(encoding="utf-8"))
        assert await browser.evaluate(ASK_AXE) == []


async def test_hostile_names_stay_text(chromium: Browser, tmp_path: Path) -> None:
    """Wherever they stand, they are read as they are written; nothing of them runs, loads or leads out."""
    file = tmp_path / "report.html"
    file.write_text(html.render(poison(build_record())), encoding="utf-8")
    async with show(chromium, file) as browser:
        await browser.evaluate(OPEN_ALL)
        assert await browser.evaluate("document.querySelectorAll('main img, main script').length") == 0
        links = await browser.evaluate(
            "[...document.querySelectorAll('a')].map((one) => one.getAttribute('href'))"
        )
        text = await browser.evaluate("document.body.textContent")
        assert browser.requests == [file.as_uri()]
    assert all(link.startswith(("#", "%3C", "javascript%3A")) for link in links)
    assert text.count(NASTY.replace("\x1b", "\\x1b")) > 30


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
    start = page.index('id="run-data">') + len('id="run-data">')
    file.write_text(page[:start] + embed_json(document) + page[page.index("</script>", start) :])
    async with show(chromium, file, "#?q=drill") as browser:
        assert (await browser.evaluate(FOUND)).startswith(f"{number} of {number} drills")
        assert await browser.evaluate("document.querySelectorAll('*').length") < 16_000
        await browser.evaluate(f"location.hash = '#drill/drill-{number - 1}'")
        await browser.wait_for(f"document.querySelector('[data-path=\"drill/drill-{number - 1}\"]')?.open")
        await browser.evaluate("document.getElementById('search').focus()")
        await browser.type(f"drill-{number - 1}")
        await browser.wait_for(f"{FOUND}.startsWith('1 of {number} ')")
        assert await browser.evaluate(SHOWN) == [f"drill-{number - 1}"]


def _read_png(file: Path) -> tuple[int, int, bytes]:
    """Decode an 8-bit RGB PNG without interlacing: https://www.w3.org/TR/png-3/#9Filters."""
    data = file.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    offset, packed = 8, b""
    width = height = channels = 0
    while offset < len(data):
        length, kind = struct.unpack(">I4s", data[offset : offset + 8])
        chunk = data[offset + 8 : offset + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", chunk)
            assert (depth, interlaced) == (8, 0)
            channels = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            packed += chunk
        offset += length + 12
    raw = zlib.decompress(packed)
    stride = width * channels
    before, pixels = bytearray(stride), bytearray()
    for row in range(0, len(raw), stride + 1):
        before = _unfilter(raw[row], bytearray(raw[row + 1 : row + 1 + stride]), before, channels)
        pixels += before
    if channels == 4:
        del pixels[3::4]
    return width, height, bytes(pixels)


def _unfilter(kind: int, line: bytearray, above: bytearray, channels: int) -> bytearray:
    if kind == 0:
        return line
    if kind == 2:
        return bytearray(left + up & 255 for left, up in zip(line, above, strict=True))
    for index in range(len(line)):
        left = line[index - channels] if index >= channels else 0
        corner = above[index - channels] if index >= channels else 0
        up = above[index]
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + up) // 2
        else:
            guess = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
        line[index] = (line[index] + guess) & 255
    return line


WATCH_FRAMES = """
window.framed = [];
document.addEventListener("load", (event) => framed.push(String(event.target.className)), true);
"""
HOSTILE_MAIL = """<html><head><meta http-equiv="refresh" content="0;url=%(at)s/refresh">
<link rel="stylesheet" href="%(at)s/style"><style>@import "%(at)s/import"; p { color: blue; }</style></head>
<body background="%(at)s/background" onload="top.document.title = 'taken'">
<script>top.document.title = "taken"; fetch("%(at)s/fetch")</script><img src="%(at)s/image">
<iframe src="%(at)s/frame"></iframe><form action="%(at)s/form"><button autofocus>x</button></form>
<p>what the mail says</p></body></html>"""


async def test_a_mail_is_shown_and_may_do_nothing(chromium: Browser, tmp_path: Path) -> None:
    """Its frame runs no script, loads nothing and leads nowhere; the page around it stays as it is."""
    asked: list[str] = []

    async def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append("connected")
        writer.close()

    record = build_paging_record()
    paging = record.timeline.paging
    async with await asyncio.start_server(note, "127.0.0.1", 0) as server:
        at = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        card = Card(service="E-mail", page=HOSTILE_MAIL % {"at": at})
        notifications = tuple(replace(one, card=card) for one in paging.notifications[:1])
        timeline = replace(record.timeline, paging=replace(paging, notifications=notifications))
        file = tmp_path / "report.html"
        file.write_text(html.render(replace(record, timeline=timeline)), encoding="utf-8")
        async with chromium.show(file, dark=True, width=900, script=WATCH_FRAMES) as browser:
            title = await browser.evaluate("document.title")
            await browser.evaluate("document.querySelector('#pages .incident').open = true")
            await browser.wait_for("document.querySelector('iframe.mail')")
            await browser.evaluate("document.querySelector('iframe.mail').scrollIntoView()")
            await browser.wait_for("framed.includes('mail')")
            assert await browser.evaluate("document.title") == title
            assert await browser.evaluate("document.querySelector('iframe.mail').contentDocument") is None
    assert asked == []
