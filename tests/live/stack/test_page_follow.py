"""Tests of one synthetic alert through real Alertmanagers of both generations."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.lone_alertmanager import FAST, Lone, Sink, await_that, open_alertmanager, open_sink

from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.runner.synthetic import follow
from alertdrill.runner.synthetic.client import Alertmanager
from alertdrill.runner.synthetic.hops import Hop, find_outcome
from alertdrill.runner.synthetic.remote import Remote
from alertdrill.runner.synthetic.synthetic import DRILL_LABEL, SyntheticAlert, mark
from alertdrill.runtime.binaries import Engines, Generation, find_engines
from alertdrill.runtime.free_ports import find_free_ports

pytestmark = pytest.mark.long

CRITICAL = {"alertname": "Down", "severity": "critical"}
ALWAYS = {"name": "always", "time_intervals": [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}]}


@pytest.fixture(params=list(Generation), ids=str)
def each_engines(request: pytest.FixtureRequest) -> Engines:
    """Return the engines of each supported generation."""
    return find_engines(os.environ, generation=request.param)


@pytest.fixture
def sink() -> Iterator[Sink]:
    """Return what receivers deliver to."""
    with open_sink() as opened:
        yield opened


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait shorter for what does not come; these Alertmanagers have nothing else to do."""
    monkeypatch.setattr(follow, "MARGIN_S", 3.0)
    monkeypatch.setattr(follow, "MIN_NOTIFY_S", 2.0)


def make_alert(**labels: str) -> SyntheticAlert:
    """Return a marked alert."""
    return mark(
        labels={**CRITICAL, **labels},
        annotations={"summary": "it is down"},
        generator_url="http://prometheus/graph?g0.expr=up&g0.tab=1",
        source="rules.yml:1",
    )


def make_config(sink: Sink, *, routes: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """Return a config with a webhook, a Slack channel and a receiver without integrations."""
    return {
        "route": {**FAST, "receiver": "hook", "routes": routes or []},
        "receivers": [
            {"name": "hook", "webhook_configs": [{"url": f"{sink.url}/hook"}]},
            {"name": "chat", "slack_configs": [{"api_url": f"{sink.url}/chat", "channel": "x"}]},
            {"name": "nowhere"},
        ],
        **more,
    }


def send(lone: Lone, engines: Engines, alert: SyntheticAlert, *named: str) -> tuple[Hop, ...]:
    """Send an alert, and hold Alertmanager to having none of it in the end."""
    remote = Remote(lone.url, {}, engines.amtool)
    try:
        return remote.send(remote.plan(alert, named), lambda _: None)
    finally:
        assert [one for one in lone.list_alerts() if DRILL_LABEL in one["labels"]] == []


def test_an_alert_is_delivered_and_resolved(each_engines: Engines, sink: Sink, tmp_path: Path) -> None:
    """Hop by hop, to both receivers on its way; what arrived is the alert, and then its resolution."""
    both = [{"receiver": "hook", "continue": True}, {"receiver": "chat"}]
    alert = make_alert()
    with open_alertmanager(each_engines, tmp_path, make_config(sink, routes=both)) as lone:
        hops = send(lone, each_engines, alert, "hook", "chat")
    assert find_outcome(hops) == "delivered", hops
    assert sorted(hop.name for hop in hops) == [
        "delivered by slack",
        "delivered by webhook",
        "handed in",
        "received",
        "resolution delivered by webhook",
        "resolution not wanted by slack",
        "resolved",
    ]
    firing, resolved = sink.list_webhooks()
    assert [firing["status"], resolved["status"]] == ["firing", "resolved"]
    (delivered,) = firing["alerts"]
    assert delivered["labels"] == alert.labels
    assert delivered["annotations"] == alert.annotations
    assert delivered["generatorURL"] == alert.generator_url
    assert len(sink.list_webhooks("/chat")) == 1


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("status", [400, 503])
def test_a_receiver_that_refuses_is_known(
    each_engines: Engines, sink: Sink, tmp_path: Path, status: int
) -> None:
    """What is not tried again fails at once, what is tried again when Alertmanager gives up."""
    sink.statuses["/hook"] = status
    with open_alertmanager(each_engines, tmp_path, make_config(sink)) as lone:
        hops = send(lone, each_engines, make_alert())
    assert find_outcome(hops) == "not delivered"
    assert hops[-2].outcome == "not delivered"
    assert "webhook refused" in hops[-2].evidence
    assert hops[-1].name == "resolved"


@pytest.mark.usefixtures("patience")
def test_a_silence_is_named(each_engines: Engines, sink: Sink, tmp_path: Path) -> None:
    """It holds the alert back, which is known at once."""
    with open_alertmanager(each_engines, tmp_path, make_config(sink)) as lone:
        lone.silence("severity", "critical")
        hops = send(lone, each_engines, make_alert())
    (held,) = (hop for hop in hops if hop.outcome == "suppressed")
    assert held.name == "suppressed from hook"
    assert held.evidence.startswith("silenced by ")
    assert sink.taken == []
    assert find_outcome(hops) == "not delivered"


@pytest.mark.usefixtures("patience")
def test_what_inhibits_is_named(each_engines: Engines, sink: Sink, tmp_path: Path) -> None:
    """By the name of the alert that holds this one back."""
    rule = {"source_matchers": ["alertname=Outage"], "target_matchers": ["severity=critical"]}
    config = make_config(
        sink, routes=[{"receiver": "nowhere", "matchers": ["alertname=Outage"]}], inhibit_rules=[rule]
    )
    with open_alertmanager(each_engines, tmp_path, config) as lone:
        lone.fire(alertname="Outage")
        hops = send(lone, each_engines, make_alert())
    (held,) = (hop for hop in hops if hop.outcome == "suppressed")
    assert held.evidence == "inhibited by Outage"


@pytest.mark.usefixtures("patience")
def test_a_time_interval_that_mutes_is_named(each_engines: Engines, sink: Sink, tmp_path: Path) -> None:
    """From 0.28 on Alertmanager says so; before, that nothing was begun, and which interval it may be."""
    muted = [{"receiver": "chat", "mute_time_intervals": ["always"]}]
    config = make_config(sink, routes=muted, time_intervals=[ALWAYS])
    with open_alertmanager(each_engines, tmp_path, config) as lone:
        hops = send(lone, each_engines, make_alert())
    assert find_outcome(hops) == "not delivered"
    (hop,) = (hop for hop in hops if hop.outcome != "done")
    if each_engines.versions["alertmanager"].startswith("0.25"):
        assert hop.name == "delivered by slack"
        assert hop.evidence == (
            "Alertmanager did not begin to notify slack; time intervals of the route may mute it now: always"
        )
    else:
        assert hop.name == "suppressed from chat"
        assert hop.evidence == "muted by the time interval always"


def test_with_others_at_the_same_integration_nothing_is_certain(
    each_engines: Engines, sink: Sink, tmp_path: Path
) -> None:
    """The notification that was counted may be theirs; so it is said, and not guessed."""
    with open_alertmanager(each_engines, tmp_path, make_config(sink)) as lone:
        lone.fire(alertname="Other")
        hops = send(lone, each_engines, make_alert())
    assert find_outcome(hops) == "could not tell"
    doubts = [hop.evidence for hop in hops if hop.outcome == "could not tell"]
    assert len(doubts) == 2
    assert all("1 group of other alerts" in doubt for doubt in doubts)


def test_where_receivers_are_counted_apart_others_do_not_matter(sink: Sink, tmp_path: Path) -> None:
    """With Alertmanager's feature flag, only who goes to the same receiver is in the way."""
    engines = find_engines(os.environ, generation=Generation.NEWEST)
    config = make_config(sink, routes=[{"receiver": "own", "matchers": ["severity=critical"]}])
    config["receivers"].append({"name": "own", "webhook_configs": [{"url": f"{sink.url}/own"}]})
    flag = "--enable-feature=receiver-name-in-metrics"
    with open_alertmanager(engines, tmp_path, config, flag) as lone:
        lone.fire(alertname="Other")
        hops = send(lone, engines, make_alert())
    assert find_outcome(hops) == "delivered"
    assert "delivered by webhook of own" in [hop.name for hop in hops]


def test_notifications_that_are_under_way_are_waited_for(
    engines: Engines, sink: Sink, tmp_path: Path
) -> None:
    """That an alert has just ended is still to be notified, which no API shows; it is not taken for ours."""
    said: list[str] = []
    with open_alertmanager(engines, tmp_path, make_config(sink)) as lone:
        lone.fire(alertname="Other", for_s=1.0)
        await_that(lambda: lone.list_alerts() == [], "the other one has ended")
        remote = Remote(lone.url, {}, engines.amtool)
        hops = remote.send(remote.plan(make_alert(), ()), said.append)
    assert said[0].startswith("waits up to ")
    assert find_outcome(hops) == "delivered"


@pytest.mark.parametrize(
    ("active", "says"),
    [
        (CRITICAL, "the alert is active already"),
        ({"alertname": "Quiet", "severity": "warning"}, 'would inhibit {alertname="Quiet"'),
    ],
)
def test_what_would_be_disturbed_is_left_alone(
    each_engines: Engines, sink: Sink, tmp_path: Path, active: Mapping[str, str], says: str
) -> None:
    """The alert itself if it is active, and alerts that it would suppress: nothing is sent."""
    rule = {"source_matchers": ["severity=critical"], "target_matchers": ["severity=warning"]}
    with open_alertmanager(each_engines, tmp_path, make_config(sink, inhibit_rules=[rule])) as lone:
        lone.fire(**active)
        with pytest.raises(BadInput, match=says):
            send(lone, each_engines, make_alert())


def test_a_way_to_nobody_is_known_without_sending(each_engines: Engines, sink: Sink, tmp_path: Path) -> None:
    """A receiver without integrations: nothing is sent."""
    config = make_config(sink, routes=[{"receiver": "nowhere"}])
    with open_alertmanager(each_engines, tmp_path, config) as lone:
        (hop,) = send(lone, each_engines, make_alert())
    assert hop.evidence == "nowhere has no integration: nobody is notified"


def test_an_alertmanager_that_starts_anew_meanwhile_proves_nothing(
    each_engines: Engines, sink: Sink, tmp_path: Path
) -> None:
    """It counts from zero and has forgotten the alert."""
    config = make_config(sink)
    config["route"]["group_wait"] = "30s"
    with open_alertmanager(each_engines, tmp_path, config) as lone:

        def restart(text: str) -> None:
            if text.startswith("received"):
                lone.restart()

        remote = Remote(lone.url, {}, each_engines.amtool)
        plan = remote.plan(make_alert(), ())
        with pytest.raises(CouldNotTell, match="was started anew meanwhile"):
            remote.send(plan, restart)
        assert lone.list_alerts() == []


def test_a_member_of_a_cluster_may_wait_for_the_others(
    engines: Engines, sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alert is handed to one of two, which delivers it when its turn has come."""
    monkeypatch.setattr(follow, "PEER_WAIT_S", 4.0)
    monkeypatch.setattr(follow, "MARGIN_S", 2.0)
    first, second = find_free_ports(2)
    flags = ["--cluster.peer-timeout=4s", "--cluster.settle-timeout=1s"]
    own, other = (f"--cluster.listen-address=127.0.0.1:{port}" for port in (first, second))
    peers = [f"--cluster.peer=127.0.0.1:{port}" for port in (first, second)]
    config = make_config(sink)
    with (
        open_alertmanager(engines, tmp_path / "a", config, own, *flags) as one,
        open_alertmanager(engines, tmp_path / "b", config, other, *flags, *peers) as two,
    ):
        for lone in (one, two):
            await_that(lambda: Alertmanager(lone.api).read_status().members == 2, "they have met")  # noqa: B023
        hops = [send(lone, engines, make_alert()) for lone in (one, two)]
    assert [find_outcome(each) for each in hops] == ["delivered", "delivered"]
    assert [body["status"] for body in sink.list_webhooks()] == ["firing", "resolved"] * 2
