"""A worker's part of a test: it sends the shares that the master leases to it, and reports."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import gevent
from gevent.event import AsyncResult, Event
from gevent.lock import BoundedSemaphore
from gevent.pool import Group
from geventhttpclient.client import HTTPClientPool
from locust.env import Environment

from alertdrill.load.clock_offset import ClockOffset
from alertdrill.load.environment import get_runner
from alertdrill.load.errors import BadPlan, ScenarioError
from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.greenlets import guard
from alertdrill.load.leases import find_homes, list_indices
from alertdrill.load.local_runner import MAX_IN_FLIGHT, Player
from alertdrill.load.open_calls import OpenCalls
from alertdrill.load.plan import LoadProfile, Plan, parse_plan
from alertdrill.load.refusals import Refusals
from alertdrill.load.script import Script
from alertdrill.load.stalls import Pulse
from alertdrill.load.timetable import Timetable
from alertdrill.load.token_times import TokenTimes
from alertdrill.load.worker_messages import (
    ACK,
    ASK,
    FAILED,
    GRANT,
    JOIN,
    LEASE_WALL_S,
    PLAN,
    REPEAT_AFTER_WALL_S,
    REPORT,
    REPORT_EVERY_WALL_S,
    STATE,
)

LEAVE_WITHIN_WALL_S = 1.0
"""How long a worker that is asked to end waits for answers, and then for its report to be acknowledged."""

WriteScripts = Callable[[Plan], dict[str, Script]]


@dataclass(slots=True, kw_only=True, eq=False)
class HeldLease:
    """A lease, and what is to be reported of it."""

    number: int
    share: int
    positions: Mapping[str, int]
    is_released: bool = False
    in_flight: int = 0
    senders: list[gevent.Greenlet] = field(default_factory=list)
    left: dict[str, list[float]] = field(default_factory=dict)
    answers: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    def take_news(self) -> dict[str, tuple[list[float], list[tuple[int, float]]]]:
        """Return what happened since the last call, by load profile."""
        left, answers = self.left, self.answers
        self.left, self.answers = {}, {}
        return {
            profile: (left.get(profile, []), answers.get(profile, []))
            for profile in left.keys() | answers.keys()
        }


class Worker:
    """What one worker does in one test. It knows nothing but what the master tells it.

    It says nothing before its runner `is_connected`.
    """

    client_pool: HTTPClientPool | None = None
    """The connections that all users of this worker share."""

    def __init__(self, environment: Environment, is_connected: Event, *, write_scripts: WriteScripts) -> None:
        self.timetable: Timetable
        self.scripts: Mapping[str, Script]
        self.keyring = Keyring(host=environment.host or "", admin_token="")
        self.refusals = Refusals()
        self.open_calls = OpenCalls()
        self.token_times = TokenTimes()
        self._pulse: Pulse
        self._environment = environment
        self._is_connected = is_connected
        self._write_scripts = write_scripts
        self._run: str | None = None
        self._homes: Mapping[str, int | None] = {}
        self._is_ready = Event()
        self._opened: dict[str, Event] = {}
        self._offset = ClockOffset()
        self._tickets = count(1)
        self._grants: dict[int, AsyncResult[HeldLease]] = {}
        self._leases: dict[int, HeldLease] = {}
        self._slots = BoundedSemaphore(MAX_IN_FLIGHT)
        self._in_flight = Group()
        self._news = Event()
        self._heard = Event()
        self._numbers = count(1)
        self._awaited: int | None = None
        self._acknowledged = Event()
        self._reported_s = 0.0
        self._good_until_s = 0.0
        self._is_leaving = False
        self._is_closed = False
        self._greenlets = [gevent.spawn(guard, self._fail, self._live)]

    def await_plan(self) -> Plan:
        """Return the plan, as soon as it is there."""
        self._is_ready.wait()
        return self.timetable.plan

    def play(self, player: Player) -> None:
        """Send shares, one after another and of whatever scenario, until the call or the worker is ended."""
        while not self._is_leaving:
            held = self._ask_for_share()
            try:
                self._send_share(held, player)
            finally:
                self._release(held)

    def leave(self) -> None:
        """Give all shares back, as far as they were sent, and report what is still answered soon."""
        if self._is_closed or not self._is_ready.is_set():
            return
        self._is_leaving = True
        for held in list(self._leases.values()):
            gevent.killall(held.senders)
            self._release(held)
        self._in_flight.join(LEAVE_WITHIN_WALL_S)
        last = self._awaited
        self._news.set()
        with gevent.Timeout(LEAVE_WITHIN_WALL_S, exception=False):
            while self._awaited == last or not self._acknowledged.is_set():
                gevent.sleep(LEAVE_WITHIN_WALL_S / 50)

    def close(self) -> None:
        """Send and report nothing more."""
        self._is_closed = True
        gevent.killall(self._greenlets)
        self._in_flight.kill()

    def hear(self, kind: str, data: dict[str, Any]) -> None:
        """Take in a message of the master."""
        if kind == PLAN:
            self._take_plan(data)
        elif data["run"] != self._run:
            return
        elif kind == STATE:
            self._take_state(data)
        elif kind == GRANT:
            self._take_grant(data)
        elif kind == ACK:
            self._take_acknowledgement(data)

    def _live(self) -> None:
        """Join the test, and report from then on."""
        self._is_connected.wait()
        while not self._is_ready.is_set():
            self._send_message(JOIN, {"name": _name_worker(), "sent_s": time.time()})
            self._is_ready.wait(REPEAT_AFTER_WALL_S)
        self._pulse = Pulse(self.timetable.rule_s, self.timetable.plan.speed)
        self._greenlets.append(gevent.spawn(self._pulse.beat_on))
        while True:
            self._report()
            self._news.wait(REPORT_EVERY_WALL_S)
            self._news.clear()

    def _take_plan(self, data: dict[str, Any]) -> None:
        if self._is_ready.is_set():
            return
        self._note_clocks(data)
        self._run = data["run"]
        try:
            plan = parse_plan(data["plan"])
            self.scripts = self._write_scripts(plan)
        except BadPlan as error:
            self._fail(error)
            return
        self.timetable = Timetable(plan, now=lambda: time.time() + self._offset.s)
        self._homes = find_homes(
            {profile.name: self.scripts[profile.name].learns for profile in plan.profiles}
        )
        self._opened = {profile.name: Event() for profile in plan.profiles}
        self._take_state(data)
        self._is_ready.set()

    def _take_state(self, data: dict[str, Any]) -> None:
        self.keyring.take_over(data["keys"])
        for profile in data["opened"]:
            self._opened[profile].set()

    def _note_clocks(self, data: dict[str, Any]) -> None:
        self._offset.note(sent_s=data["sent_s"], heard_s=data["heard_s"], answered_s=time.time())

    def _ask_for_share(self) -> HeldLease:
        ticket = next(self._tickets)
        grant: AsyncResult[HeldLease] = AsyncResult()
        self._grants[ticket] = grant
        try:
            self._send_message(ASK, {"run": self._run, "ticket": ticket})
            lease: HeldLease = grant.get()
            return lease
        except gevent.GreenletExit:
            if grant.ready():
                self._release(grant.get())
            raise
        finally:
            del self._grants[ticket]

    def _take_grant(self, data: dict[str, Any]) -> None:
        held = HeldLease(number=data["lease"], share=data["share"], positions=data["positions"])
        self._leases[held.number] = held
        grant = self._grants.get(data["ticket"])
        if grant is None or self._is_leaving:
            # Locust has stopped the user that asked, or will.
            self._release(held)
        else:
            grant.set(held)

    def _release(self, held: HeldLease) -> None:
        held.is_released = True
        self._news.set()

    def _send_share(self, held: HeldLease, player: Player) -> None:
        held.senders = [
            gevent.spawn(guard, self._fail, self._send_arrivals, held, player, profile)
            for profile in self.timetable.plan.profiles
        ]
        try:
            gevent.joinall(held.senders)
        finally:
            gevent.killall(held.senders)

    def _send_arrivals(self, held: HeldLease, player: Player, profile: LoadProfile) -> None:
        instants = self.timetable.instants[profile.name]
        indices = list_indices(len(instants), held.share, self._homes[profile.name])
        self._opened[profile.name].wait()
        for index in indices[held.positions[profile.name] :]:
            at_s = instants[index]
            self.timetable.sleep_until(profile, at_s)
            self._await_leave()
            held.left.setdefault(profile.name, []).append(max(0.0, self.timetable.elapsed_s(profile, at_s)))
            held.in_flight += 1
            self._in_flight.spawn(guard, self._fail, self._send, held, player, profile, index, at_s)

    def _await_leave(self) -> None:
        """Take a slot for a request, and wait until the master has been heard of lately."""
        self._slots.acquire()
        try:
            while time.monotonic() > self._good_until_s:
                self._heard.clear()
                self._heard.wait()
        except gevent.GreenletExit:
            self._slots.release()
            raise

    def _send(self, held: HeldLease, player: Player, profile: LoadProfile, index: int, at_s: float) -> None:
        try:
            answer = player.send(profile, index, at_s)
        finally:
            self._slots.release()
            held.in_flight -= 1
        held.answers.setdefault(profile.name, []).append(answer)

    def _report(self) -> None:
        """Report what happened since the last report, until the master has acknowledged it."""
        leases = list(self._leases.values())
        released = [held for held in leases if held.is_released]
        self._awaited = next(self._numbers)
        report = {
            "run": self._run,
            "number": self._awaited,
            "leases": {held.number: held.take_news() for held in leases},
            "released": [held.number for held in released],
            "off_s": -self._offset.s,
            "stalls": self._pulse.stalls,
        }
        self._reported_s = time.monotonic()
        self._acknowledged.clear()
        while not self._acknowledged.is_set():
            self._send_message(REPORT, {**report, "sent_s": time.time()})
            self._acknowledged.wait(REPEAT_AFTER_WALL_S)
        for held in released:
            if not held.in_flight and not held.answers:
                del self._leases[held.number]

    def _take_acknowledgement(self, data: dict[str, Any]) -> None:
        if data["number"] != self._awaited:
            return
        self._note_clocks(data)
        for number in data["revoked"]:
            held = self._leases.get(number)
            if held is not None and not held.is_released:
                gevent.killall(held.senders, block=False)
        self._good_until_s = self._reported_s + LEASE_WALL_S
        self._heard.set()
        self._acknowledged.set()

    def _send_message(self, kind: str, data: dict[str, Any]) -> None:
        get_runner(self._environment).send_message(kind, data)

    def _fail(self, error: ScenarioError) -> None:
        self._send_message(FAILED, {"run": self._run, "sentence": str(error), "exit_code": error.exit_code})


def _name_worker() -> str:
    """Return what the report calls this worker; a container's host name is its id."""
    return os.environ.get("ALERTDRILL_WORKER") or f"{socket.gethostname()}-{os.getpid()}"
