"""One test's acts, performed: every arrival leaves at its instant, every cue is given at its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from gevent.pool import Group

from scenarios.arrivals import draw_arrivals
from scenarios.controls import Controls
from scenarios.errors import ScenarioError
from scenarios.keys import Keyring
from scenarios.plan import Act, Plan
from scenarios.script import Cue, Script
from scenarios.tally import Tally

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
        plan: Plan,
        scripts: Mapping[str, Script],
        *,
        keyring: Keyring,
        controls: Controls,
        on_failure: Callable[[ScenarioError], None],
    ) -> None:
        self.plan = plan
        self.scripts = scripts
        self.keyring = keyring
        self._controls = controls
        self._on_failure = on_failure
        self._schedules = {
            act.name: draw_arrivals(act.stages, kind=act.arrivals, seed=f"{plan.seed}:{act.name}")
            for act in plan.acts
        }
        self.tallies = {name: Tally(planned=len(instants)) for name, instants in self._schedules.items()}
        self._cues = {act.name: self._collect_cues(act) for act in plan.acts}
        self._waiting = {act.name: act for act in plan.acts}
        self._unfinished = set(self._waiting)
        self._slots = BoundedSemaphore(MAX_IN_FLIGHT)
        self.done = Event()
        if not plan.acts:
            self.done.set()

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

    def elapsed_s(self, act: Act, at_s: float) -> float:
        """Return the rule time since an instant of an act; negative before it."""
        return (time.time() - self.plan.wall_s(act.start_s + at_s)) * self.plan.speed

    def _collect_cues(self, act: Act) -> list[Cue]:
        own = self.scripts[act.name].cues(self.keyring)
        tells = [Cue(at_s=tell.at_s, act=lambda tell=tell: self._controls.tell(tell)) for tell in act.tells]
        return sorted([*own, *tells], key=lambda cue: cue.at_s)

    def _play_act(self, player: Player, act: Act) -> None:
        group = Group()
        cues = self._cues[act.name]
        try:
            self._sleep_until(act, 0)
            logger.info(f"{act.name}: started")
            self._give_cues(act, [cue for cue in cues if cue.at_s <= 0])
            group.spawn(self._guard, self._give_cues, act, [cue for cue in cues if cue.at_s > 0])
            for index, at_s in enumerate(self._schedules[act.name]):
                self._sleep_until(act, at_s)
                group.spawn(self._guard, self._send, player, act, index, at_s)
            self._sleep_until(act, act.lasts_s)
            group.join()
        finally:
            group.kill()
        logger.info(f"{act.name}: ended")
        self._unfinished.discard(act.name)
        if not self._unfinished:
            self.done.set()

    def _give_cues(self, act: Act, cues: list[Cue]) -> None:
        for cue in cues:
            self._sleep_until(act, cue.at_s)
            cue.act()

    def _send(self, player: Player, act: Act, index: int, at_s: float) -> None:
        tally = self.tallies[act.name]
        with self._slots:
            tally.note_sent(max(0.0, self.elapsed_s(act, at_s)))
            status, latency_s = player.send(act, index, at_s)
            tally.note_answer(status, latency_s)

    def _sleep_until(self, act: Act, at_s: float) -> None:
        while (ahead_s := -self.elapsed_s(act, at_s)) > 0:
            gevent.sleep(ahead_s / self.plan.speed)

    def _guard(self, perform: Callable[..., None], *arguments: object) -> None:
        """Let no greenlet die in silence: what it raises ends the test."""
        try:
            perform(*arguments)
        except ScenarioError as error:
            self._on_failure(error)
        except Exception as error:
            logger.exception("Unexpected error")
            self._on_failure(ScenarioError(f"Unexpected error: {type(error).__name__}: {error}"))
