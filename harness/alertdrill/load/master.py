"""The master's part of a test that several workers perform: timed actions, leases, and the sum of reports."""

from __future__ import annotations

import bisect
import logging
import secrets
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import gevent
from gevent.event import Event
from locust.runners import STATE_MISSING, STATE_RUNNING, MasterRunner

from alertdrill.load.errors import ScenarioError
from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.greenlets import OnFailure, guard
from alertdrill.load.leases import SHARES, LeaseBook, Loss, find_homes, list_indices
from alertdrill.load.plan import LoadProfile, describe_traffic
from alertdrill.load.provider_controls import Controls
from alertdrill.load.script import Script
from alertdrill.load.statistics import NO_ANSWER, Statistics
from alertdrill.load.timed_actions import ActionTimer
from alertdrill.load.timetable import Timetable
from alertdrill.load.worker_messages import ACK, ASK, FAILED, GRANT, JOIN, LEASE_WALL_S, PLAN, REPORT, STATE

WATCH_EVERY_WALL_S = 0.25
UNASKED_WALL_S = 1.0
"""How long shares may be free, and no user ask for one, before Locust is made to distribute users anew."""
MAX_WORKERS = 1_000

logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Worker:
    """One worker's stay in a test, in rule time.

    `left_at_s` is None while it is there, `why` then empty. `clock_off_s` (wall) is how far its clock is
    ahead of the master's, and put right. At most `twice` arrivals were sent by it and, after it was lost, by
    others.
    """

    id: str
    joined_at_s: float
    left_at_s: float | None = None
    why: str = ""
    sent: int = 0
    twice: int = 0
    clock_off_s: float = 0.0


class Master:
    """All load profiles of one test, whose arrivals workers send. `on_failure` is told what ends the test."""

    def __init__(
        self,
        timetable: Timetable,
        scripts: Mapping[str, Script],
        *,
        keyring: Keyring,
        controls: Controls,
        on_failure: OnFailure,
        runner: MasterRunner,
    ) -> None:
        self.timetable = timetable
        self._keyring = keyring
        self._on_failure = on_failure
        self._runner = runner
        self._run = secrets.token_hex(8)
        self._profiles = {profile.name: profile for profile in timetable.plan.profiles}
        self._homes = find_homes({name: scripts[name].learns for name in self._profiles})
        self._book = LeaseBook(self._count_shares())
        self.tallies = {
            name: Statistics(planned=len(timetable.instants[name]), welcomes=scripts[name].welcomes)
            for name in self._profiles
        }
        self._complete = {name: Event() for name in self._profiles}
        self._unfinished = set(self._profiles)
        self._opened: list[str] = []
        self._action_timer = ActionTimer(
            timetable,
            scripts,
            keyring=keyring,
            controls=controls,
            tallies=self.tallies,
            on_action=self._announce,
        )
        self._stays: list[Worker] = []
        self._present: dict[str, Worker] = {}
        self._names: dict[str, str] = {}
        self._reports: dict[str, int] = {}
        self._heard_s: dict[str, float] = {}
        self._stalls: dict[str, list[tuple[float, float]]] = {}
        self._asks: deque[tuple[str, int]] = deque()
        self._free_since_s: float | None = None
        self.done = Event()
        self._greenlets = [
            gevent.spawn(guard, on_failure, self._play_all),
            gevent.spawn(guard, on_failure, self._watch),
        ]

    @property
    def workers(self) -> list[dict[str, Any]]:
        """What the report says of the workers, in the order in which they joined."""
        return [asdict(worker) for worker in self._stays]

    @property
    def stalls(self) -> list[tuple[float, float]]:
        """From when to when (rule time) workers stood still, as they said themselves."""
        return [(from_s, until_s) for own in self._stalls.values() for from_s, until_s in own]

    def stop(self) -> None:
        """Give no more timed actions, and care no more who is there.

        The test may have been stopped because nobody was; that is a failure.
        """
        gevent.killall([greenlet for greenlet in self._greenlets if greenlet is not gevent.getcurrent()])
        if self._stays and not self.done.is_set():
            self._look_who_is_there()
            if not self._present:
                last = self._stays[-1]
                self._on_failure(ScenarioError(f"No load worker is left: the last, {last.id}, {last.why}"))

    def hear(self, kind: str, client: str, data: dict[str, Any]) -> None:
        """Take in a message of a worker."""
        if kind == JOIN:
            self._let_join(client, data)
        elif data["run"] != self._run or client not in self._names:
            return
        elif kind == ASK:
            self._asks.append((client, data["ticket"]))
            self._grant_all()
        elif kind == REPORT:
            self._take_report(client, data)
        elif kind == FAILED:
            error = ScenarioError(f"{self._names[client]}: {data['sentence']}")
            error.exit_code = data["exit_code"]
            self._on_failure(error)

    def _count_shares(self) -> dict[int, dict[str, int]]:
        """Return how many arrivals of which load profiles each share has."""
        return {
            share: {profile: len(self._list_indices(profile, share)) for profile in self._profiles}
            for share in range(SHARES)
        }

    def _list_indices(self, profile: str, share: int) -> range:
        return list_indices(len(self.timetable.instants[profile]), share, self._homes[profile])

    def _play_all(self) -> None:
        profiles = [
            gevent.spawn(guard, self._on_failure, self._play, profile) for profile in self._profiles.values()
        ]
        try:
            gevent.joinall(profiles)
        finally:
            gevent.killall(profiles)
        if not self._unfinished:
            self.done.set()

    def _play(self, profile: LoadProfile) -> None:
        self.timetable.sleep_until(profile, 0)
        logger.info(f"{profile.name}: started")
        self._action_timer.open(profile)
        self._opened.append(profile.name)
        self._announce()
        actions = gevent.spawn(guard, self._on_failure, self._action_timer.go_on, profile)
        try:
            self.timetable.sleep_until(profile, profile.lasts_s)
            actions.join()
            self._check_complete(profile.name)
            self._complete[profile.name].wait()
        finally:
            actions.kill()
        logger.info(f"{profile.name}: ended")
        self._unfinished.discard(profile.name)

    def _check_complete(self, profile: str) -> None:
        if self.tallies[profile].is_complete:
            self._complete[profile].set()

    def _announce(self) -> None:
        """Tell all workers which load profiles have begun, and the tokens of the keys."""
        for client in self._present:
            self._send(client, STATE, opened=self._opened, keys=self._keyring.list_tokens())

    def _let_join(self, client: str, data: dict[str, Any]) -> None:
        if client not in self._names and len(self._names) >= MAX_WORKERS:
            logger.warning(f"More than {MAX_WORKERS} workers came to one test: one was left out")
            return
        if client not in self._present:
            self._names[client] = data["name"]
            self._note_arrival(client)
        self._heard_s[client] = self.timetable.rule_s()
        self._send(
            client,
            PLAN,
            plan=describe_traffic(self.timetable.plan),
            opened=self._opened,
            keys=self._keyring.list_tokens(),
            sent_s=data["sent_s"],
            heard_s=time.time(),
        )

    def _note_arrival(self, client: str) -> None:
        worker = Worker(id=self._names[client], joined_at_s=self.timetable.rule_s())
        self._stays.append(worker)
        self._present[client] = worker
        logger.info(f"{worker.id}: joined")

    def _take_report(self, client: str, data: dict[str, Any]) -> None:
        if client not in self._present:
            self._note_arrival(client)
        worker = self._present[client]
        self._heard_s[client] = self.timetable.rule_s()
        worker.clock_off_s = round(data["off_s"], 3)
        self._stalls[client] = data["stalls"]
        if data["number"] > self._reports.get(client, 0):
            self._reports[client] = data["number"]
            for number, profiles in data["leases"].items():
                for profile, (left, answers) in profiles.items():
                    if self._book.note(number, client, profile, sent=len(left), answered=len(answers)):
                        worker.sent += len(left)
                        self._count(profile, left, answers)
            for number in data["released"]:
                self._book.release(number, client)
        revoked = [number for number in data["leases"] if not self._book.is_held(number, client)]
        self._send(
            client, ACK, number=data["number"], sent_s=data["sent_s"], heard_s=time.time(), revoked=revoked
        )
        self._grant_all()

    def _count(self, profile: str, left: list[float], answers: list[tuple[int, float]]) -> None:
        for lateness_s in left:
            self.tallies[profile].note_sent(lateness_s)
        for status, latency_s in answers:
            self.tallies[profile].note_answer(status, latency_s)
        self._check_complete(profile)

    def _grant_all(self) -> None:
        """Give every user that asks a share, if there is one; the others wait."""
        for _ in range(len(self._asks)):
            client, ticket = self._asks.popleft()
            # One that is lost keeps its place in the queue: it may come back.
            lease = self._book.grant(client) if client in self._present else None
            if lease is None:
                self._asks.append((client, ticket))
            else:
                share, positions = lease.share, self._book.positions(lease.share)
                self._send(client, GRANT, ticket=ticket, lease=lease.number, share=share, positions=positions)

    def _send(self, client: str, kind: str, **data: Any) -> None:
        self._runner.send_message(kind, {"run": self._run, **data}, client_id=client)

    def _watch(self) -> None:
        while True:
            gevent.sleep(WATCH_EVERY_WALL_S)
            self._look_who_is_there()
            self._look_for_idle_shares()

    def _look_who_is_there(self) -> None:
        for client in list(self._present):
            node = self._runner.clients.get(client)
            if node is None:
                self._lose(client, "ended")
            elif node.state == STATE_MISSING:
                self._lose(client, "gave no sign of life")

    def _lose(self, client: str, why: str) -> None:
        worker = self._present.pop(client)
        worker.left_at_s = self.timetable.rule_s()
        worker.why = why
        losses = self._book.revoke(client)
        worker.twice = sum(self._count_unreported(client, loss) for loss in losses if loss.was_held)
        for loss in losses:
            self._count(loss.profile, [], [(NO_ANSWER, 0.0)] * loss.unanswered)
        shares = len({loss.share for loss in losses if loss.was_held})
        logger.warning(
            f"{worker.id}: {why}; {shares} shares go to others, "
            f"at most {worker.twice} arrivals are sent twice"
        )
        self._grant_all()

    def _count_unreported(self, client: str, loss: Loss) -> int:
        """Return how many arrivals it may have sent after its last report, before its lease ran out."""
        start_s = self._profiles[loss.profile].start_s
        until_s = self._heard_s[client] + LEASE_WALL_S * self.timetable.plan.speed - start_s
        indices = self._list_indices(loss.profile, loss.share)
        instants = self.timetable.instants[loss.profile]
        due = bisect.bisect_right(indices, until_s, key=lambda index: instants[index])
        return max(0, due - loss.position)

    def _look_for_idle_shares(self) -> None:
        """Have Locust distribute users anew when shares are free and no user asks.

        Locust does so by itself when a worker comes or goes, but not when that happens while it does.
        """
        is_asked = any(client in self._present for client, _ in self._asks)
        now_s = time.monotonic()
        if is_asked or not self._book.list_free() or self._runner.state != STATE_RUNNING:
            self._free_since_s = None
        elif self._free_since_s is None:
            self._free_since_s = now_s
        elif now_s - self._free_since_s > UNASKED_WALL_S:
            self._free_since_s = None
            logger.warning("Shares are free and nobody asks for one: users are distributed anew")
            self._runner.start(self._runner.target_user_count, self._runner.spawn_rate)
