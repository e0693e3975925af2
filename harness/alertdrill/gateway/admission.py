"""Lets callers in: every client route begins with `admit`."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from alertdrill.gateway.auth import AuthRefused, Doorkeeper
from alertdrill.gateway.events import AuthFailed, AuthReason, Listener
from alertdrill.gateway.keys import Key
from alertdrill.gateway.problems import Problem
from alertdrill.gateway.timing import RuleClock

CALLER = web.RequestKey("caller", Key)
"""Under which a request keeps the key that was admitted; the operator has none."""
REFUSALS: Mapping[AuthReason, str] = {
    "missing_token": "the request has no bearer token",
    "invalid_token": "the bearer token is not one of a key",
    "key_revoked": "the key is revoked or has been rotated out",
}


class Admission:
    """Asks the doorkeeper, and tells who was turned away."""

    def __init__(self, doorkeeper: Doorkeeper, clock: RuleClock, emit: Listener) -> None:
        self._doorkeeper = doorkeeper
        self._clock = clock
        self._emit = emit

    def admit(self, request: web.Request) -> Key | None:
        """Return the key that is calling, None for the operator; raises Problem (401)."""
        try:
            key = self._doorkeeper.admit(_find_credential(request), self._clock.now_s())
        except AuthRefused as refused:
            self._emit(AuthFailed(reason=refused.reason, token_hash_prefix=refused.token_hash_prefix))
            message = REFUSALS[refused.reason]
            raise Problem(401, message, type_="authentication_error", code=refused.reason) from None
        if key is not None:
            request[CALLER] = key
        return key


def _find_credential(request: web.Request) -> str | None:
    """Return the header with the token; a key in `x-api-key`, as Anthropic has it, goes before."""
    api_key = request.headers.get("x-api-key")
    return f"Bearer {api_key}" if api_key else request.headers.get("Authorization")
