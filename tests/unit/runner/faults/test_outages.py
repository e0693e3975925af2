"""Tests of outages: when they are due, what is left out of the measurements, and when the probe is silent."""

from __future__ import annotations

import pytest

from alertdrill.core.drill import Drill, Fault, LoadProfile, LoadStage, Outage, Placement
from alertdrill.core.timeline import Stall
from alertdrill.judging.needs import MOVED
from alertdrill.recording.scrapes import split_scrapes
from alertdrill.runner.faults.outages import interrupt, list_outage_steps, list_windows
from alertdrill.runner.faults.performing import Injector


class Recorder:
    """A stack that writes down what is done to it."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str, str]] = []

    def begin_outage(self, part: str, how: str) -> None:
        """Note the begin."""
        self.done.append(("begin", part, how))

    def end_outage(self, part: str, how: str) -> None:
        """Note the end."""
        self.done.append(("end", part, how))


def place(start_s: float, *outages: Outage) -> Placement:
    """Return a placed drill with outages."""
    drill = Drill(
        name="a", system="metis", traffic=(), expects=(), why="", lasts_s=600, outages=tuple(outages)
    )
    return Placement(drill=drill, start_s=start_s)


PAUSE = Outage(part="gateway", at_s=60, for_s=30, how="pause")
RESTART = Outage(part="gateway", at_s=300, for_s=100, how="kill")


def test_every_step_is_taken_once_and_in_its_order() -> None:
    """Nothing happens before its instant, and what is due is done at the next look."""
    stack, now_s = Recorder(), 1059.9
    injector = Injector(list_outage_steps([place(1000, PAUSE)], stack), lambda: now_s)
    assert (injector.next_s, injector.lateness_s) == (1060, None)
    injector.carry_out()
    assert stack.done == []
    now_s = 1060
    injector.carry_out()
    assert (stack.done, injector.next_s, injector.lateness_s) == ([("begin", "gateway", "pause")], 1090, 0)
    now_s = 2000
    injector.carry_out()
    assert stack.done[1:] == [("end", "gateway", "pause")]
    assert (injector.next_s, injector.lateness_s) == (None, 910)
    # What came otherwise may owe it to the time in which the part was out longer than its drill said.
    assert injector.moved == [Stall(part=f"{MOVED}gateway", from_s=1090, until_s=2000)]


@pytest.mark.parametrize(("how", "lateness_s"), [("pause", 7), ("disconnect", 7), ("kill", 2), ("stop", 2)])
def test_a_step_is_as_late_as_it_is_felt(how: Fault, lateness_s: float) -> None:
    """A pause is felt when it is there, an end as soon as it is asked for."""
    readings = iter([62.0, 67.0, 67.0])
    placed = place(0, Outage(part="gateway", at_s=60, for_s=30, how=how))
    injector = Injector(list_outage_steps([placed], Recorder()), lambda: next(readings))
    injector.carry_out()
    assert injector.lateness_s == lateness_s
    late = [Stall(part=f"{MOVED}gateway", from_s=60, until_s=67.0)]
    assert injector.moved == (late if lateness_s > 5 else [])


def test_windows_leave_time_to_recover() -> None:
    """A restart takes wall time, which the speed makes long; windows that touch are one."""
    assert list_windows([place(0, PAUSE)], 60) == ((45, 105),)
    assert list_windows([place(0, RESTART)], 60) == ((285, 595),)
    close = Outage(part="gateway", at_s=110, for_s=5, how="pause")
    assert list_windows([place(0, PAUSE, close)], 60) == ((45, 130),)


def test_what_is_measured_does_not_leave_out_an_alertmanager() -> None:
    """While nobody can be paged, near misses are held, and their scrapes have to be in time."""
    out = Outage(part="alertmanager", at_s=390, for_s=60, how="kill")
    assert list_windows([place(0, PAUSE, out)], 60) == ((45, 105),)


def test_scrapes_inside_a_window_are_left_out() -> None:
    """The stretches before and after are measured apart, so that the hole between them is no gap."""
    scrapes = [(at_s, True) for at_s in (0.0, 15.0, 30.0, 45.0, 60.0)]
    assert split_scrapes(scrapes, [(20, 50)]) == (((0.0, True), (15.0, True)), ((60.0, True),))
    assert split_scrapes(scrapes, []) == (tuple(scrapes),)


def test_the_probe_is_silent_in_the_windows() -> None:
    """Its stages still last as long as before, and send as often outside."""
    probe = LoadProfile(
        name="p", scenario="steady", start_s=0, stages=(LoadStage(duration_s=900, rate_per_s=0.2),)
    )
    stages = [
        (stage.duration_s, stage.rate_per_s)
        for stage in interrupt(probe, [(45, 105), (300, 400)]).stages
        if stage.duration_s
    ]
    assert stages == [(45, 0.2), (60, 0), (195, 0.2), (100, 0), (500, 0.2)]
    assert interrupt(probe, []).stages == probe.stages
