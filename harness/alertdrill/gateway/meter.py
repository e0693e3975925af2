"""Measures what the gateway does to its databases, and which connections it has in use.

A meter may be used from any thread: what it tells is heard in the thread that did the work, under the prefix
that the work came through (none, for a thread that serves everybody).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import get_args

from alertdrill.gateway.events import ConnectionKind, ConnectionsChanged, Listener, QueryFinished
from alertdrill.gateway.timing import RuleClock

Measure = Callable[[str, str], AbstractContextManager[None]]
"""Takes a table and an operation, and is entered for as long as the query runs."""


def unmeasured(_table: str, _operation: str) -> AbstractContextManager[None]:
    """Measure nothing: for a database that nobody watches."""
    return nullcontext()


class Meter:
    """Tells of queries and of connections; latencies are rule time."""

    def __init__(self, clock: RuleClock, emit: Listener) -> None:
        self._clock = clock
        self._emit = emit
        self._connections = {kind: _Connection(kind, emit) for kind in get_args(ConnectionKind)}

    @contextmanager
    def query(self, table: str, operation: str) -> Iterator[None]:
        """Tell of a query when it is over, failed ones included; it is a connection in use until then."""
        started_s = self._clock.now_s()
        with self.connection("db"):
            try:
                yield
            finally:
                self._emit(
                    QueryFinished(table=table, operation=operation, latency_s=self._clock.now_s() - started_s)
                )

    def connection(self, kind: ConnectionKind) -> AbstractContextManager[None]:
        """Tell that one more connection is in use, and when it is not any more."""
        return self._connections[kind]


class _Connection(AbstractContextManager[None]):
    """Entered for each connection of a kind; it remembers nothing, so one is enough for all."""

    __slots__ = ("_begun", "_emit", "_ended")

    def __init__(self, kind: ConnectionKind, emit: Listener) -> None:
        self._begun = ConnectionsChanged(kind=kind, change=1)
        self._ended = ConnectionsChanged(kind=kind, change=-1)
        self._emit = emit

    def __enter__(self) -> None:
        self._emit(self._begun)

    def __exit__(self, *_error: object) -> None:
        self._emit(self._ended)
