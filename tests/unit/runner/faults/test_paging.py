"""Tests of what drills do to receivers and to Alertmanager: when, and what exactly is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from alertdrill.core.clock import Clock
from alertdrill.core.drill import Drill, Maintenance, Placement, ReceiverFault
from alertdrill.runner.faults.paging import list_fault_steps, list_silence_steps
from alertdrill.runner.faults.performing import Injector
from alertdrill.runtime.http_client import Answer, Api

CLOCK = Clock(speed=60, origin_s=1_800_000_000.0)


class Recorder(Api):
    """Notes what it is asked to change."""

    def __init__(self) -> None:
        super().__init__("recorder", "http://127.0.0.1:1")
        self.asked: list[tuple[str, str, Any]] = []

    def put(self, path: str, document: Any) -> Answer:
        """Note a PUT."""
        self.asked.append(("PUT", path, document))
        return Answer(b"{}")

    def post(self, path: str, document: Any) -> Answer:
        """Note a POST."""
        self.asked.append(("POST", path, document))
        return Answer(b"{}")


def place(
    start_s: float, *, faults: tuple[ReceiverFault, ...] = (), maintenance: tuple[Maintenance, ...] = ()
) -> Placement:
    """Return a placed drill that disturbs."""
    drill = Drill(
        name="a",
        system="metis",
        traffic=(),
        expects=(),
        why="",
        lasts_s=600,
        faults=faults,
        maintenance=maintenance,
    )
    return Placement(drill=drill, start_s=start_s)


def test_a_receiver_fails_at_its_instant_of_the_run() -> None:
    """The pager is told who fails, how and for how long (rule time); it ends the fault itself."""
    fault = ReceiverFault(receiver="on call/1", at_s=60, for_s=300, how="rate_limit")
    slack = ReceiverFault(receiver="b", at_s=90, for_s=30, how="tls", integration="slack")
    pager = Recorder()
    steps = list_fault_steps([place(1000, faults=(fault, slack)), place(0, faults=(fault,))], pager)
    assert sorted(step.at_s for step in steps) == [60, 1060, 1090]
    now_s = 1059.9
    injector = Injector(steps, lambda: now_s)
    injector.carry_out()
    whole = ("PUT", "/control/receivers/on%20call%2F1", {"how": "rate_limit", "for_s": 300})
    assert pager.asked == [whole]
    now_s = 1090
    injector.carry_out()
    assert pager.asked == [
        whole,
        whole,
        ("PUT", "/control/receivers/b", {"how": "tls", "for_s": 30, "integration": "slack"}),
    ]
    assert (injector.next_s, injector.out) == (None, set())


def test_a_maintenance_is_a_silence_that_ends_by_itself() -> None:
    """Its matchers are equalities, its instants the drill's, in wall time."""
    maintenance = Maintenance(matchers={"team": "a", "severity": "warning"}, at_s=60, for_s=540)
    alertmanager = Recorder()
    (step,) = list_silence_steps(
        [place(600, maintenance=(maintenance,))], {"alertmanager": alertmanager}, CLOCK
    )
    assert (step.at_s, step.puts_out, step.brings_back) == (660, None, None)
    step.do()
    ((how, path, asked),) = alertmanager.asked
    assert (how, path) == ("POST", "/api/v2/silences")
    assert asked["matchers"] == [
        {"name": "team", "value": "a", "isRegex": False, "isEqual": True},
        {"name": "severity", "value": "warning", "isRegex": False, "isEqual": True},
    ]
    starts, ends = (datetime.fromisoformat(asked[key]).timestamp() for key in ("startsAt", "endsAt"))
    assert (starts, ends) == (CLOCK.wall_s(660), CLOCK.wall_s(1200))
    assert datetime.fromisoformat(asked["startsAt"]).tzinfo is not None
    assert (asked["createdBy"], asked["comment"]) == ("alertdrill", "maintenance of the drill a")


def test_a_drill_that_disturbs_nothing_takes_no_steps() -> None:
    """Most drills only send traffic."""
    assert list_fault_steps([place(0)], Recorder()) == []
    assert list_silence_steps([place(0)], {}, CLOCK) == []
