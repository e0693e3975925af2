"""A part that stalls in mid-run is named, and decides no verdict: what depends on it cannot be told."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from support.whole_runs import CommandLine

from alertdrill.runtime import http_client
from alertdrill.runtime.free_ports import find_free_ports

pytestmark = pytest.mark.long

SPEED = 60.0
AWAIT_WALL_S = 90.0
POLL_WALL_S = 0.02
FIRING = "metis-auth-fires"
NEAR = "inference-timeouts-near-threshold"
BESIDE = "gatewayz-credits-near-for"
QUICK = "metis-auth-one-volley"
FOR_S = 300.0
"""Of the alert that FIRING is about."""
PROGRAMS = {
    "alertmanager": "--cluster.listen-address",
    "pager": "alertdrill.pager",
    "prometheus": "--storage.tsdb.path",
    "provider-openrouter": "--name openrouter ",
    "provider-groq": "--name groq ",
    "locust": "-m locust",
}
"""A piece of the command line by which to find each part."""


class Run:
    """A run that lasts, its parts, and what it leaves; `port` is Prometheus's."""

    def __init__(self, process: subprocess.Popen[str], out: Path, port: int) -> None:
        self.process = process
        self._out = out
        self._prometheus = f"http://127.0.0.1:{port}"

    @contextmanager
    def stop(self, *parts: str) -> Iterator[None]:
        """Stop parts for as long as the block takes; nobody tells the run."""
        victims = [self._find(part) for part in parts]
        for victim in victims:
            victim.suspend()
        try:
            yield
        finally:
            for victim in victims:
                with suppress(psutil.NoSuchProcess):  # the run has ended it
                    victim.resume()

    def _find(self, part: str) -> psutil.Process:
        (found,) = (
            child
            for child in psutil.Process(self.process.pid).children()
            if PROGRAMS[part] in " ".join(child.cmdline()) + " "
        )
        return found

    def read_traffic(self) -> dict[str, Any]:
        """Return what the load generator last reported; nothing before it has."""
        try:
            return dict(json.loads((self._out / "logs" / "traffic.json").read_text()))
        except FileNotFoundError:
            return {"done": False, "profiles": {}}

    def count_sent(self, profile: str) -> int:
        """Return how many calls of a load profile were sent so far."""
        return int(self.read_traffic()["profiles"].get(profile, {"sent": 0})["sent"])

    def find_alert(self) -> dict[str, Any]:
        """Return the one alert that is active, or nothing."""
        try:
            alerts = requests.get(f"{self._prometheus}/api/v1/alerts", timeout=10).json()["data"]["alerts"]
        except requests.RequestException:  # it is starting
            return {}
        return next((alert for alert in alerts if "Auth" in alert["labels"]["alertname"]), {})

    def await_that(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition holds, while the run lasts."""
        give_up_at = time.monotonic() + AWAIT_WALL_S
        while not condition():
            assert self.process.poll() is None, f"the run ended before: {what}"
            assert time.monotonic() < give_up_at, f"never happened: {what}"
            time.sleep(POLL_WALL_S)

    def await_that_it_soon_fires(self) -> None:
        """Wait until the alert has only 2 s to wait for its `for` to be over: who waits here may be late."""
        self.await_that(lambda: bool(self.find_alert()), "pending")
        fires_s = datetime.fromisoformat(self.find_alert()["activeAt"]).timestamp() + FOR_S / SPEED
        self.await_that(lambda: time.time() > fires_s - 2.0, "the end of its `for`")

    def await_that_no_page_is_in_time(self) -> None:
        """Wait until the alert has fired for longer than a page may take."""
        self.await_that(lambda: self.find_alert().get("state") == "firing", "firing")
        time.sleep(200.0 / SPEED)  # the cause itself, not a wait for something

    def finish(self) -> tuple[int, dict[str, Any]]:
        """Wait for the run's end; return its exit code and its timeline."""
        _, err = self.process.communicate(timeout=AWAIT_WALL_S)
        assert "Traceback" not in err
        return self.process.returncode, json.loads((self._out / "timeline.json").read_text())


@contextmanager
def start(alertdrill: CommandLine, out: Path, *drills: str) -> Iterator[Run]:
    """Start a run of drills."""
    (port,) = find_free_ports(1)
    options = ("--speed", f"{SPEED:g}", "--port", f"prometheus={port}", "--out", str(out))
    with alertdrill.start("run", *drills, *options) as process:
        yield Run(process, out, port)
    assert alertdrill.list_leftovers() == []


def read_findings(timeline: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the findings of each drill."""
    return {verdict["drill"]: verdict["findings"] for verdict in timeline["verdicts"]}


def test_each_drill_is_doubted_for_the_parts_that_it_depends_on(
    alertdrill: CommandLine, tmp_path: Path
) -> None:
    """Alertmanager stands still as an alert fires, a provider as a near miss calls it, and one nobody calls.

    No rule is blamed, each drill's doubt names its own part, and what needs neither is met.
    """
    out = tmp_path / "out"
    with start(alertdrill, out, FIRING, NEAR, BESIDE) as run:
        run.await_that(lambda: run.count_sent(NEAR) > 0, "calls of the near miss")
        with run.stop("provider-openrouter", "provider-groq"):
            time.sleep(2.0)  # the cause itself
        run.await_that_it_soon_fires()
        with run.stop("alertmanager"):
            run.await_that_no_page_is_in_time()
        code, timeline = run.finish()
    found = read_findings(timeline)
    assert code == 3
    assert {stall["part"] for stall in timeline["stalls"]} >= set(PROGRAMS) - {
        "pager",
        "prometheus",
        "locust",
    }
    (fired,) = found[FIRING]
    assert fired["outcome"] == "unobserved"
    assert fired["doubt"].startswith("Alertmanager answered nothing from ")
    assert fired["doubt"].endswith("; whether the page would have come in time is unknown")
    (near,) = found[NEAR]
    assert near["outcome"] == "unobserved"
    assert near["doubt"].startswith("the provider openrouter answered nothing from ")
    (beside,) = found[BESIDE]
    assert "openrouter" not in str(beside["doubt"])
    assert "groq" not in (out / "junit.xml").read_text().partition("<testcase")[2]


def test_a_locust_that_stalls_is_named(alertdrill: CommandLine, tmp_path: Path) -> None:
    """It sends nothing, and tells nobody anything, until it goes on: no rule is blamed for that."""
    out = tmp_path / "out"
    with start(alertdrill, out, FIRING) as run:
        run.await_that(lambda: bool(run.find_alert()), "pending")
        with run.stop("locust"):
            time.sleep(3.5)  # the cause itself, in which it sends what the alert is about
        code, timeline = run.finish()
    assert code == 3
    longest = max(timeline["stalls"], key=lambda stall: stall["until_s"] - stall["from_s"])
    assert longest["part"] == "locust"
    assert longest["until_s"] - longest["from_s"] > 3.0 * SPEED
    (fired,) = read_findings(timeline)[FIRING]
    assert fired["outcome"] == "unobserved"
    assert fired["doubt"].startswith("Locust stood still from ")


def test_a_pager_that_is_silent_for_longer_than_it_is_waited_for_ends_no_run(
    alertdrill: CommandLine, tmp_path: Path
) -> None:
    """A run is judged whose pager left a question open for more than ten seconds, and its doubts name it."""
    out = tmp_path / "out"
    with start(alertdrill, out, FIRING) as run:
        run.await_that_it_soon_fires()
        with run.stop("pager"):
            time.sleep(http_client.TIMEOUT_S + 1.0)  # the cause itself
        code, timeline = run.finish()
    (fired,) = read_findings(timeline)[FIRING]
    assert code == 3
    assert fired["outcome"] == "unobserved"
    assert fired["doubt"].startswith("the pager answered nothing from ")
    assert (out / "report.html").exists()


def test_a_pager_that_stalls_and_a_prometheus_that_ends_early_are_named(
    alertdrill: CommandLine, tmp_path: Path
) -> None:
    """A page is late for the pager's sake, and what is not scraped until the end is a gap like any other."""
    out = tmp_path / "out"
    with start(alertdrill, out, FIRING) as run:
        run.await_that_it_soon_fires()
        with run.stop("pager"):
            run.await_that_no_page_is_in_time()
        run.await_that(lambda: run.count_sent("probe") > 160, "the end of the probe to be near")
        with run.stop("prometheus"):
            run.await_that(lambda: run.read_traffic()["done"], "the end of the traffic")
            time.sleep(1.5)  # until after the run's last instant: the cause itself
        code, timeline = run.finish()
    (fired,) = read_findings(timeline)[FIRING]
    assert code == 3
    assert fired["outcome"] == "unobserved"
    assert fired["doubt"].startswith("the pager answered nothing from ")
    assert any(doubt.startswith("scrapes were up to ") for doubt in timeline["doubts"])
    assert "<error" in (out / "junit.xml").read_text()


def test_a_locust_that_is_not_done_in_the_end_leaves_reports(alertdrill: CommandLine, tmp_path: Path) -> None:
    """It stands still until nobody waits any more: the run is judged, and says so."""
    out = tmp_path / "out"
    with start(alertdrill, out, QUICK) as run:
        run.await_that(lambda: run.count_sent("probe") > 20, "the middle of the run")
        with run.stop("locust"):
            code, timeline = run.finish()
    assert code == 3
    assert any(doubt.startswith("Locust was not done within 10 s") for doubt in timeline["doubts"])
    assert (out / "report.html").exists()
