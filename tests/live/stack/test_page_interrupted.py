"""Tests of what cuts a synthetic alert short: signals and the network. None is left firing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from support.lone_alertmanager import FAST, Line, Lone, open_alertmanager, open_line
from support.whole_runs import METIS_RULES, CommandLine

from alertdrill.errors import ComponentFailed, CouldNotTell
from alertdrill.runner.synthetic import firing, watch
from alertdrill.runner.synthetic.client import Alertmanager
from alertdrill.runner.synthetic.remote import Remote
from alertdrill.runner.synthetic.synthetic import SyntheticAlert, mark
from alertdrill.runtime.binaries import Engines, Generation, find_engines

ALERT = "MetisGatewayKeyCostSpike"
SLOW = {
    "route": {**FAST, "receiver": "hook", "group_wait": "60s"},
    "receivers": [{"name": "hook", "webhook_configs": [{"url": "http://127.0.0.1:9/"}]}],
}
"""Nothing is delivered before anything is cut."""


@pytest.fixture(params=list(Generation), ids=str)
def each_engines(request: pytest.FixtureRequest) -> Engines:
    """Return the engines of each supported generation."""
    return find_engines(os.environ, generation=request.param)


@pytest.fixture
def lone(each_engines: Engines, tmp_path: Path) -> Iterator[Lone]:
    """Return an Alertmanager that takes its time."""
    with open_alertmanager(each_engines, tmp_path, SLOW) as opened:
        yield opened


def make_alert() -> SyntheticAlert:
    """Return a marked alert."""
    return mark(labels={"alertname": "Down"}, annotations={}, generator_url="http://p/", source="r.yml:1")


def await_received(process: subprocess.Popen[str]) -> None:
    """Wait until the command has seen its alert at Alertmanager."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("received"):
            return
    pytest.fail("the command ended too early")


@pytest.mark.parametrize(
    ("each_engines", "number"),
    [
        (Generation.OLDEST, signal.SIGTERM),
        (Generation.NEWEST, signal.SIGINT),
        (Generation.NEWEST, signal.SIGHUP),
    ],
    ids=str,
    indirect=["each_engines"],
)
def test_an_interrupted_command_resolves_its_alert(
    alertdrill: CommandLine, lone: Lone, number: signal.Signals
) -> None:
    """It ends with 3, and Alertmanager has no alert any more."""
    with alertdrill.start(
        "page", "--alertmanager", lone.url, "--rules", str(METIS_RULES), "--alert", ALERT
    ) as process:
        await_received(process)
        assert len(lone.list_alerts()) == 1
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == CouldNotTell.exit_code
    assert f"interrupted by {number.name}" in err
    assert lone.list_alerts() == []
    assert alertdrill.list_leftovers() == []


def test_a_killed_command_leaves_an_alert_that_ends_by_itself(alertdrill: CommandLine, lone: Lone) -> None:
    """SIGKILL gives no chance to resolve anything, so the alert was handed in for a minute only."""
    with alertdrill.start(
        "page", "--alertmanager", lone.url, "--rules", str(METIS_RULES), "--alert", ALERT
    ) as process:
        await_received(process)
        process.kill()
        process.communicate(timeout=30)
    (left,) = lone.list_alerts()
    assert datetime.fromisoformat(left["endsAt"]).timestamp() <= time.time() + 60.0


def test_an_alert_is_handed_in_anew_while_it_is_wanted(
    each_engines: Engines, lone: Lone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fires for longer than one hand-in says."""
    monkeypatch.setattr(firing, "HOLD_S", 1.0)
    monkeypatch.setattr(firing, "REFRESH_S", 0.2)
    remote = Remote(lone.url, {}, each_engines.amtool)
    looks = []

    class EnoughError(Exception):
        pass

    def look(seconds: float) -> None:
        looks.append(lone.list_alerts())
        if len(looks) > 12:
            raise EnoughError
        sleep(seconds)

    sleep = time.sleep
    monkeypatch.setattr(watch.time, "sleep", look)
    monkeypatch.setattr(watch, "POLL_S", 0.2)
    with pytest.raises(EnoughError):
        remote.send(remote.plan(make_alert(), ()), lambda _: None)
    assert all(looks[1:])
    monkeypatch.undo()
    assert lone.list_alerts() == []


@pytest.fixture
def line(lone: Lone) -> Iterator[Line]:
    """Return a network to the Alertmanager."""
    with open_line(lone.url) as opened:
        yield opened


def test_a_network_that_comes_back_lets_the_alert_be_resolved(
    each_engines: Engines, lone: Lone, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut between the firing and the resolution, it is tried again until it works."""
    monkeypatch.setattr(watch, "LOST_WITHIN_S", 0.5)
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if text.startswith("received"):
            line.cut()
        if text.startswith("the alert is not resolved yet"):
            assert len(lone.list_alerts()) == 1
            line.mend()

    remote = Remote(line.url, {}, each_engines.amtool)
    plan = remote.plan(make_alert(), ())
    with pytest.raises(ComponentFailed, match="cannot be reached"):
        remote.send(plan, say)
    assert said[-1].startswith("the alert is not resolved yet")
    assert lone.list_alerts() == []


def test_a_network_that_is_gone_for_good_leaves_nothing_firing(
    each_engines: Engines, lone: Lone, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said that the alert could not be resolved, and when it ends; then it has ended."""
    monkeypatch.setattr(watch, "LOST_WITHIN_S", 0.5)
    monkeypatch.setattr(firing, "HOLD_S", 3.0)
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if text.startswith("received"):
            line.cut()

    remote = Remote(line.url, {}, each_engines.amtool)
    plan = remote.plan(make_alert(), ())
    with pytest.raises(ComponentFailed, match="cannot be reached"):
        remote.send(plan, say)
    assert "could not be seen to be resolved" in said[-1]
    assert "Alertmanager resolves it by itself" in said[-1]
    assert lone.list_alerts() == []


def test_a_network_that_swallows_the_answer_does_not_hide_the_alert(
    each_engines: Engines, lone: Lone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alert arrived although its sender never heard so; it is resolved all the same."""
    post = firing.Alertmanager.post
    ends: list[float] = []

    def post_and_lose_the_first(
        self: Alertmanager, *alerts: SyntheticAlert, starts_s: float, ends_s: float
    ) -> None:
        post(self, *alerts, starts_s=starts_s, ends_s=ends_s)
        ends.append(ends_s)
        if len(ends) == 1:
            assert len(lone.list_alerts()) == 1
            raise ComponentFailed("the answer is lost")

    monkeypatch.setattr(firing.Alertmanager, "post", post_and_lose_the_first)
    remote = Remote(lone.url, {}, each_engines.amtool)
    with pytest.raises(ComponentFailed, match="the answer is lost"):
        remote.send(remote.plan(make_alert(), ()), lambda _: None)
    assert len(ends) == 2
    assert lone.list_alerts() == []
