"""The trace: what happened, as rows of an SQLite database with a write-ahead log.

Table `events(timestamp, type, payload)`: UTC text that SQLite's `datetime()` compares with, the event's
name, and a JSON object. A thread of its own writes batches, so the event loop never waits for the disk; if
the disk is slower than the gateway for long, rows are dropped and counted, never calls.
"""

from __future__ import annotations

import json
import logging
import queue
import sqlite3
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast, get_args

from alertdrill.gateway.database import open_database
from alertdrill.gateway.events import (
    AuthFailed,
    CallFinished,
    DomainEvent,
    KeyIssued,
    KeyRevoked,
    KeyRotated,
    QuotaExceeded,
    RouteDecided,
)
from alertdrill.gateway.meter import Measure, unmeasured

MAX_QUEUED = 10_000
MAX_BATCH = 500
MAX_ROWS = 100
"""Of one statement: a statement of SQLite may have 999 values."""
LINGER_WALL_S = 0.2
"""How long a batch waits for more rows."""
SCHEMA = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
CREATE TABLE IF NOT EXISTS events (timestamp TEXT NOT NULL, type TEXT NOT NULL, payload TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_type ON events (type, timestamp);
"""
_Recorded = AuthFailed | CallFinished | KeyIssued | KeyRevoked | KeyRotated | QuotaExceeded | RouteDecided
_write_json = json.JSONEncoder(separators=(",", ":")).encode  # which json.dumps would make for each row
_Row = tuple[str, str, str]
RECORDED = frozenset(get_args(_Recorded))
_log = logging.getLogger(__name__)


class Trace:
    """A trace database; `record` from the event loop, `close` at the end."""

    def __init__(self, path: Path, measure: Measure = unmeasured) -> None:
        self._measure = measure
        self._wal = path.with_name(path.name + "-wal")
        self._queue: queue.SimpleQueue[tuple[float, _Recorded] | None] = queue.SimpleQueue()
        self.dropped = 0
        self._closing = threading.Event()
        self._database = open_database(path, SCHEMA)
        self._writer = threading.Thread(target=self._write, name="trace", daemon=True)
        self._writer.start()

    def record(self, event: DomainEvent) -> None:
        """Queue an event to be written, if it is of a kind that the trace keeps."""
        if type(event) not in RECORDED:
            return
        if self._queue.qsize() < MAX_QUEUED:
            self._queue.put((time.time(), cast("_Recorded", event)))
        else:
            self.dropped += 1

    def wal_bytes(self) -> int:
        """Return the size of the write-ahead log; 0 if there is none."""
        try:
            return self._wal.stat().st_size
        except FileNotFoundError:
            return 0

    def close(self) -> None:
        """Write what is queued and close the database; may block for a moment."""
        self._closing.set()
        self._queue.put(None)
        self._writer.join()
        self._database.close()
        if self.dropped:
            _log.warning("the trace is incomplete: %d rows were dropped", self.dropped)

    def _write(self) -> None:
        while True:
            items = [self._queue.get()]
            # Rows that come soon after share a transaction; the closing gateway waits for nothing.
            if self._queue.qsize() < MAX_BATCH:
                self._closing.wait(LINGER_WALL_S)
            while len(items) < MAX_BATCH and items[-1] is not None:
                try:
                    items.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            rows = [_make_row(*item) for item in items if item is not None]
            try:
                with self._measure("events", "insert"), self._database:
                    _insert(self._database, rows)
            except sqlite3.Error:
                self.dropped += len(rows)
                _log.exception("cannot write to the trace")
            if items[-1] is None or (self._closing.is_set() and self._queue.empty()):
                return


def _insert(database: sqlite3.Connection, rows: list[_Row]) -> None:
    """Insert rows, many with each statement: after each, the thread asks for the interpreter again."""
    for first in range(0, len(rows), MAX_ROWS):
        some = rows[first : first + MAX_ROWS]
        places = ", ".join(["(?, ?, ?)"] * len(some))
        values = [value for row in some for value in row]
        database.execute(f"INSERT INTO events VALUES {places}", values)  # noqa: S608 - of question marks


def _make_row(at: float, event: _Recorded) -> _Row:
    name, payload = _describe(event)
    timestamp = datetime.fromtimestamp(at, UTC).isoformat(" ", "milliseconds").removesuffix("+00:00")
    return timestamp, name, _write_json(payload)


def _describe(event: _Recorded) -> tuple[str, dict[str, Any]]:
    match event:
        case CallFinished():
            payload = {
                "provider": event.provider,
                "model": event.model,
                "gateway_key_id": event.key_id,
                "latency_s": event.latency_s,
                "prompt_tokens": event.prompt_tokens,
                "completion_tokens": event.completion_tokens,
                "cost_usd": float(event.cost_usd),
            }
            if event.status == "ok":
                return "llm.call_completed", payload
            return "llm.call_failed", payload | {"error_class": event.status}
        case RouteDecided():
            return "route.decided", {
                "winning_slot": event.slot,
                "chosen_model": f"{event.provider}:{event.model}",
                "latency_s": event.latency_s,
            }
        case AuthFailed():
            return "gateway.auth_failed", {
                "reason": event.reason,
                "token_hash_prefix": event.token_hash_prefix,
            }
        case QuotaExceeded():
            return "gateway.quota_exceeded", {
                "identity_kind": event.kind,
                "identity_id": event.identity,
            }
        case KeyIssued():
            return "gateway.key_issued", {"gateway_key_id": event.key_id}
        case KeyRevoked():
            return "gateway.key_revoked", {"gateway_key_id": event.key_id}
        case KeyRotated():
            return "gateway.key_rotated", {
                "gateway_key_id": event.key_id,
                "successor_id": event.successor_id,
                "grace_s": event.grace_s,
            }
