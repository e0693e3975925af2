"""Opens the gateway's SQLite databases."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path


def open_database(path: Path, schema: str) -> sqlite3.Connection:
    """Return a connection, for any thread, to a database with this schema; raises sqlite3.Error."""
    with ExitStack() as failed:
        database = failed.enter_context(closing(sqlite3.connect(path, check_same_thread=False)))
        database.executescript(schema)
        failed.pop_all()
        return database
