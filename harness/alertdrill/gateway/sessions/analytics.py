"""Spend by key, user or team, read from the trace; for the operator only.

`GET /analytics/cost`, `/analytics/by_key?key=…`, `/analytics/by_user?user=…`, `/analytics/by_team?team=…`;
without the name, all of that kind. `within_s` leaves out what is older (rule time). A call is in the trace a
fraction of a second after it ended.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from alertdrill.core.key_ids import NO_KEY
from alertdrill.gateway.features import Core
from alertdrill.gateway.keys import Key, KeyRing, UnknownKey
from alertdrill.gateway.problems import Problem, refuse_parameter

MAX_WITHIN_S = 366 * 86_400.0
MAX_NAME_CHARS = 64
QUERY = """
SELECT json_extract(payload, '$.gateway_key_id'),
       json_extract(payload, '$.provider') || ':' || json_extract(payload, '$.model'),
       COUNT(*), SUM(json_extract(payload, '$.cost_usd'))
FROM events WHERE type IN ('llm.call_completed', 'llm.call_failed') AND timestamp >= ?
GROUP BY 1, 2
"""
Row = tuple[str | None, str, int, float]


class Analytics:
    """The routes below /analytics."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._path = core.data_dir / "trace.db"

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/analytics/cost", self._report(lambda _key_id: "all", None)),
            web.get("/analytics/by_key", self._report(lambda key_id: key_id or NO_KEY, "key")),
            web.get("/analytics/by_user", self._report(self._name_by(lambda key: key.user), "user")),
            web.get("/analytics/by_team", self._report(self._name_by(lambda key: key.team), "team")),
        ]

    def _name_by(self, read: Callable[[Key], str | None]) -> Callable[[str | None], str | None]:
        def name(key_id: str | None) -> str | None:
            key = _find_key(self._core.keys, key_id)
            return read(key) if key is not None else None

        return name

    def _report(
        self, name: Callable[[str | None], str | None], param: str | None
    ) -> Callable[[web.Request], Any]:
        async def report(request: web.Request) -> web.StreamResponse:
            if self._core.admission.admit(request) is not None:
                raise Problem(403, "analytics are for the operator", code="operator_only")
            wanted = _read_name(request, param)
            since = time.time() - _read_within_s(request) / self._core.clock.speed
            rows = await asyncio.to_thread(_read_rows, self._path, since)
            groups = _add_up(rows, name)
            if wanted is not None:
                groups = {wanted: groups.get(wanted, {})}
            return web.json_response({who: _describe(models) for who, models in sorted(groups.items())})

        return report


def _read_name(request: web.Request, param: str | None) -> str | None:
    if unknown := sorted(request.query.keys() - {param, "within_s"}):
        raise refuse_parameter(unknown[0][:MAX_NAME_CHARS], "is not known here")
    name = request.query.get(param) if param else None
    if name is not None and not 0 < len(name) <= MAX_NAME_CHARS:
        raise refuse_parameter(str(param), f"must have 1 to {MAX_NAME_CHARS} characters")
    return name


def _read_within_s(request: web.Request) -> float:
    text = request.query.get("within_s")
    try:
        within_s = MAX_WITHIN_S if text is None else float(text)
    except ValueError:
        within_s = math.nan
    if not 0 < within_s <= MAX_WITHIN_S:
        raise refuse_parameter("within_s", f"must be a number above 0, at most {MAX_WITHIN_S:.0f}")
    return within_s


def _read_rows(path: Path, since: float) -> list[Row]:
    timestamp = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        return database.execute(QUERY, (timestamp,)).fetchall()


def _add_up(
    rows: Iterable[Row], name: Callable[[str | None], str | None]
) -> dict[str, dict[str, tuple[int, float]]]:
    """Return calls and dollars by name and model; what has no name is left out."""
    groups: dict[str, dict[str, tuple[int, float]]] = {}
    for key_id, model, calls, usd in rows:
        who = name(key_id)
        if who is not None:
            models = groups.setdefault(who, {})
            before = models.get(model, (0, 0.0))
            models[model] = (before[0] + calls, before[1] + usd)
    return groups


def _describe(models: Mapping[str, tuple[int, float]]) -> dict[str, Any]:
    return {
        "calls": sum(calls for calls, _ in models.values()),
        "cost_usd": round(sum(usd for _, usd in models.values()), 6),
        "models": {
            model: {"calls": calls, "cost_usd": round(usd, 6)}
            for model, (calls, usd) in sorted(models.items())
        },
    }


def _find_key(keys: KeyRing, key_id: str | None) -> Key | None:
    try:
        return keys.get(key_id) if key_id is not None else None
    except UnknownKey:
        return None
