"""The reports of `page --all` and of a gated change in a real browser: what a person does with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.chromium_session import Browser, demand_chromium
from support.judged_reports import BASE, NOW, make_gated, make_rehearsal
from support.poisoned_records import NASTY
from support.shown_reports import ASK_AXE, AXE, FOCUS, FOUND, OPEN_ALL, TEXT, show

from alertdrill.gating.html import render_html as render_gated
from alertdrill.runner.synthetic.html import render_html as render_rehearsal

demand_chromium(os.environ)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOWN = "[...document.querySelectorAll('#list .alert')].map((one) => one.dataset.path.slice(6))"
TOPS = """[...document.querySelectorAll('#page > section')].filter((one) => one.hasChildNodes())
  .map((one) => one.id)"""
SIDES = """[...document.querySelectorAll('#list details[open] .effect .lane-title')]
  .map((one) => one.textContent)"""
KINDS = ("page", "gate")
FIRST = {"page": "Missing", "gate": "Deep"}
"""An alert of each report with which something is wrong."""


def render(kind: str, text: str = "a") -> str:
    """Return the page of either kind; `text` is what strangers wrote in it."""
    if kind == "page":
        return render_rehearsal(make_rehearsal(text=text))
    return render_gated([make_gated(text)], BASE, NOW)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Write both pages to files."""
    folder = tmp_path_factory.mktemp("judged")
    for kind in KINDS:
        (folder / f"{kind}.html").write_text(render(kind), encoding="utf-8")
    return {kind: folder / f"{kind}.html" for kind in KINDS}


@pytest.mark.parametrize(
    ("kind", "starts", "sections"),
    [
        ("page", "✗3 of 8 alerts do not page as they have to, 1 could not be seen, 1 suppressedEach",
         ["head", "matrix", "alerts", "coverage", "run"]),
        ("gate", "✗Something is wrong: 3 alerts touched; 2 drills judged, 1 not met",
         ["head", "troubles", "matrix", "alerts", "others", "run"]),
    ],
)  # fmt: skip
async def test_the_first_screen_has_the_verdict_and_a_matrix(
    files: dict[str, Path], chromium: Browser, kind: str, starts: str, sections: list[str]
) -> None:
    """The sentence, why to believe it, and a row for each alert, the worst first; links to what there is."""
    async with show(chromium, files[kind]) as browser:
        text = await browser.evaluate(TEXT)
        assert text.startswith(starts)
        assert await browser.evaluate(TOPS) == sections
        first = await browser.evaluate("document.querySelector('#matrix tbody tr').textContent")
        assert "✗" in first
        links = "[...document.querySelectorAll('nav a:not([hidden])')].map((one) => one.hash.split('/')[1])"
        assert await browser.evaluate(links) == [one for one in sections if one != "head"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_cell_and_an_address_open_the_alert(
    files: dict[str, Path], chromium: Browser, kind: str
) -> None:
    """A cell leads to its alert, and the address that it makes does so by itself."""
    alert = FIRST[kind]
    is_open = f"document.querySelector('#list [data-path=\"alert/{alert}\"]').open"
    async with show(chromium, files[kind]) as browser:
        assert not await browser.evaluate(is_open)
        await browser.evaluate(
            f"document.querySelector('#matrix a.cell.unmet[href=\"#alert/{alert}\"]').click()"
        )
        await browser.wait_for(is_open)
        assert await browser.evaluate(FOCUS) == f"alert/{alert}"
        address = await browser.evaluate("location.hash")
    async with show(chromium, files[kind], address) as browser:
        await browser.wait_for(is_open)


@pytest.mark.parametrize(
    ("kind", "query", "found"),
    [
        ("page", "outcome:unmet receiver:oncall", ["Misworded", "Missing"]),
        ("page", "outcome:suppressed", ["Muted"]),
        ("page", "label:severity=odd", ["Left"]),
        ("page", "integration:webhook", ["Left"]),
        ("page", "no template", ["Unseen"]),
        ("gate", "outcome:unmet", ["Deep"]),
        ("gate", "drill:lo", ["Low"]),
        ("gate", "check:no-for", ["Calm"]),
        ("gate", "stale", ["Low"]),
        ("gate", "receiver:oncall", []),
    ],
)
async def test_a_query_in_the_address_finds_alerts(
    files: dict[str, Path], chromium: Browser, kind: str, query: str, found: list[str]
) -> None:
    """Tokens and words, in the list and in the matrix alike."""
    address = f"#?q={query.replace(' ', '+')}"
    async with show(chromium, files[kind], address) as browser:
        assert await browser.evaluate(SHOWN) == found
        assert await browser.evaluate("document.querySelectorAll('#matrix tbody tr').length") == len(found)
        assert (await browser.evaluate(FOUND)).startswith(f"{len(found)} of ")
        assert await browser.evaluate("document.getElementById('search').value") == query


@pytest.mark.parametrize("kind", KINDS)
async def test_all_is_done_by_keys(files: dict[str, Path], chromium: Browser, kind: str) -> None:
    """Slash, words, an arrow down, Enter opens, Escape closes, and the address has the query."""
    alert = FIRST[kind]
    is_open = f"document.querySelector('#list [data-path=\"alert/{alert}\"]').open"
    async with show(chromium, files[kind]) as browser:
        await browser.press("/")
        await browser.type(f"alert:{alert}")
        await browser.wait_for(f"location.hash === '#?q=alert:{alert}'")
        await browser.press("ArrowDown")
        assert await browser.evaluate(FOCUS) == f"alert/{alert}"
        await browser.press("Enter")
        await browser.wait_for(is_open)
        await browser.press("Escape")
        await browser.wait_for(f"!{is_open}")


async def test_a_chip_narrows_the_list_down(files: dict[str, Path], chromium: Browser) -> None:
    """It says how many there are, and is pressed then."""
    chip = "document.querySelector('[data-token=\"receiver:desk\"]')"
    async with show(chromium, files["page"]) as browser:
        assert await browser.evaluate(f"{chip}.textContent") == "desk 1"
        await browser.evaluate(f"{chip}.click()")
        await browser.wait_for("location.hash === '#?q=receiver:desk'")
        assert await browser.evaluate(SHOWN) == ["Left"]
        assert await browser.evaluate(f"{chip}.getAttribute('aria-pressed')") == "true"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1200, 400])
async def test_everything_opened_is_accessible_and_fits(
    files: dict[str, Path], chromium: Browser, kind: str, dark: bool, width: int
) -> None:
    """axe-core finds nothing of WCAG 2.2 AA, nothing is wider than the window, and nothing is asked for."""
    async with show(chromium, files[kind], dark=dark, width=width) as browser:
        await browser.evaluate(OPEN_ALL)
        await browser.evaluate(AXE.read_text(encoding="utf-8"))
        assert await browser.evaluate(ASK_AXE) == []
        assert await browser.evaluate("document.documentElement.scrollWidth") <= width
        assert browser.requests == [files[kind].as_uri()]


async def test_before_and_after_are_bands_and_words(files: dict[str, Path], chromium: Browser) -> None:
    """A lane for each side over the drill's time; a screen reader is told the instants of both."""
    async with show(chromium, files["gate"], "#alert/Deep") as browser:
        await browser.wait_for("document.querySelectorAll('.effect svg .bar.firing').length === 1")
        assert await browser.evaluate(SIDES) == ["before", "after"]
        assert await browser.evaluate("document.querySelectorAll('.effect .bar.pending').length") == 2
        said = await browser.evaluate(
            "document.querySelector('.effect [role=img]').getAttribute('aria-label')"
        )
        assert "before: pending 8:00, firing 10:00, resolved 20:00; after: pending 8:00 to 11:00" in said


async def test_values_are_drawn_against_both_thresholds(files: dict[str, Path], chromium: Browser) -> None:
    """A plot for each drill that is about the alert; a screen reader is told the values of each curve."""
    async with show(chromium, files["gate"], "#alert/Deep") as browser:
        await browser.wait_for("document.querySelector('#list details[open] .figure canvas')")
        assert await browser.evaluate("document.querySelectorAll('#list details[open] .figure').length") == 1
        said = await browser.evaluate(
            "document.querySelector('.figure [role=application]').getAttribute('aria-label')"
        )
    assert said.startswith('Deep in deep: before and after {queue="a"}: 0 to 150, compared by > 200')


async def test_a_plot_is_zoomed_by_keys(files: dict[str, Path], chromium: Browser) -> None:
    """Plus and minus, arrows, Escape shows all; what is in view is said, and only then Escape closes."""
    said = "document.querySelector('.figure [aria-live]').textContent"
    async with show(chromium, files["gate"], "#alert/Deep") as browser:
        await browser.wait_for("document.querySelector('.figure canvas')")
        await browser.evaluate("document.querySelector('.figure [role=application]').focus()")
        for key, view, values in [
            ("+", "15:00 to 45:00", "0 to 150"),
            ("ArrowRight", "21:00 to 51:00", "0 to 0"),
            ("+", "28:30 to 43:30", "0 to 0"),
            ("ArrowLeft", "25:30 to 40:30", "0 to 0"),
            ("-", "18:00 to 48:00", "0 to 150"),
            ("Escape", "0:00 to 1:00:00", "0 to 150"),
        ]:
            await browser.press(key)
            await browser.wait_for(f"{said}.startsWith('{view}')")
            assert (await browser.evaluate(said)).endswith(f'before and after {{queue="a"}} {values}')
        assert await browser.evaluate("document.querySelector('#list details.alert[open]') !== null")
        await browser.press("Escape")
        await browser.wait_for("document.querySelector('#list details.alert[open]') === null")


async def test_each_receivers_notification_is_shown_as_it_looks(
    files: dict[str, Path], chromium: Browser
) -> None:
    """Below the receiver and its integration, with when it came and when it was closed."""
    async with show(chromium, files["page"], "#alert/Misworded") as browser:
        await browser.wait_for("document.querySelectorAll('#list details[open] .inbox .card').length === 2")
        text = await browser.evaluate("document.querySelector('#list details.alert[open]').textContent")
    assert "pagerduty misworded: the title is empty" in text
    assert "paged within 0:20 (0.2 s)" in text


@pytest.mark.parametrize("kind", KINDS)
async def test_what_strangers_wrote_stays_text(chromium: Browser, tmp_path: Path, kind: str) -> None:
    """Markup in names, texts, labels and reasons makes no element, runs nothing and asks for nothing."""
    file = tmp_path / "report.html"
    file.write_text(render(kind, NASTY), encoding="utf-8")
    async with show(chromium, file) as browser:
        await browser.evaluate(OPEN_ALL)
        assert "onerror=alert(1)" in await browser.evaluate(TEXT)
        assert await browser.evaluate("document.querySelectorAll('#page img, #page script').length") == 0
        assert browser.requests == [file.as_uri()]


@pytest.mark.parametrize("kind", KINDS)
async def test_paper_has_what_is_open_and_nothing_to_press(
    files: dict[str, Path], chromium: Browser, kind: str
) -> None:
    """Also from a dark screen the ground is white."""
    async with show(chromium, files[kind], f"#alert/{FIRST[kind]}", dark=True) as browser:
        await browser.emulate(dark=True, media="print")
        assert (
            await browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        )
        assert await browser.evaluate("document.getElementById('search').offsetParent") is None
        assert await browser.evaluate(
            f"document.querySelector('#list [data-path=\"alert/{FIRST[kind]}\"] .folded').offsetHeight > 0"
        )
