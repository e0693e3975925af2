"""The HTML page in a real browser, opened from a file, offline: what a person does with it."""

from __future__ import annotations

import asyncio
import os
import re
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from support.chromium_session import Browser, demand_chromium
from support.paging_records import build_paging_record
from support.panel_records import build_panels
from support.poisoned_records import NASTY, poison
from support.report_records import build_record
from support.shown_reports import (
    ASK_AXE,
    AXE,
    DRAWN,
    OPEN_ALL,
    PAINTED,
    TEXT,
    WATCH,
    show,
)

from alertdrill.core.card import Card
from alertdrill.reports import html

demand_chromium(os.environ)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("dark", [False, True])
async def test_the_first_screen_has_verdict_hops_and_run(
    report_file: Path, chromium: Browser, dark: bool
) -> None:
    """The sentence, why to believe it, what changed, a cell for each claim, and a bar for each drill."""
    async with show(chromium, report_file, dark=dark) as browser:
        await browser.wait_for(PAINTED)
        text = await browser.evaluate(TEXT)
        bars = await browser.evaluate("document.querySelectorAll('#timeline a').length")
        first = await browser.evaluate("document.querySelector('#matrix tbody tr').textContent")
        failed = await browser.evaluate("document.querySelectorAll('#timeline .mark.failed').length")
        tops = await browser.evaluate(
            "['head', 'changes', 'matrix', 'timeline'].map((id) => document.getElementById(id).offsetTop)"
        )
    assert text.startswith("✗3 of 18 drills not metThe clock kept time at speed 60")
    assert "new failure metis-latency-fires was met, is not met now" in text
    assert bars == len(build_record().placements)
    assert failed == 3, "a sign beside the colour"
    assert "✗" in first, "what is not proved stands first"
    assert tops == sorted(tops)
    assert "mutants noticed" in text
    assert "87%" in text


async def test_nothing_is_asked_of_the_network(report_file: Path, chromium: Browser) -> None:
    """The page loads itself and nothing else, whatever is opened."""
    async with show(chromium, report_file) as browser:
        await browser.evaluate(OPEN_ALL)
        assert browser.requests == [report_file.as_uri()]


async def test_policy_stops_what_gets_past_the_escaping(
    report_file: Path, tmp_path: Path, chromium: Browser
) -> None:
    """An image and a script put into the page are neither loaded nor run, and the watch sees both."""
    text = report_file.read_text(encoding="utf-8").replace(
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


async def test_failure_to_draw_is_said(report_file: Path, tmp_path: Path, chromium: Browser) -> None:
    """If the page cannot be drawn, it says so instead of showing a blank."""
    torn = tmp_path / "report.html"
    torn.write_text(
        report_file.read_text(encoding="utf-8").replace('"drills":', '"grills":'), encoding="utf-8"
    )
    async with chromium.show(torn) as browser:
        await browser.wait_for("document.getElementById('broken')?.hidden === false")
        said = await browser.evaluate("document.getElementById('broken').textContent")
        assert await browser.evaluate("document.getElementById('broken').clientHeight") > 20
    assert said.startswith("The report could not be drawn: ")


@pytest.mark.parametrize("width", [1200, 400])
async def test_every_panel_is_drawn_when_it_is_seen(report_file: Path, chromium: Browser, width: int) -> None:
    """No canvas is painted before; then each panel has one as wide as its column."""
    async with show(chromium, report_file, width=width) as browser:
        assert await browser.evaluate("document.querySelectorAll('canvas').length") == 0
        await browser.evaluate("document.querySelector('details.dashboard').open = true")
        count = len(build_panels())
        await browser.wait_for(f"document.querySelectorAll('.panel').length === {count}")
        for number in range(count):
            panel = f"document.querySelectorAll('.panel')[{number}]"
            await browser.evaluate(f"{panel}.scrollIntoView()")
            await browser.wait_for(f"{panel}.querySelector('canvas')")
            if number == 0 and width == 400:
                last = f"document.querySelectorAll('.panel')[{count - 1}].querySelector('canvas')"
                assert await browser.evaluate(last) is None, "far below"
        widths = await browser.evaluate(
            """[...document.querySelectorAll(".panel")].map((one) =>
              [one.clientWidth, one.querySelector("canvas").getBoundingClientRect().width])"""
        )
        assert await browser.evaluate("document.documentElement.scrollWidth") <= width
    assert all(abs(column - drawn) <= 1 for column, drawn in widths)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("#drill/nothing", "There is no drill nothing in this report."),
        ("#incident/9999", "There is no incident 9999 in this report."),
        ("#panel/metis/No such", "There is no panel metis/No such in this report."),
        ("#drill/metis-latency-fires?q=system:none", "The search leaves out the drill metis-latency-fires."),
        ("#drill/metis-latency-fires", ""),
        ("#alert/MetisLLMCallLatencyP99High", ""),
        ("#section/alerts", ""),
    ],
)
async def test_an_address_of_nothing_says_so(
    report_file: Path, chromium: Browser, address: str, says: str
) -> None:
    """Somebody sent it, perhaps of another report: a page that only begins at its top would not tell."""
    async with show(chromium, report_file, address) as browser:
        assert await browser.evaluate("document.getElementById('absent').textContent") == says
        shown = await browser.evaluate("document.getElementById('absent').checkVisibility()")
    assert shown is bool(says)


@pytest.mark.parametrize("dark", [False, True])
async def test_screenshot_is_not_blank(
    report_file: Path, chromium: Browser, tmp_path: Path, dark: bool
) -> None:
    """What is painted is a picture of many colours, on the ground of the chosen scheme."""
    picture = tmp_path / "page.png"
    async with show(chromium, report_file, "#alert/MetisLLMCallLatencyP99High", dark=dark) as browser:
        await browser.wait_for("document.querySelector('#alerts canvas')")
        await browser.screenshot(picture)
    width, height, pixels = _read_png(picture)
    assert width == pytest.approx(1200, abs=20)
    assert height == 900
    colours = {pixels[offset : offset + 3] for offset in range(0, len(pixels) - 3, 3 * 101)}
    assert len(colours) > 50
    assert pixels[:3] == (bytes((20, 24, 30)) if dark else b"\xff\xff\xff")


async def test_paper_is_light_even_from_a_dark_screen(report_file: Path, chromium: Browser) -> None:
    """Printing draws what is open again in the colours of paper, without what is there to be pressed."""
    painted = """(() => { const canvas = document.querySelector("#alerts canvas"), { width, height } = canvas;
      const copy = Object.assign(document.createElement("canvas"), { width, height });
      const context = copy.getContext("2d", { willReadFrequently: true }), seen = new Set();
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] === 255) seen.add([...data.slice(at, at + 3)].join());
      return [...seen]; })()"""
    async with show(chromium, report_file, "#alert/MetisGatewayAuthFailureRateHigh", dark=True) as browser:
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
@pytest.mark.parametrize("kind", ["report_file", "paging_file"])
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


async def test_a_plot_says_a_value_beyond_its_axis(report_file: Path, chromium: Browser) -> None:
    """Where the highest is far above the threshold, the axis ends before it; who points at it reads it."""
    note = (
        "[...document.querySelectorAll('[data-path^=\"alert/\"] p')]"
        ".find((one) => one.textContent.includes('The axis ends at'))"
    )
    async with show(chromium, report_file) as browser:
        await browser.evaluate(OPEN_ALL)
        await browser.wait_for(note)
        highest = await browser.evaluate(f"{note}.textContent.match(/value was ([0-9.e+-]*[0-9])/)[1]")
        plot = f"{note}.previousElementSibling.previousElementSibling.previousElementSibling"
        await browser.evaluate(f"{plot}.scrollIntoView({{block: 'center'}})")
        await browser.wait_for(f"{plot}.querySelector('.u-over')")
        left, top, width = await browser.evaluate(
            f"(() => {{ const at = {plot}.querySelector('.u-over').getBoundingClientRect();"
            " return [at.left, at.top, at.width]; })()"
        )
        said = []
        for step in range(1, 200):
            await browser.point(left + width * step / 200, top + 20)
            text = await browser.evaluate(f"{plot}.querySelector('.readout').textContent")
            said += [float(number) for number in re.findall(r"  ([0-9.]+) ", text)]
    assert max(said) == float(highest), str(sorted(set(said))[-12:])
