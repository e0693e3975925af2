"""What a profile does besides sending on time: which keys it needs, what it calls with, what it awaits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from alertdrill.load.calls import PATHS, Calls
from alertdrill.load.gateway_keys import Keyring
from alertdrill.load.plan import BehaviourChange

ANTHROPIC_HEADERS = MappingProxyType({"anthropic-version": "2023-06-01"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedAction:
    """Something to do `at_s` after the profile's start; what is due at 0 is done before the first arrival."""

    at_s: float
    do: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent: the path without a prefix, and the body, if there is one.

    `token_header` names a header that has the token besides `Authorization`; empty: none has. Of an answer
    that `is_streamed`, it is measured when its tokens come.
    """

    method: str
    path: str
    body: str | None
    headers: Mapping[str, str] = field(default_factory=dict)
    token_header: str = ""
    is_streamed: bool = False


class Script(Protocol):
    """One load profile's script; made anew for every test. `tells` come on top of the load profile's own."""

    changes: tuple[BehaviourChange, ...]
    learns: bool
    """Whether what is asked depends on earlier answers, so that one client must send all of the profile."""

    def list_keys(self) -> Sequence[str]:
        """Return the ids of the keys to issue before the test starts."""

    def actions(self, keyring: Keyring) -> Sequence[TimedAction]:
        """Return what is to be done at certain instants."""

    def request(self, index: int) -> Request:
        """Return the `index`th request of the load profile."""

    def note_answer(self, index: int, status: int, body: str) -> None:
        """Learn from the answer to the `index`th request, as a client that asks again later must."""

    def token(self, at_s: float, keyring: Keyring) -> str | None:
        """Return the token that a call carries at this instant of the load profile; None for no token."""

    def welcomes(self, status: int) -> bool:
        """Whether this status is what the load profile is after, so that Locust counts no failure."""


class OrdinaryScript:
    """Healthy clients with a valid key; whatever is not a success is a failure.

    `welcome` has the statuses that are welcome besides.
    """

    learns = False

    def __init__(
        self,
        calls: Calls,
        *,
        changes: tuple[BehaviourChange, ...] = (),
        welcome: frozenset[int] = frozenset(),
    ) -> None:
        self.calls = calls
        self.changes = changes
        self._welcome = welcome

    def list_keys(self) -> Sequence[str]:
        """Return the one key, if there is one."""
        return () if self.calls.key is None else (self.calls.key,)

    def actions(self, keyring: Keyring) -> Sequence[TimedAction]:  # noqa: ARG002 - part of the protocol
        """Return no timed actions."""
        return ()

    def request(self, index: int) -> Request:
        """Return a call of the API that the calls are for."""
        api = self.calls.api
        return Request(
            method="POST",
            path=PATHS[api],
            body=self.calls.body(index),
            headers=ANTHROPIC_HEADERS if api == "messages" else {},
            token_header="x-api-key" if api == "messages" else "",
            is_streamed=self.calls.is_streamed(index),
        )

    def note_answer(self, index: int, status: int, body: str) -> None:
        """Learn nothing: every call stands for itself."""

    def token(self, at_s: float, keyring: Keyring) -> str | None:  # noqa: ARG002 - part of the protocol
        """Return the key's token."""
        return None if self.calls.key is None else keyring.token(self.calls.key)

    def welcomes(self, status: int) -> bool:
        """Welcome success and what else was said to be welcome."""
        return 200 <= status < 300 or status in self._welcome
