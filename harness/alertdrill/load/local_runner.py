"""One test's profiles, performed by this process: every arrival and timed action at its instant."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from gevent.pool import Group

from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.greenlets import OnFailure, guard
from alertdrill.load.open_calls import OpenCalls
from alertdrill.load.plan import LoadProfile, Plan
from alertdrill.load.provider_controls import Controls
from alertdrill.load.refusals import Refusals
from alertdrill.load.script import Script
from alertdrill.load.statistics import Statistics
from alertdrill.load.timed_actions import ActionTimer
from alertdrill.load.timetable import Timetable
from alertdrill.load.token_times import TokenTimes

MAX_IN_FLIGHT = 2_000

logger = logging.getLogger(__name__)


class Player(Protocol):
    """Who sends the calls of a scenario's load profiles."""

    scenario: ClassVar[str]

    def send(self, profile: LoadProfile, index: int, at_s: float) -> tuple[int, float]:
        """Send the `index`th call, planned `at_s` after the load profile's start.

        Returns the status (NO_ANSWER without one) and the latency since the planned instant, in rule time.
        """


class ProfileRunner:
    """All profiles of one test. `on_failure` is told, from a greenlet of a profile, what ends the test."""

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
        self.refusals = Refusals()
        self.open_calls = OpenCalls()
        self.token_times = TokenTimes()
        self._on_failure = on_failure
        profiles = timetable.plan.profiles
        self.tallies = {
            profile.name: Statistics(
                planned=len(timetable.instants[profile.name]), welcomes=scripts[profile.name].welcomes
            )
            for profile in profiles
        }
        self._action_timer = ActionTimer(
            timetable, scripts, keyring=keyring, controls=controls, tallies=self.tallies
        )
        self._waiting = {profile.name: profile for profile in profiles}
        self._unfinished = set(self._waiting)
        self._slots = BoundedSemaphore(MAX_IN_FLIGHT)
        self.done = Event()
        if not profiles:
            self.done.set()

    def await_plan(self) -> Plan:
        """Return the plan, which is there from the start."""
        return self.timetable.plan

    def play(self, player: Player) -> None:
        """Perform all load profiles of the player's scenario; they end with the call, however it ends."""
        profiles = [profile for profile in self._waiting.values() if profile.scenario == player.scenario]
        for profile in profiles:
            del self._waiting[profile.name]
        greenlets = [gevent.spawn(self._guard, self._play_profile, player, profile) for profile in profiles]
        try:
            gevent.joinall(greenlets)
        finally:
            gevent.killall(greenlets)

    def _play_profile(self, player: Player, profile: LoadProfile) -> None:
        group = Group()
        try:
            self.timetable.sleep_until(profile, 0)
            logger.info(f"{profile.name}: started")
            self._action_timer.open(profile)
            group.spawn(self._guard, self._action_timer.go_on, profile)
            for index, at_s in enumerate(self.timetable.instants[profile.name]):
                self.timetable.sleep_until(profile, at_s)
                group.spawn(self._guard, self._send, player, profile, index, at_s)
            self.timetable.sleep_until(profile, profile.lasts_s)
            group.join()
        finally:
            group.kill()
        logger.info(f"{profile.name}: ended")
        self._unfinished.discard(profile.name)
        if not self._unfinished:
            self.done.set()

    def _send(self, player: Player, profile: LoadProfile, index: int, at_s: float) -> None:
        statistics = self.tallies[profile.name]
        with self._slots:
            statistics.note_sent(max(0.0, self.timetable.elapsed_s(profile, at_s)))
            status, latency_s = player.send(profile, index, at_s)
            statistics.note_answer(status, latency_s)

    def _guard(self, perform: Callable[..., None], *arguments: object) -> None:
        guard(self._on_failure, perform, *arguments)
