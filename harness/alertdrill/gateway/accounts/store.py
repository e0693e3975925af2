"""Accounts on disk, in SQLite. Every method may block on the disk and may be called from any thread."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from alertdrill.gateway.database import open_database
from alertdrill.gateway.meter import Measure

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    user TEXT PRIMARY KEY, plan TEXT NOT NULL, credits TEXT NOT NULL, requests_per_minute INTEGER NOT NULL,
    trial_ends REAL NOT NULL
);
"""
COLUMNS = "user, plan, credits, requests_per_minute, trial_ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAccount:
    """An account at rest: credits as a decimal's text, the trial's end as epoch seconds."""

    user: str
    plan: str
    credits: str
    requests_per_minute: int
    trial_ends: float


class AccountStore:
    """The database of accounts; raises sqlite3.Error when the disk fails."""

    def __init__(self, path: Path, measure: Measure) -> None:
        self._lock = threading.Lock()
        self._measure = measure
        self._database = open_database(path, SCHEMA)

    def list_accounts(self) -> list[StoredAccount]:
        """Return all accounts."""
        return self._select(f"SELECT {COLUMNS} FROM accounts", ())  # noqa: S608 - constant

    def find(self, user: str) -> StoredAccount | None:
        """Return a user's account as it was last saved; None if it never was."""
        found = self._select(f"SELECT {COLUMNS} FROM accounts WHERE user = ?", (user,))  # noqa: S608 - constant
        return found[0] if found else None

    def save(self, accounts: Iterable[StoredAccount]) -> None:
        """Keep accounts as they are now."""
        rows = [
            (account.user, account.plan, account.credits, account.requests_per_minute, account.trial_ends)
            for account in accounts
        ]
        with self._lock, self._measure("accounts", "upsert"), self._database:
            self._database.executemany("INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?)", rows)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    def _select(self, statement: str, parameters: tuple[str, ...]) -> list[StoredAccount]:
        names = COLUMNS.split(", ")
        with self._lock, self._measure("accounts", "select"):
            rows = self._database.execute(statement, parameters).fetchall()
        return [StoredAccount(**dict(zip(names, row, strict=True))) for row in rows]
