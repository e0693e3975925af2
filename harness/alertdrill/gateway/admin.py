"""The operator's API: keys and limits. Every route asks for the admin token."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, cast, get_args

from aiohttp import web

from alertdrill.gateway.auth import Doorkeeper
from alertdrill.gateway.bodies import read_json
from alertdrill.gateway.chat import MAX_MODEL_LENGTH
from alertdrill.gateway.events import IdentityKind, Listener, QuotaUsed
from alertdrill.gateway.keys import ID_PATTERN, Key, KeyConflict, KeyRing, UnknownKey
from alertdrill.gateway.models import Catalogue
from alertdrill.gateway.problems import Problem, quote, refuse_parameter
from alertdrill.gateway.quotas import Limit, Period, Quotas, Unit
from alertdrill.gateway.store import Store
from alertdrill.gateway.timing import RuleClock

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_LIMITS = 4
MAX_AMOUNT = 1_000_000_000
MAX_GRACE_S = 30 * 86_400.0
MAX_LIMITED = 30_000
"""Identities with limits: each is a label set of the metrics."""


class Admin:
    """The routes below /admin."""

    def __init__(
        self,
        *,
        doorkeeper: Doorkeeper,
        keys: KeyRing,
        quotas: Quotas,
        store: Store,
        catalogue: Catalogue,
        clock: RuleClock,
        emit: Listener,
    ) -> None:
        self._doorkeeper = doorkeeper
        self._keys = keys
        self._quotas = quotas
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._emit = emit

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/admin/keys", self._guard(self._issue)),
            web.get("/admin/keys", self._guard(self._list)),
            web.post("/admin/keys/{id}/revoke", self._guard(self._revoke)),
            web.post("/admin/keys/{id}/rotate", self._guard(self._rotate)),
            web.put("/admin/limits/{kind}/{id}", self._guard(self._limit)),
        ]

    def _guard(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self._doorkeeper.is_operator(request.headers.get("Authorization")):
                raise Problem(401, "the admin token is missing or wrong", code="invalid_admin_token")
            try:
                return await handler(request)
            except UnknownKey as unknown:
                raise Problem(404, f"there is no key {quote(str(unknown))}", code="key_not_found") from None
            except KeyConflict as conflict:
                raise Problem(409, str(conflict), code="key_conflict") from None

        return guarded

    async def _issue(self, request: web.Request) -> web.StreamResponse:
        document = await _read_fields(request, {"id", "user", "team", "model", "limits"})
        model = document.get("model")
        if model is not None and (
            not isinstance(model, str) or len(model) > MAX_MODEL_LENGTH or self._catalogue.find(model) is None
        ):
            raise refuse_parameter("model", "must be one of GET /v1/models")
        key, token = await self._keys.issue(
            key_id=_read_id(document, "id"),
            user=_read_id(document, "user"),
            team=_read_id(document, "team"),
            model=model,
            limits=_read_limits(document.get("limits")),
        )
        return web.json_response({"id": key.id, "token": token}, status=201)

    async def _list(self, _request: web.Request) -> web.StreamResponse:
        now_s = self._clock.now_s()
        keys = [self._describe(key, now_s) for key in self._keys.list_keys().values()]
        return web.json_response({"keys": keys})

    async def _revoke(self, request: web.Request) -> web.StreamResponse:
        key = await self._keys.revoke(request.match_info["id"])
        return web.json_response(self._describe(key, self._clock.now_s()))

    async def _rotate(self, request: web.Request) -> web.StreamResponse:
        document = await _read_fields(request, {"grace_s"})
        grace_s = document.get("grace_s", 0)
        if (
            isinstance(grace_s, bool)
            or not isinstance(grace_s, int | float)
            or not 0 <= grace_s <= MAX_GRACE_S
        ):
            raise refuse_parameter("grace_s", f"must be a number from 0 to {MAX_GRACE_S:.0f}")
        key, token = await self._keys.rotate(request.match_info["id"], grace_s=grace_s)
        return web.json_response({"id": key.id, "token": token}, status=201)

    async def _limit(self, request: web.Request) -> web.StreamResponse:
        kind, identity = request.match_info["kind"], request.match_info["id"]
        if kind not in get_args(IdentityKind):
            raise Problem(404, "limits are for a key, a user or a team", code="unknown_kind")
        if kind == "key":
            self._keys.get(identity)
        elif not ID_PATTERN.fullmatch(identity):
            raise refuse_parameter("id", "must be 1 to 64 letters, digits or ._@-")
        document = await _read_fields(request, {"limits"})
        limits = _read_limits(document.get("limits"))
        whose = (cast("IdentityKind", kind), identity)
        if not self._quotas.limits(whose) and self._quotas.count_limited() >= MAX_LIMITED:
            raise Problem(409, f"{MAX_LIMITED} identities have limits already", code="too_many_limits")
        await asyncio.to_thread(self._store.put_limits, *whose, limits)
        self._quotas.set_limits(whose, limits)
        ratio = self._quotas.ratio(whose, self._clock.now_s())
        self._emit(QuotaUsed(kind=whose[0], identity=identity, ratio=ratio))
        return web.json_response({"limits": _write_limits(limits)})

    def _describe(self, key: Key, now_s: float) -> dict[str, Any]:
        return {
            "id": key.id,
            "user": key.user,
            "team": key.team,
            "model": key.model,
            "active": key.is_active(now_s),
            "limits": _write_limits(self._quotas.limits(("key", key.id))),
        }


async def _read_fields(request: web.Request, known: set[str]) -> dict[str, Any]:
    document = await read_json(request) if request.can_read_body else {}
    if not isinstance(document, dict) or document.keys() - known:
        raise Problem(400, f"the body must be an object with no other fields than {', '.join(sorted(known))}")
    return document


def _read_id(document: dict[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not ID_PATTERN.fullmatch(value):
        raise refuse_parameter(name, "must be 1 to 64 letters, digits or ._@-, the first a letter or digit")
    return value


def _read_limits(value: object) -> tuple[Limit, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_LIMITS:
        raise refuse_parameter("limits", f"must be a list of at most {MAX_LIMITS} limits")
    return tuple(_read_limit(entry, f"limits[{place}]") for place, entry in enumerate(value))


def _read_limit(entry: object, place: str) -> Limit:
    if not isinstance(entry, dict) or entry.keys() != {"unit", "period", "limit"}:
        raise refuse_parameter(place, "must be an object with unit, period and limit")
    unit, period, amount = entry["unit"], entry["period"], entry["limit"]
    if unit not in get_args(Unit) or period not in get_args(Period):
        raise refuse_parameter(place, "must have the unit usd or requests and the period day or month")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount <= MAX_AMOUNT:
        raise refuse_parameter(f"{place}.limit", f"must be a number above 0, at most {MAX_AMOUNT}")
    return Limit(unit=cast("Unit", unit), period=cast("Period", period), amount=Decimal(str(amount)))


def _write_limits(limits: tuple[Limit, ...]) -> list[dict[str, Any]]:
    return [{"unit": limit.unit, "period": limit.period, "limit": float(limit.amount)} for limit in limits]
