"""The HTML page in a real browser, opened from a file, offline."""

from __future__ import annotations

import asyncio
import os
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import pytest_asyncio
from support.chromium_session import Browser, BrowserPage, demand_chromium
from support.paging_records import build_paging_record
from support.panel_records import build_panels
from support.report_records import build_record

from alertdrill.core.card import Card
from alertdrill.reports import html

WATCH = """
window.troubles = [];
addEventListener("error", (event) => troubles.push(String(event.message)), true);
addEventListener("unhandledrejection", (event) => troubles.push(String(event.reason)));
document.addEventListener("securitypolicyviolation", (event) => troubles.push(event.blockedURI));
"""
PLOTS = """(() => {
const key = document.querySelector(".swatch.threshold");
return [...document.querySelectorAll(".plot")].map((plot) => ({
  curves: [...plot.querySelectorAll("path.js-line")].map((path) => path.getAttribute("d").length),
  threshold: [...plot.querySelectorAll("path.js-line")].filter(
    (path) => path.style.strokeDasharray && path.style.stroke === getComputedStyle(key).color).length,
  bars: plot.querySelectorAll(".bars path, .barlayer path").length,
  marks: plot.querySelectorAll(".points path").length,
  text: plot.textContent,
  width: plot.clientWidth,
  drawn: plot.querySelector("svg.main-svg").getBoundingClientRect().width,
}))
})()"""
CHARTS = """[...document.querySelectorAll(".panel")].map((panel) => {
  const chart = panel.querySelector(".chart"), box = chart.getBoundingClientRect();
  return {
    left: Math.round(box.left), width: box.width, height: box.height,
    text: parseFloat(getComputedStyle(chart).fontSize) * box.width / chart.viewBox.baseVal.width,
    strokes: [...chart.querySelectorAll("path.solid, path.threshold")].map((p) => getComputedStyle(p).stroke),
  };
})"""
INCIDENT = "document.querySelector('.incident pre').checkVisibility()"
GROUND = "getComputedStyle(document.querySelector('.plot svg.main-svg')).backgroundColor"

demand_chromium(os.environ)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a realistic run's page to a file."""
    file = tmp_path_factory.mktemp("run") / "report.html"
    file.write_text(html.render(replace(build_record(), panels=build_panels())), encoding="utf-8")
    return file


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The page as it was drawn in some window, loaded once for all who only look: that takes seconds."""

    page: Path
    chromium: Browser
    windows: dict[tuple[bool, int], tuple[BrowserPage, AsyncExitStack]] = field(default_factory=dict)

    async def look(self, *, dark: bool = False, width: int = 1200) -> BrowserPage:
        """Return the page for questions that change nothing in it."""
        if (dark, width) not in self.windows:
            async with AsyncExitStack() as stack:
                shown = self.chromium.show(self.page, dark=dark, width=width, script=WATCH)
                self.windows[dark, width] = await stack.enter_async_context(shown), stack.pop_all()
        return self.windows[dark, width][0]

    async def take(self, stack: AsyncExitStack, *, dark: bool = False, width: int = 1200) -> BrowserPage:
        """Return the page for one who changes it, and whose `stack` closes it: nobody else sees it again."""
        await self.look(dark=dark, width=width)
        taken, closing = self.windows.pop((dark, width))
        await stack.enter_async_context(closing)
        return taken


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown(page: Path, chromium: Browser) -> AsyncIterator[Shown]:
    """Show the page in the windows that tests ask for."""
    windows = Shown(page=page, chromium=chromium)
    yield windows
    for _, closing in windows.windows.values():
        await closing.aclose()


@pytest.mark.parametrize("dark", [False, True])
async def test_every_plot_is_drawn(shown: Shown, dark: bool) -> None:
    """Each alert's plot has its curves, its threshold, its bars and its marks, in the page's colours."""
    browser = await shown.look(dark=dark)
    plots = await browser.evaluate(PLOTS)
    assert await browser.evaluate("document.getElementById('broken').hidden")
    assert await browser.evaluate("troubles") == []
    assert browser.errors == []
    assert len(plots) == 4
    assert [len(plot["curves"]) for plot in plots] == [13, 6, 2, 5]
    for plot in plots:
        assert min(plot["curves"]) > 10
        assert plot["threshold"] == 1
        assert plot["bars"] >= 8
        assert plot["marks"] >= 2
        assert plot["drawn"] == plot["width"] > 900
        assert "rule time, minutes" in plot["text"]
        assert "traffic of the other drills" in plot["text"]
    assert "metis-latency-two-models" in plots[0]["text"]
    assert "firing" in plots[0]["text"]


@pytest.mark.parametrize(("width", "columns"), [(1200, 3), (400, 1)])
@pytest.mark.parametrize("dark", [False, True])
async def test_every_panel_is_drawn(shown: Shown, width: int, columns: int, dark: bool) -> None:
    """Each panel's chart has its lines in the page's colours, text of a legible size, and fits its column."""
    browser = await shown.look(dark=dark, width=width)
    charts = await browser.evaluate(CHARTS)
    ink = await browser.evaluate("getComputedStyle(document.body).color")
    assert await browser.evaluate("document.documentElement.scrollWidth") <= width
    assert await browser.evaluate("troubles") == []
    assert browser.errors == []
    assert len(charts) == len(build_panels())
    assert {chart["left"] for chart in charts[:columns]} == {chart["left"] for chart in charts}
    assert len({chart["left"] for chart in charts}) == columns
    for chart in charts:
        assert 300 < chart["width"] < 400
        assert 9 < chart["text"] < 13
        assert len(set(chart["strokes"])) == len(chart["strokes"])
        assert not {"none", ink, "rgb(0, 0, 0)"} & set(chart["strokes"])
        assert chart["height"] > 100


async def test_nothing_is_asked_of_the_network(shown: Shown) -> None:
    """The page loads itself and nothing else."""
    browser = await shown.look()
    assert await browser.evaluate("document.documentElement.dataset.drawn") == "yes"
    assert browser.requests == [shown.page.as_uri()]
    assert browser.errors == []


async def test_policy_stops_what_gets_past_the_escaping(
    page: Path, tmp_path: Path, chromium: Browser
) -> None:
    """An image and a script put into the page are neither loaded nor run, and the watch sees both."""
    text = page.read_text(encoding="utf-8").replace(
        "<header>", '<header><img src="http://127.0.0.1:9/x.png"><script>window.broken_in = 1</script>'
    )
    attacked = tmp_path / "report.html"
    attacked.write_text(text, encoding="utf-8")
    async with chromium.show(attacked, script=WATCH) as browser:
        assert await browser.evaluate("window.broken_in === undefined")
        assert await browser.evaluate("document.documentElement.dataset.drawn") == "yes"
        troubles = await browser.evaluate("troubles")
        assert "inline" in troubles
        assert "http://127.0.0.1:9/x.png" in troubles
        assert len(browser.errors) >= 2


async def test_failure_to_draw_is_said(page: Path, tmp_path: Path, chromium: Browser) -> None:
    """If a plot cannot be drawn, the page says so instead of showing a blank."""
    torn = tmp_path / "report.html"
    torn.write_text(
        page.read_text(encoding="utf-8").replace('id="plot-0"', 'id="elsewhere"'), encoding="utf-8"
    )
    async with chromium.show(torn) as browser:
        said = await browser.evaluate("document.getElementById('broken').innerText")
        assert await browser.evaluate("document.getElementById('broken').clientHeight") > 20
    assert said.startswith("The plots could not be drawn: ")


async def test_text_is_visible(shown: Shown) -> None:
    """Headline, verdicts and evidence are rendered text with a size, not hidden markup."""
    browser = await shown.look()
    text = await browser.evaluate("document.body.innerText")
    heights = await browser.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, tbody tr')].map(e => e.clientHeight)"
    )
    assert text.startswith("✗")
    assert "3 of 18 drills not met" in text
    assert "never fired; the rule's value reached 90% of its threshold" in text
    assert len(heights) > 20
    assert min(heights) > 10


@pytest.mark.parametrize("dark", [False, True])
async def test_screenshot_is_not_blank(shown: Shown, tmp_path: Path, dark: bool) -> None:
    """What is painted is a picture of many colours, on the ground of the chosen scheme."""
    picture = tmp_path / "page.png"
    await (await shown.look(dark=dark)).screenshot(picture)
    width, height, pixels = _read_png(picture)
    assert width == pytest.approx(1200, abs=20)
    assert height == 900
    colours = {pixels[offset : offset + 3] for offset in range(0, len(pixels) - 3, 3 * 101)}
    assert len(colours) > 50
    assert pixels[:3] == (bytes((20, 24, 30)) if dark else b"\xff\xff\xff")


async def test_narrow_window(shown: Shown) -> None:
    """In a window of 400 pixels nothing sticks out, and the plots follow when it grows."""
    async with AsyncExitStack() as stack:
        browser = await shown.take(stack, width=400)
        assert await browser.evaluate("document.documentElement.scrollWidth") <= 400
        plots = await browser.evaluate(PLOTS)
        await browser.resize(width=900, height=900)
        await browser.wait_for("document.querySelector('.plot svg.main-svg').clientWidth > 800")
        assert browser.errors == []
    assert [plot["drawn"] for plot in plots] == [plot["width"] for plot in plots]
    assert all(300 < plot["width"] < 400 for plot in plots)


async def test_paper_is_light_even_from_a_dark_screen(shown: Shown) -> None:
    """Printing draws the plots again, in the colours and at the width of paper."""
    async with AsyncExitStack() as stack:
        browser = await shown.take(stack, dark=True)
        assert await browser.evaluate(GROUND) == "rgb(20, 24, 30)"
        await browser.emulate(dark=True, media="print")
        await browser.wait_for(f"{GROUND} === 'rgb(255, 255, 255)'")
        plots = await browser.evaluate(PLOTS)
    assert [plot["drawn"] for plot in plots] == [plot["width"] for plot in plots]


@pytest.mark.parametrize("width", [1200, 400])
@pytest.mark.parametrize("dark", [False, True])
async def test_pages_are_drawn_and_readable(
    tmp_path: Path, chromium: Browser, width: int, dark: bool
) -> None:
    """Incidents and held pages are drawn, nothing sticks out, and an incident opens to what stood in it."""
    file = tmp_path / "report.html"
    file.write_text(html.render(build_paging_record()), encoding="utf-8")
    async with chromium.show(file, width=width, dark=dark, script=WATCH) as browser:
        pages, *alerts = await browser.evaluate(PLOTS)
        hidden = await browser.evaluate(INCIDENT)
        await browser.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        opened = await browser.evaluate(INCIDENT)
        assert await browser.evaluate("document.documentElement.scrollWidth") <= width
        assert await browser.evaluate("troubles") == []
        assert browser.errors == []
    assert len(alerts) == 2
    assert pages["bars"] == 5
    assert pages["marks"] == 5 + 5 + 5 + 2 + 3, "bars; opened, closed, updated, refused"
    assert "oncall · pagerduty" in pages["text"]
    assert "silenced" in alerts[0]["text"]
    assert hidden is False
    assert opened is True


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
            await browser.evaluate("document.querySelector('iframe.mail').closest('details').open = true")
            await browser.evaluate("document.querySelector('iframe.mail').scrollIntoView()")
            await browser.wait_for("framed.includes('mail')")
            assert await browser.evaluate("document.title") == title
            assert await browser.evaluate("document.querySelector('iframe.mail').contentDocument") is None
    assert asked == []
