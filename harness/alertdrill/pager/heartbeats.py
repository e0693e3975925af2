"""Dead-man's switches: receivers that page when they are told nothing any more.

Every firing notification that such a receiver accepts is a heartbeat; the first one arms the switch. When the
next does not come in time, the pager itself opens an incident, and the heartbeat after that closes it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt, Does
from alertdrill.core.clock import format_s
from alertdrill.pager.journal import Journal
from alertdrill.pager.rule_time import RuleTime

MAX_SWITCHES = 1_000
KEY = "dead-man's switch"
OWN = "-"
"""The answer to what nobody delivered."""


@dataclass(slots=True, kw_only=True)
class Switch:
    """One switch; `timer` runs while it is armed."""

    timeout_s: float
    timer: asyncio.TimerHandle | None = None
    is_paging: bool = False

    def disarm(self) -> None:
        """Let it not page any more, until it is armed anew."""
        if self.timer:
            self.timer.cancel()
            self.timer = None


class Heartbeats:
    """The switches by receiver."""

    def __init__(self, journal: Journal, rule_time: RuleTime) -> None:
        self._journal = journal
        self._rule_time = rule_time
        self._switches: dict[str, Switch] = {}

    def watch(self, receiver: str, timeout_s: float) -> None:
        """Make a receiver a switch that pages `timeout_s` of rule time after its last heartbeat.

        Raises ValueError beyond MAX_SWITCHES.
        """
        if receiver not in self._switches and len(self._switches) >= MAX_SWITCHES:
            raise ValueError(f"there are {MAX_SWITCHES} dead-man's switches already")
        switch = self._switches.setdefault(receiver, Switch(timeout_s=timeout_s))
        switch.timeout_s = timeout_s
        if switch.timer:
            self._arm(receiver, switch)

    def forget(self, receiver: str) -> None:
        """Make a receiver an ordinary one again; what it paged for is closed."""
        if switch := self._switches.pop(receiver, None):
            switch.disarm()
            self._close(receiver, switch, "The dead-man's switch was switched off")

    def hear(self, receiver: str) -> None:
        """Take a heartbeat, if the receiver is a switch."""
        if switch := self._switches.get(receiver):
            self._close(receiver, switch, "Heartbeats arrive again")
            self._arm(receiver, switch)

    def stop(self) -> None:
        """Disarm every switch."""
        for switch in self._switches.values():
            switch.disarm()

    def _arm(self, receiver: str, switch: Switch) -> None:
        switch.disarm()
        wait_wall_s = self._rule_time.span_wall_s(switch.timeout_s)
        switch.timer = asyncio.get_running_loop().call_later(wait_wall_s, self._page, receiver, switch)

    def _page(self, receiver: str, switch: Switch) -> None:
        switch.timer = None
        switch.is_paging = True
        title = f"Heartbeats to {receiver} stopped: none for {format_s(switch.timeout_s)}"
        self._write(receiver, "trigger", title)

    def _close(self, receiver: str, switch: Switch, title: str) -> None:
        if switch.is_paging:
            switch.is_paging = False
            self._write(receiver, "resolve", title)

    def _write(self, receiver: str, does: Does, title: str) -> None:
        attempt = Attempt(does=does, key=KEY, title=title, answer=Answer(status=200))
        address = Address(receiver=receiver, integration="webhook")
        self._journal.accept(address, attempt, received_s=time.time(), answer=OWN)
