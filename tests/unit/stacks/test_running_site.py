"""Drills on a Prometheus and an Alertmanager of somebody's own: what they may do, and what is seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alertdrill.core.drill import Drill, Maintenance, Outage, ReceiverFault
from alertdrill.project.project import Project, RunningAlertmanager, Service, StubProvider, Target
from alertdrill.stacks.running_site import RunningSite
from alertdrill.stacks.subject import Job

DRILL = Drill(name="d", system="own", traffic=(), expects=(), why="", lasts_s=60)
PAGED = RunningAlertmanager(url="http://am", pager="127.0.0.1:9199", receivers=("oncall",))


def make_site(alertmanager: RunningAlertmanager | None = PAGED, *command: str) -> RunningSite:
    """Return a site with one provider."""
    target = Target(url="http://127.0.0.1:4000", command=command)
    service = Service(url="http://prom")
    project = Project(
        path=Path("/p/alertdrill.toml"),
        out=Path("/p/out"),
        target=target,
        prometheus=service,
        running_alertmanager=alertmanager,
        providers=(StubProvider(name="openai", dialect="openai"),),
    )
    return RunningSite(
        project=project,
        target=target,
        prometheus=service,
        jobs=(Job(system="own", name="shop"),),
        versions={},
        environment={},
    )


@pytest.mark.parametrize(
    ("drill", "why"),
    [
        (replace(DRILL, faults=(ReceiverFault(receiver="r", how="timeout", at_s=0, for_s=9),)), "receivers"),
        (replace(DRILL, maintenance=(Maintenance(matchers={"a": "b"}, at_s=0, for_s=9),)), "silence alerts"),
        (replace(DRILL, outages=(Outage(part="prometheus", at_s=0, for_s=9, how="stop"),)), "puts out"),
        (replace(DRILL, outages=(Outage(part="alertmanager", at_s=0, for_s=9, how="stop"),)), "puts out"),
        (replace(DRILL, outages=(Outage(part="gateway", at_s=0, for_s=9, how="stop"),)), "no command"),
        (replace(DRILL, alertmanagers=2), "cluster"),
        (replace(DRILL, starts_at="22:30"), "time of day"),
    ],
)
def test_what_would_be_done_to_them_is_not_done(drill: Drill, why: str) -> None:
    """The drill is left out, and it is said why."""
    assert why in (make_site().find_obstacle(drill) or "")


def test_a_drill_that_only_sends_traffic_can_be_held() -> None:
    """As one that puts out what alertdrill starts: a provider, or the gateway by its command."""
    outages = tuple(Outage(part=part, at_s=0, for_s=9, how="stop") for part in ("provider-openai", "gateway"))
    assert make_site().find_obstacle(DRILL) is None
    assert make_site(PAGED, "gateway").find_obstacle(replace(DRILL, outages=outages)) is None


def test_only_receivers_that_send_to_alertdrill_are_seen() -> None:
    """Without an Alertmanager, or one that sends nothing, none is."""
    assert make_site().subject.receivers == {"oncall"}
    assert make_site(RunningAlertmanager(url="http://am")).subject.receivers == frozenset()
    assert make_site(None).subject.receivers == frozenset()
    assert "alertmanager" not in make_site(None).subject.parts
