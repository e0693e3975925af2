"""Keys and limits on disk, in SQLite; a token is kept only as its SHA-256.

Instants are epoch seconds, because they outlive the process. Every method may block on the disk and may be
called from any thread; none is called on the way of a model call.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from alertdrill.gateway.database import open_database
from alertdrill.gateway.events import IdentityKind
from alertdrill.gateway.meter import Measure, unmeasured
from alertdrill.gateway.quotas import Identity, Limit

SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, token_sha256 BLOB NOT NULL UNIQUE, user TEXT, team TEXT, model TEXT,
    created REAL NOT NULL, revoked REAL, expires REAL
);
CREATE TABLE IF NOT EXISTS limits (
    kind TEXT NOT NULL, identity TEXT NOT NULL, unit TEXT NOT NULL, period TEXT NOT NULL, amount TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS limits_by_identity ON limits (kind, identity);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key at rest; `revoked` and `expires` are None while they are not set."""

    id: str
    token_sha256: bytes
    user: str | None
    team: str | None
    model: str | None
    created: float
    revoked: float | None = None
    expires: float | None = None


class Store:
    """The database of keys and limits; raises sqlite3.Error when the disk fails."""

    def __init__(self, path: Path, measure: Measure = unmeasured) -> None:
        self._lock = threading.Lock()
        self._measure = measure
        self._database = open_database(path, SCHEMA)

    def list_keys(self) -> list[StoredKey]:
        """Return all keys ever issued, oldest first."""
        columns = "id, token_sha256, user, team, model, created, revoked, expires"
        with self._lock, self._measure("keys", "select"):
            rows = self._database.execute(f"SELECT {columns} FROM keys ORDER BY rowid")  # noqa: S608 - constant
            names = columns.split(", ")
            return [StoredKey(**dict(zip(names, row, strict=True))) for row in rows]

    def add_key(self, key: StoredKey, limits: tuple[Limit, ...]) -> None:
        """Keep a new key and its limits."""
        with self._lock, self._measure("keys", "insert"), self._database:
            self._insert(key, limits)

    def replace_key(self, key: StoredKey, successor: StoredKey, limits: tuple[Limit, ...]) -> None:
        """Keep when a key ends, and its successor with its limits."""
        with self._lock, self._measure("keys", "update"), self._database:
            self._update(key)
            self._insert(successor, limits)

    def end_key(self, key: StoredKey) -> None:
        """Keep when a key was revoked or expires."""
        with self._lock, self._measure("keys", "update"), self._database:
            self._update(key)

    def list_limits(self) -> dict[Identity, tuple[Limit, ...]]:
        """Return the limits of every identity that has some."""
        limits: dict[Identity, tuple[Limit, ...]] = {}
        with self._lock, self._measure("limits", "select"):
            rows = self._database.execute("SELECT kind, identity, unit, period, amount FROM limits")
            for kind, identity, unit, period, amount in rows:
                limit = Limit(unit=unit, period=period, amount=Decimal(amount))
                limits[kind, identity] = (*limits.get((kind, identity), ()), limit)
        return limits

    def put_limits(self, kind: IdentityKind, identity: str, limits: tuple[Limit, ...]) -> None:
        """Replace the limits of an identity."""
        with self._lock, self._measure("limits", "update"), self._database:
            self._database.execute("DELETE FROM limits WHERE kind = ? AND identity = ?", (kind, identity))
            self._insert_limits(kind, identity, limits)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    def _insert(self, key: StoredKey, limits: tuple[Limit, ...]) -> None:
        self._database.execute(
            "INSERT INTO keys (id, token_sha256, user, team, model, created, revoked, expires)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key.id,
                key.token_sha256,
                key.user,
                key.team,
                key.model,
                key.created,
                key.revoked,
                key.expires,
            ),
        )
        self._insert_limits("key", key.id, limits)

    def _insert_limits(self, kind: IdentityKind, identity: str, limits: tuple[Limit, ...]) -> None:
        self._database.executemany(
            "INSERT INTO limits (kind, identity, unit, period, amount) VALUES (?, ?, ?, ?, ?)",
            [(kind, identity, limit.unit, limit.period, str(limit.amount)) for limit in limits],
        )

    def _update(self, key: StoredKey) -> None:
        self._database.execute(
            "UPDATE keys SET revoked = ?, expires = ? WHERE id = ?", (key.revoked, key.expires, key.id)
        )
