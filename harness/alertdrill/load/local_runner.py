"""One test's acts, performed by this process alone: every arrival leaves at its instant, every cue too."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Protocol

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from gevent.pool import Group

from alertdrill.load.greenlets import OnFailure, guard
from alertdrill.load.keys import Keyring
from alertdrill.load.plan import Act, Plan
from alertdrill.load.provider_controls import Controls
from alertdrill.load.script import Script
from alertdrill.load.statistics import Tally
from alertdrill.load.timed_actions import Prompter
from alertdrill.load.timetable import Timetable

MAX_IN_FLIGHT = 2_000

logger = logging.getLogger(__name__)


class Player(Protocol):
    """Who sends the calls of a scenario's acts."""

    scenario: str

    def send(self, act: Act, index: int, at_s: float) -> tuple[int, float]:
        """Send the `index`th call, planned `at_s` after the act's start.

        Returns the status (NO_ANSWER without one) and the latency since the planned instant, in rule time.
        """


class Performance:
    """All acts of one test. `on_failure` is told, from a greenlet of an act, what ends the test."""

    def __init__(
        self,
        timetable: Timetable,
        scripts: Mapping[str, Script],
        *,
        keyring: Keyring,
        controls: Controls,
        on_failure: OnFailure,
    ) -> None:
        self.timetable = timetable
        self.scripts = scripts
        self.keyring = keyring
        self._prompter = Prompter(timetable, scripts, keyring=keyring, controls=controls)
        self._on_failure = on_failure
        acts = timetable.plan.acts
        self.tallies = {act.name: Tally(planned=len(timetable.instants[act.name])) for act in acts}
        self._waiting = {act.name: act for act in acts}
        self._unfinished = set(self._waiting)
        self._slots = BoundedSemaphore(MAX_IN_FLIGHT)
        self.done = Event()
        if not acts:
            self.done.set()

    def await_plan(self) -> Plan:
        """Return the plan, which is there from the start."""
        return self.timetable.plan

    def play(self, player: Player) -> None:
        """Perform all acts of the player's scenario; they end with the call, however it ends."""
        acts = [act for act in self._waiting.values() if act.scenario == player.scenario]
        for act in acts:
            del self._waiting[act.name]
        greenlets = [gevent.spawn(self._guard, self._play_act, player, act) for act in acts]
        try:
            gevent.joinall(greenlets)
        finally:
            gevent.killall(greenlets)

    def _play_act(self, player: Player, act: Act) -> None:
        group = Group()
        try:
            self.timetable.sleep_until(act, 0)
            logger.info(f"{act.name}: started")
            self._prompter.open(act)
            group.spawn(self._guard, self._prompter.go_on, act)
            for index, at_s in enumerate(self.timetable.instants[act.name]):
                self.timetable.sleep_until(act, at_s)
                group.spawn(self._guard, self._send, player, act, index, at_s)
            self.timetable.sleep_until(act, act.lasts_s)
            group.join()
        finally:
            group.kill()
        logger.info(f"{act.name}: ended")
        self._unfinished.discard(act.name)
        if not self._unfinished:
            self.done.set()

    def _send(self, player: Player, act: Act, index: int, at_s: float) -> None:
        tally = self.tallies[act.name]
        with self._slots:
            tally.note_sent(max(0.0, self.timetable.elapsed_s(act, at_s)))
            status, latency_s = player.send(act, index, at_s)
            tally.note_answer(status, latency_s)

    def _guard(self, perform: Callable[..., None], *arguments: object) -> None:
        guard(self._on_failure, perform, *arguments)
