"""What receivers are told to fail with, and until when.

How each fault looks to Alertmanager:

- `rate_limit`, `error`: 429 and 500, or what the service has in place of 429; by SMTP 451, for which there is
  no other temporary refusal.
- `timeout`: the notification is read and never answered, until the client gives up or the fault is over,
  when the connection is closed.
- `reset`: it is read, and the connection is reset (RST).
- `tls`: the handshake is made with a certificate that no authority of the stack has signed. Which receiver
  is asked for is known by then only from the name that the client asks for, `Address.server_name`. A
  connection that did not name one, or came before the fault, is closed without an answer.
- `refuse`: all receivers share a port, so the connection is made, and closed without an answer.

A mail is failed at its sender, before anything of it is read: Alertmanager 0.25 takes one for delivered that
is refused only at its end. So the notification of such an attempt does not say which alerts it was about.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import get_args

from alertdrill.alertmanager.addresses import Address
from alertdrill.core.drill import Failing
from alertdrill.core.expectation import Integration

MAX_FAULTS = 1_000


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault; `over` is set when it is undone."""

    how: Failing
    over: asyncio.Event = field(default_factory=asyncio.Event)
    timer: asyncio.TimerHandle | None = None

    def end(self) -> None:
        """Undo it."""
        self.over.set()
        if self.timer:
            self.timer.cancel()


class Faults:
    """The faults of receivers, or of one integration of theirs."""

    def __init__(self) -> None:
        self._faults: dict[tuple[str, Integration | None], Fault] = {}

    def begin(
        self, receiver: str, integration: Integration | None, how: Failing, for_wall_s: float | None
    ) -> None:
        """Let a receiver fail, for so long or until told otherwise; raises ValueError beyond MAX_FAULTS."""
        key = receiver, integration
        self._end(key)
        if len(self._faults) >= MAX_FAULTS:
            raise ValueError(f"{MAX_FAULTS} receivers fail already")
        fault = self._faults[key] = Fault(how=how)
        if for_wall_s is not None:
            fault.timer = asyncio.get_running_loop().call_later(for_wall_s, self._end, key)

    def end(self, receiver: str, integration: Integration | None = None) -> None:
        """Undo what a receiver, or only one integration of it, was told."""
        integrations = (integration,) if integration else (None, *get_args(Integration))
        for each in integrations:
            self._end((receiver, each))

    def end_all(self) -> None:
        """Undo everything, so that nobody is kept waiting."""
        for key in list(self._faults):
            self._end(key)

    def find(self, address: Address) -> Fault | None:
        """Return the fault of an inbox; what only its integration was told comes first."""
        own = self._faults.get((address.receiver, address.integration))
        return own or self._faults.get((address.receiver, None))

    def distrusts(self, server_name: str) -> bool:
        """Say whether the inboxes of this name are to have a certificate that nobody trusts."""
        for receiver, integration in self._faults:
            for each in (integration,) if integration else get_args(Integration):
                address = Address(receiver=receiver, integration=each)
                if address.server_name == server_name:
                    fault = self.find(address)
                    return fault is not None and fault.how == "tls"
        return False

    def _end(self, key: tuple[str, Integration | None]) -> None:
        if fault := self._faults.pop(key, None):
            fault.end()
