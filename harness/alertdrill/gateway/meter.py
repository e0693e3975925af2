"""Measures what the gateway does to its databases, and which connections it has in use.

A meter may be used from any thread: what it tells is heard in the thread that did the work, under the prefix
that the work came through (none, for a thread that serves everybody).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

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

    @contextmanager
    def connection(self, kind: ConnectionKind) -> Iterator[None]:
        """Tell that one more connection is in use, and when it is not any more."""
        self._emit(ConnectionsChanged(kind=kind, change=1))
        try:
            yield
        finally:
            self._emit(ConnectionsChanged(kind=kind, change=-1))
