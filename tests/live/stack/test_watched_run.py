"""A run, and a stack that stands, watched in a real browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.chromium_session import Browser, demand_chromium, run_chromium
from support.shown_reports import DRAWN, TEXT
from support.whole_runs import CommandLine

from alertdrill.runtime.http_client import Api

demand_chromium(os.environ)

DRILL = "metis-auth-fires"
LIVE = "document.getElementById('live').textContent"
ALERT = {"alertname": "MetisLLMErrorRateHigh", "system": "metis", "severity": "warning", "model": "by-hand"}


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Browser]:
    """Run a browser."""
    with run_chromium(tmp_path) as browser:
        yield browser


def read_line(process: subprocess.Popen[str], start: str) -> str:
    """Return the rest of the next line that starts so."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(start):
            return line.removeprefix(start).strip()
    pytest.fail(f"the command ended without a line {start!r}")


async def test_a_browser_sees_a_run_from_its_traffic_to_its_verdict(
    alertdrill: CommandLine, chromium: Browser, tmp_path: Path
) -> None:
    """The alert fires, its page comes, the drill is met, and the file that is written is that page."""
    out = tmp_path / "out"
    with alertdrill.start("run", DRILL, "--ui", "--speed", "60", "--out", str(out)) as process:
        async with chromium.show(read_line(process, "Watch it at")) as browser:
            await browser.wait_for(DRAWN)
            await browser.wait_for(f"{LIVE}.includes('metis-auth') && {LIVE}.includes('left')")
            await browser.wait_for("document.querySelector('#live .is-firing')")
            await browser.wait_for("document.querySelector('#timeline .bar.firing')")
            await browser.wait_for("document.querySelector('#pages .incident')")
            await browser.wait_for(f"{LIVE} === ''")
            await browser.wait_for("document.querySelector('#list .drill')")
            watched = await browser.evaluate(TEXT)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode in (0, 3), rest
    async with chromium.show(out / "report.html") as browser:
        await browser.wait_for(DRAWN)
        assert await browser.evaluate(TEXT) == watched


async def test_a_standing_stack_shows_its_incidents(
    alertdrill: CommandLine, chromium: Browser, tmp_path: Path
) -> None:
    """An alert that somebody sends by hand is a page, with what its receiver shows."""
    with alertdrill.start("up", "--system", "metis", "--out", str(tmp_path / "out")) as process:
        alertmanager = read_line(process, "alertmanager ")
        url = read_line(process, "page ")
        async with chromium.show(url) as browser:
            await browser.wait_for(DRAWN)
            assert "The stack stands" in await browser.evaluate(TEXT)
            Api("alertmanager", alertmanager).post("/api/v2/alerts", [{"labels": ALERT}])
            await browser.wait_for("document.querySelector('#pages .incident')")
            title = await browser.evaluate("document.querySelector('#pages .incident summary').textContent")
            assert re.search(r"MetisLLMErrorRateHigh by-hand", title)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0
