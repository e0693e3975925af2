"""Proves a dead-man's switch: heartbeats arrive, Alertmanager stops, the switch pages, and closes again.

The heartbeat is an alert that fires all the time, notified anew every repeat interval; the switch is the
receiver, which the pager plays (`PUT /control/heartbeats/<receiver>`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn
from urllib.parse import quote

from alertdrill.core.clock import format_s
from alertdrill.core.rule import AlertRule
from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.firing import Say
from alertdrill.runner.synthetic.hops import Hop
from alertdrill.runner.synthetic.local import LocalPath
from alertdrill.runner.synthetic.switch import MISSED, find_period_s

ALERT = "Watchdog"
RULE = AlertRule(
    name=ALERT,
    expr="vector(1)",
    for_s=0.0,
    keep_firing_for_s=0.0,
    labels={"severity": "none"},
    annotations={"summary": "Fires all the time: when it stops arriving, paging is broken."},
    group="watchdog",
    interval_s=15.0,
    source="alertdrill",
)
"""The heartbeat where no rule file states one, as kube-prometheus has it."""

REPEAT_WALL_S = 5.0
MIN_SPEED, MAX_SPEED = 60.0, 1000.0
MARGIN_WALL_S = 10.0
POLL_S = 0.1
FIRES_FOR_WALL_S = 3600.0
KEY = "dead-man's switch"
OWN = "-"
"""The incident that the pager opens by itself, and the answer to what nobody delivered."""


def choose_beating_speed(bound: Bound) -> float:
    """Return how fast to run so that a repeat interval takes seconds."""
    repeat_s = max(leg.repeat_interval_s for leg in bound.destination.legs)
    return min(MAX_SPEED, max(MIN_SPEED, repeat_s / REPEAT_WALL_S))


class _Stopped(Exception):
    """A hop was not reached; the hops so far say which."""


class WatchdogDrill:
    """The hops of one drill of the switch: every receiver of `bound` is played as one."""

    def __init__(self, path: LocalPath, bound: Bound, say: Say) -> None:
        self._path = path
        self._bound = bound
        self._say = say
        self._hops: list[Hop] = []
        self._receivers = tuple(dict.fromkeys(leg.receiver for leg in bound.destination.legs if leg.played))
        self._period_s = find_period_s(bound.destination)
        self._wait_s = max(leg.group_wait_s for leg in bound.destination.legs)

    def hold(self) -> tuple[Hop, ...]:
        """Return the hops, up to the one where it stopped. Raises ComponentFailed when a part fails."""
        with suppress(_Stopped):
            self._hold()
        return tuple(self._hops)

    def _hold(self) -> None:
        timeout_s = MISSED * self._period_s
        for receiver in self._receivers:
            self._path.pager.put(f"/control/heartbeats/{quote(receiver, safe='')}", {"timeout_s": timeout_s})
        self._fire()
        self._await("first heartbeat", self._wait_s, lambda: self._count_heartbeats() >= 1)
        self._await("second heartbeat", self._period_s, lambda: self._count_heartbeats() >= 2)
        if self._list_switches("open"):
            self._stop("no page while heartbeats arrive", "the switch pages all the same")
        self._path.stop()
        heard = self._count_heartbeats()
        self._await("Alertmanager stopped, switch pages", timeout_s, lambda: self._is_everywhere("open"))
        self._path.start()
        self._fire()
        self._await("heartbeat again", self._period_s, lambda: self._count_heartbeats() > heard)
        self._await("switch closes", 0.0, lambda: self._is_everywhere("closed"))

    def _fire(self) -> None:
        now_s = time.time()
        self._path.alertmanager.post(self._bound.alert, starts_s=now_s, ends_s=now_s + FIRES_FOR_WALL_S)

    def _await(self, name: str, within_s: float, is_done: Callable[[], bool]) -> None:
        """Wait for a hop, at most so long in rule time and a margin, else raise _Stopped."""
        began = time.monotonic()
        within_wall_s = within_s / self._path.clock.speed + MARGIN_WALL_S
        while not is_done():
            self._path.check()
            if time.monotonic() - began > within_wall_s:
                allowed = f"{format_s(within_wall_s * self._path.clock.speed)} of rule time"
                self._stop(name, f"not within {allowed}")
            time.sleep(POLL_S)
        took_s = time.monotonic() - began
        at_speed = f"{format_s(took_s * self._path.clock.speed)} of rule time"
        self._note(Hop(name=name, took_s=took_s, outcome="done", evidence=at_speed))

    def _count_heartbeats(self) -> int:
        """Return how many heartbeats each receiver has taken, the one that has the fewest."""
        notifications = self._path.pager.get("/notices").json()["notices"]
        heard = Counter(
            notification["receiver"]
            for notification in notifications
            if notification["is_accepted"]
            and notification["status"] == "firing"
            and notification["answer"] != OWN
        )
        return min(heard[receiver] for receiver in self._receivers)

    def _list_switches(self, status: str) -> set[str]:
        """Return the receivers whose switch has an incident in this state."""
        incidents = self._path.pager.get("/incidents").json()["incidents"]
        return {one["receiver"] for one in incidents if one["key"] == KEY and one["status"] == status}

    def _is_everywhere(self, status: str) -> bool:
        return self._list_switches(status) >= set(self._receivers)

    def _stop(self, name: str, evidence: str) -> NoReturn:
        self._note(Hop(name=name, took_s=None, outcome="not delivered", evidence=evidence))
        raise _Stopped

    def _note(self, hop: Hop) -> None:
        self._hops.append(hop)
        self._say(f"{hop.name}: {hop.evidence}")
