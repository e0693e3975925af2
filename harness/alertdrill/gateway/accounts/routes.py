"""What clients ask about their account, and how the operator changes one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, cast, get_args

from aiohttp import web

from alertdrill.gateway.accounts.book import Account, AccountBook, Plan
from alertdrill.gateway.accounts.cache import Bounds, Cache
from alertdrill.gateway.accounts.chats import name_user
from alertdrill.gateway.bodies import read_json
from alertdrill.gateway.features import Core
from alertdrill.gateway.keys import ID_PATTERN
from alertdrill.gateway.problems import Problem, quote, refuse_parameter

STATEMENT_BOUNDS = Bounds(entries=1_000, size_bytes=2**20, ttl_s=60.0)
STATEMENT_BYTES = 256
MAX_CREDITS = 1_000_000_000
MAX_REQUESTS_PER_MINUTE = 1_000_000


class AccountRoutes:
    """`GET /v1/credits` for clients, `GET` and `PUT /admin/accounts/{user}` for the operator."""

    def __init__(self, core: Core, book: AccountBook) -> None:
        self._admission = core.admission
        self._clock = core.clock
        self._book = book
        self._statements: Cache[Account] = Cache(
            "statement", STATEMENT_BOUNDS, core.clock, core.emit, core.meter
        )

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/v1/credits", self._credits),
            web.get("/admin/accounts/{user}", self._show),
            web.put("/admin/accounts/{user}", self._put),
        ]

    async def _credits(self, request: web.Request) -> web.StreamResponse:
        """Answer with the caller's account as it was last saved, at most a minute or two ago."""
        key = self._admission.admit(request)
        user = name_user(key) if key else ""
        account = self._statements.get(user) if user else None
        if user and account is None:
            account = await self._book.read_statement(user)
            if account is not None:
                self._statements.put(user, account, STATEMENT_BYTES)
        if account is None:
            raise Problem(404, "the caller has no account yet", code="account_not_found")
        return self._write(account)

    async def _show(self, request: web.Request) -> web.StreamResponse:
        account = self._book.find(self._read_user(request))
        if account is None:
            message = f"there is no account of {quote(request.match_info['user'])}"
            raise Problem(404, message, code="account_not_found")
        return self._write(account)

    async def _put(self, request: web.Request) -> web.StreamResponse:
        user = self._read_user(request)
        document = await read_json(request)
        known = {"plan", "credits", "requests_per_minute"}
        if not isinstance(document, dict) or document.keys() - known:
            raise Problem(400, f"the body must be an object with no other fields than {sorted(known)}")
        changes = _read_changes(document)
        account = replace(self._book.open(user), **changes)
        self._book.put(account)
        self._book.count()
        self._statements.drop(user)
        return self._write(account)

    def _read_user(self, request: web.Request) -> str:
        if self._admission.admit(request) is not None:
            raise Problem(403, "only the operator may do this", code="not_the_operator")
        user = request.match_info["user"]
        if not ID_PATTERN.fullmatch(user):
            raise refuse_parameter("user", "must be 1 to 64 letters, digits or ._@-")
        return user

    def _write(self, account: Account) -> web.Response:
        return web.json_response(
            {
                "user": account.user,
                "plan": "expired" if account.is_expired(self._clock.now_s()) else account.plan,
                "credits": float(account.credits),
                "requests_per_minute": account.requests_per_minute,
            }
        )


def _read_changes(document: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    plan = document.get("plan")
    if plan is not None:
        if plan not in get_args(Plan):
            raise refuse_parameter("plan", f"must be one of {', '.join(get_args(Plan))}")
        changes["plan"] = cast("Plan", plan)
    credits_ = document.get("credits")
    if credits_ is not None:
        if (
            isinstance(credits_, bool)
            or not isinstance(credits_, int | float)
            or not 0 <= credits_ <= MAX_CREDITS
        ):
            raise refuse_parameter("credits", f"must be a number from 0 to {MAX_CREDITS}")
        changes["credits"] = Decimal(str(credits_))
    rate = document.get("requests_per_minute")
    if rate is not None:
        if isinstance(rate, bool) or not isinstance(rate, int) or not 1 <= rate <= MAX_REQUESTS_PER_MINUTE:
            raise refuse_parameter(
                "requests_per_minute", f"must be a whole number from 1 to {MAX_REQUESTS_PER_MINUTE}"
            )
        changes["requests_per_minute"] = rate
    return changes
