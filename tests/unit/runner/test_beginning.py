"""What is done before the drills, when who is asked for it is silent just then."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from alertdrill.core.clock import Clock
from alertdrill.errors import ComponentFailed, ComponentSilent, CouldNotTell, RequestRefused
from alertdrill.runner import beginning
from alertdrill.runner.beginning import Beginning, begin_clock
from alertdrill.runner.silent_parts import SilentParts
from alertdrill.runner.traffic import TrafficReport

SILENT = ComponentSilent("the part at http://127.0.0.1:9 cannot be reached: nothing came for 10 s")


class Part:
    """A part that answers as it is told, once for each question, and well after that."""

    def __init__(self, *answers: Callable[[], object]) -> None:
        self._answers = list(answers)
        self.told: list[Any] = []

    def get(self, _path: str) -> None:
        """Answer."""
        if self._answers:
            self._answers.pop(0)()

    def put(self, path: str, document: Any) -> None:
        """Answer, and keep what was told."""
        self.get(path)
        self.told.append(document)


def fail(error: Exception) -> Callable[[], object]:
    """Return what raises an error."""

    def raise_it() -> object:
        raise error

    return raise_it


def answer_late() -> None:
    """Answer after longer than is borne."""
    time.sleep(beginning.PROMPT_WALL_S + 0.01)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bear little."""
    monkeypatch.setattr(beginning, "READ_WITHIN_WALL_S", 0.2)
    monkeypatch.setattr(beginning, "POLL_WALL_S", 0.01)
    monkeypatch.setattr(beginning, "PROMPT_WALL_S", 0.05)


def begin(pager: Part, prometheus: Part, check: Callable[[], None] = lambda: None) -> tuple[Clock, int]:
    """Return the clock that is begun, and how many were made for it."""
    made: list[Clock] = []

    def make() -> Clock:
        made.append(Clock(speed=60, origin_s=time.time()))
        return made[-1]

    api: Any = pager
    other: Any = prometheus
    return begin_clock(api, other, make, check), len(made)


@pytest.mark.parametrize(
    ("pager", "prometheus", "clocks"),
    [
        (Part(), Part(), 1),
        (Part(fail(SILENT), fail(SILENT)), Part(), 3),
        (Part(), Part(fail(SILENT)), 2),
        (Part(answer_late), Part(), 2),
        (Part(answer_late, answer_late), Part(), 2),
        (Part(), Part(fail(RequestRefused("the part answered 404", status=404))), 1),
    ],
    ids=["both answer", "pager silent", "prometheus silent", "pager late", "pager slow", "no such page"],
)
def test_a_clock_begins_when_pager_and_prometheus_have_answered(
    pager: Part, prometheus: Part, clocks: int
) -> None:
    """The time in which one was silent is not taken from Locust's; the pager has the clock of the run."""
    clock, made = begin(pager, prometheus)
    assert made == clocks
    assert pager.told[-1] == {"speed": 60, "origin_s": clock.origin_s}


def test_a_part_that_stays_silent_before_the_drills_ends_the_run() -> None:
    """It is waited for in bounds, and named."""
    with pytest.raises(ComponentSilent, match=r"nothing came for 10 s: no drill was held; hold the drills a"):
        begin(Part(*[fail(SILENT)] * 1000), Part())


def test_a_part_that_died_before_the_drills_is_not_waited_for() -> None:
    """Who watches the stack says so at once."""
    with pytest.raises(ComponentFailed, match="pager was ended by SIGKILL"):
        begin(Part(fail(SILENT)), Part(), fail(ComponentFailed("pager was ended by SIGKILL")))  # type: ignore[arg-type]


@pytest.mark.parametrize("asks", ["calibrate", "check_rest", "open_count"])
def test_what_prometheus_leaves_open_before_the_drills_is_asked_again(
    asks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it answers, and not once more; from then on it owes nothing."""
    monkeypatch.setattr(beginning, "calibrate", lambda *_: None)
    monkeypatch.setattr(beginning, "check_rest", lambda *_: None)
    monkeypatch.setattr(beginning, "open_count", lambda *_: "counted")
    answers = [fail(SILENT), fail(SILENT), lambda: "counted"]
    monkeypatch.setattr(beginning, asks, lambda *_: answers.pop(0)())
    subject = SimpleNamespace(keeps_rule_time=True)
    order = SimpleNamespace(
        quiet_lead_s=0.0, site=SimpleNamespace(subject=subject), find_unfit=None, rules=()
    )
    clock = Clock(speed=60, origin_s=time.time())
    run: Any = SimpleNamespace(order=order, clock=clock, prometheus=None)
    silent = SilentParts(clock=clock)
    begun = Beginning(run=run, silent=silent, lead_s=1.0, is_calibrated=False, is_at_rest=False)
    for now_s, left, silents in (
        (-1.0, 3, []),
        (0.0, 2, ["prometheus"]),
        (1.0, 1, ["prometheus"]),
        (2.0, 0, []),
        (3.0, 0, []),
    ):
        begun.go_on(now_s, TrafficReport)
        assert (len(answers), list(silent.since_s)) == (left, silents)


def test_a_warm_up_that_is_refused_ends_a_run_before_its_speed_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once a call of it was answered as it should be, it is looked at no more."""
    looks: list[object] = [False, True]
    monkeypatch.setattr(beginning, "demand_welcome", lambda *_: looks.pop(0))
    order = SimpleNamespace(quiet_lead_s=60.0)
    clock = Clock(speed=60, origin_s=time.time())
    run: Any = SimpleNamespace(order=order, clock=clock, prometheus=None)
    warm_up: Any = ("a load profile",)
    begun = Beginning(
        run=run,
        silent=SilentParts(clock=clock),
        lead_s=1.0,
        is_calibrated=True,
        is_at_rest=True,
        warm_up=warm_up,
    )
    for now_s, left in ((-90.0, 1), (-80.0, 0), (-70.0, 0)):
        begun.go_on(now_s, TrafficReport)
        assert len(looks) == left
    begun.warm_up = warm_up
    monkeypatch.setattr(beginning, "demand_welcome", lambda *_: fail(CouldNotTell("refused"))())
    with pytest.raises(CouldNotTell, match="refused"):
        begun.go_on(-65.0, TrafficReport)
