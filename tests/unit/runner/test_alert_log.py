"""Events that lie between looks at the active alerts."""

from __future__ import annotations

from typing import Literal

from alertdrill.core.clock import Clock
from alertdrill.recording.prometheus import ActiveAlert
from alertdrill.runner.alert_log import MOST_EVENTS, AlertLog

CLOCK = Clock(speed=60, origin_s=1000)


def make_log() -> AlertLog:
    """Return the log of an alert that is pending for five minutes."""
    return AlertLog(clock=CLOCK, for_s={"Slow": 300.0})


def active(since_s: float, state: Literal["pending", "firing"], **labels: str) -> ActiveAlert:
    """Return an alert that is active since an instant of rule time."""
    return ActiveAlert(name="Slow", labels=labels, state=state, active_at_s=CLOCK.wall_s(since_s))


def read(log: AlertLog) -> list[tuple[str, int]]:
    """Return what happened when."""
    return [(event.kind, round(event.at_s)) for event in log.events]


def test_an_alert_is_followed_from_pending_to_resolved() -> None:
    """It began, and fired, when Prometheus says; it resolved by the look that did not see it."""
    log = make_log()
    log.look([active(60, "pending")], 72)
    log.look([active(60, "pending")], 84)
    log.look([active(60, "firing")], 400)
    log.look([], 500)
    assert read(log) == [("pending", 60), ("firing", 360), ("resolved", 500)]


def test_one_that_fires_at_the_first_look_was_pending_before() -> None:
    """What lay between two looks is not lost."""
    log = make_log()
    log.look([active(60, "firing")], 400)
    assert read(log) == [("pending", 60), ("firing", 360)]


def test_one_that_began_anew_between_looks_had_ended() -> None:
    """Prometheus says since when it is active, and that has changed."""
    log = make_log()
    log.look([active(60, "firing")], 400)
    log.look([active(600, "pending")], 612)
    assert read(log) == [("pending", 60), ("firing", 360), ("resolved", 600), ("pending", 600)]


def test_label_sets_are_told_apart() -> None:
    """One resolves, the other fires on."""
    log = make_log()
    log.look([active(60, "firing", model="a"), active(60, "firing", model="b")], 400)
    log.look([active(60, "firing", model="b")], 412)
    assert [event.labels for event in log.events if event.kind == "resolved"] == [{"model": "a"}]


def test_the_oldest_are_forgotten() -> None:
    """A stack that stands for days has a log of a few thousand events."""
    log = make_log()
    for number in range(MOST_EVENTS):
        log.look([active(1000.0 * number, "firing")], 1000.0 * number + 400)
        log.look([], 1000.0 * number + 500)
    assert len(log.events) == MOST_EVENTS
