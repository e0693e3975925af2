"""The trace database: its rows, its write-ahead log, its bounds."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from support.patience import PATIENCE_S

from alertdrill.errors import BadInput
from alertdrill.gateway import trace as trace_module
from alertdrill.gateway.events import AuthFailed, KeyRevoked, QuotaExceeded
from alertdrill.gateway.trace import Trace

FAILED = AuthFailed(reason="invalid_token", token_hash_prefix="0a1b2c3d")


def read_rows(path: Path) -> list[tuple[str, dict]]:
    """Return the events as (type, payload)."""
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT type, payload FROM events ORDER BY rowid").fetchall()
    return [(kind, json.loads(payload)) for kind, payload in rows]


async def test_calls_and_their_routes_are_rows(gateway, providers):
    """A failed attempt, its fallback and both decisions are in the trace, in order."""
    providers["openai"].fail("rate_limit")
    await gateway.chat(await gateway.issue(id="k1"), model="gpt-4o")
    path = gateway.data_dir / "trace.db"
    await gateway.until(lambda: len(read_rows(path)) == 5)
    rows = read_rows(path)
    assert [kind for kind, _ in rows] == [
        "gateway.key_issued",
        "route.decided",
        "llm.call_failed",
        "route.decided",
        "llm.call_completed",
    ]
    assert [payload["chosen_model"] for kind, payload in rows if kind == "route.decided"] == [
        "openai:gpt-4o",
        "ollama:llama3.2",
    ]
    assert (rows[2][1]["error_class"], rows[2][1]["gateway_key_id"]) == ("rate_limit", "k1")


async def test_cost_of_a_key_can_be_queried(gateway):
    """The runbook's query finds a key's spend of the last hour by model."""
    token = await gateway.issue(id="k1")
    for _ in range(2):
        await gateway.chat(token, model="gpt-4o")
    await gateway.chat("the-admin-token", model="gpt-4o")
    path = gateway.data_dir / "trace.db"
    await gateway.until(lambda: len(read_rows(path)) == 7)
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            """SELECT json_extract(payload, '$.model') AS model, COUNT(*) AS calls,
            ROUND(SUM(json_extract(payload, '$.cost_usd')), 4) AS cost
            FROM events WHERE type='llm.call_completed'
            AND json_extract(payload, '$.gateway_key_id')='k1'
            AND timestamp > datetime('now', '-1 hour') GROUP BY model"""
        ).fetchall()
        later = database.execute("SELECT 1 FROM events WHERE timestamp > datetime('now', '+1 minute')")
        assert later.fetchall() == []
    assert rows == [("gpt-4o", 2, 0.009)]


async def test_the_scans_query_runs_as_the_seed_has_it(gateway):
    """The prefix of the token that was refused most often comes first."""
    for token in ("guess", "guess", "other", None):
        await gateway.chat(token)
    path = gateway.data_dir / "trace.db"
    await gateway.until(lambda: len(read_rows(path)) == 4)
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            "SELECT json_extract(payload, '$.token_hash_prefix'), COUNT(*) FROM events "
            "WHERE type='gateway.auth_failed' GROUP BY 1 ORDER BY 2 DESC LIMIT 20;"
        ).fetchall()
    assert rows[0] == (hashlib.sha256(b"guess").hexdigest()[:8], 2)
    assert sorted(count for _, count in rows[1:]) == [1, 1]


async def test_refusals_and_revocations_are_rows(gateway):
    """Auth failures, revocations and exceeded quotas can be found by type."""
    token = await gateway.issue(id="k1", limits=[{"unit": "requests", "period": "day", "limit": 1}])
    for _ in range(2):
        await gateway.chat(token)
    headers = {"Authorization": "Bearer the-admin-token"}
    await gateway.client.post("/admin/keys/k1/rotate", headers=headers)
    await gateway.chat(token)
    path = gateway.data_dir / "trace.db"
    await gateway.until(lambda: "gateway.auth_failed" in dict(read_rows(path)))
    rows = dict(read_rows(path))
    assert rows["gateway.quota_exceeded"] == {"identity_kind": "key", "identity_id": "k1"}
    assert rows["gateway.key_revoked"] == {"gateway_key_id": "k1"}
    assert rows["gateway.key_rotated"] == {"gateway_key_id": "k1", "successor_id": "k1-r2", "grace_s": 0}
    assert rows["gateway.auth_failed"]["reason"] == "key_revoked"
    assert len(rows["gateway.auth_failed"]["token_hash_prefix"]) == 8


async def test_write_ahead_log_grows_with_the_calls(gateway):
    """The log is a file that grows as calls are written, and the gauge is its size."""
    token = await gateway.issue()
    path = gateway.data_dir / "trace.db"
    await gateway.until(lambda: len(read_rows(path)) == 1)
    before = gateway.gauges.wal_bytes()
    for _ in range(3):
        await gateway.chat(token)
    await gateway.until(lambda: len(read_rows(path)) == 7)
    assert gateway.gauges.wal_bytes() == Path(f"{path}-wal").stat().st_size > before > 0


def test_everything_queued_is_written_at_the_end(tmp_path):
    """Closing loses nothing, in order, and leaves no log behind."""
    trace = Trace(tmp_path / "trace.db")
    for number in range(1200):
        trace.record(KeyRevoked(key_id=str(number)))
    trace.close()
    rows = read_rows(tmp_path / "trace.db")
    assert [payload["gateway_key_id"] for _, payload in rows] == [str(number) for number in range(1200)]
    assert (trace.dropped, trace.wal_bytes()) == (0, 0)


def test_slow_disk_drops_rows_and_counts_them(tmp_path, monkeypatch):
    """While the database is locked, the queue fills up to its bound and the rest is counted, not awaited."""
    monkeypatch.setattr(trace_module, "MAX_QUEUED", 10)
    monkeypatch.setattr(trace_module, "MAX_BATCH", 5)
    trace = Trace(tmp_path / "trace.db")
    with closing(sqlite3.connect(tmp_path / "trace.db", isolation_level=None)) as reader:
        reader.execute("BEGIN IMMEDIATE")
        for _ in range(100):
            trace.record(FAILED)
        assert 80 <= trace.dropped < 100
        reader.execute("ROLLBACK")
    dropped = trace.dropped
    trace.close()
    assert len(read_rows(tmp_path / "trace.db")) == 100 - dropped


def test_failing_disk_does_not_end_the_writer(tmp_path, caplog):
    """Rows that cannot be written are counted and reported, and later rows are written."""
    trace = Trace(tmp_path / "trace.db")
    with closing(sqlite3.connect(tmp_path / "trace.db")) as database:
        database.execute("ALTER TABLE events RENAME TO gone")
    trace.record(FAILED)
    deadline_s = time.monotonic() + PATIENCE_S
    while trace.dropped == 0 and time.monotonic() < deadline_s:
        time.sleep(0.005)
    with closing(sqlite3.connect(tmp_path / "trace.db")) as database:
        database.execute("ALTER TABLE gone RENAME TO events")
    trace.record(QuotaExceeded(kind="user", identity="u1"))
    trace.close()
    assert read_rows(tmp_path / "trace.db") == [
        ("gateway.quota_exceeded", {"identity_kind": "user", "identity_id": "u1"})
    ]
    assert "cannot write to the trace" in caplog.text
    assert "1 rows were dropped" in caplog.text


@pytest.mark.parametrize("name", ["trace.db", "keys.db", "accounts.db"])
async def test_unusable_database_is_bad_input(start_gateway, tmp_path, monkeypatch, name):
    """A data directory with something else in it is refused, and no connection is left open."""
    connect, made = sqlite3.connect, []
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **options: note(connect(*args, **options), made))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).write_bytes(b"not a database, but long enough to be taken for one" * 40)
    with pytest.raises(BadInput, match=r"cannot keep (data|accounts) here"):
        await start_gateway()
    assert made
    for connection in made:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def note(connection, made):
    """Return a connection that was made, and keep it in a list."""
    made.append(connection)
    return connection
