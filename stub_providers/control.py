"""The control API: behaviours are told, outages made, and what was counted is read, on a port of its own."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from stub_providers.authorization import bearer_token, is_secret
from stub_providers.behaviour import EVERY_MODEL, Behaviour, Engine
from stub_providers.behaviour_reading import read_behaviour
from stub_providers.checks import BadInstruction
from stub_providers.http_server import read_body
from stub_providers.instructions import (
    fingerprint,
    read_json,
    read_key_behaviour,
    read_listening,
    read_model,
)
from stub_providers.ledger import Ledger
from stub_providers.metrics import METRICS_TYPE, write_metrics

MAX_BODY_BYTES = 16 * 1024
MAX_TOLD_MODELS = 1_000
MAX_TOLD_KEYS = 1_000


class Control:
    """Tells the engine how to behave and the door whether to be open, for who has the token.

    `set_listening` opens or shuts the door, `is_listening` says how it is. `default` is how every model
    behaves at first, as JSON; `models` and `keys` are those that behave otherwise at first. A key is shown as
    its fingerprint.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        ledger: Ledger,
        token: str,
        set_listening: Callable[[bool], Awaitable[None]],
        is_listening: Callable[[], bool],
        default: object,
        models: Mapping[str, object] | None = None,
        keys: Mapping[str, object] | None = None,
        speed: float = 1.0,
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self._token = token
        self._set_listening = set_listening
        self._is_listening = is_listening
        self._default = default
        self._speed = speed
        self._told: dict[str, Any] = {EVERY_MODEL: default}
        self._told_keys: dict[str, Any] = {}
        for model, told in (models or {}).items():
            self._set_model(model, told)
        for key, told in (keys or {}).items():
            self._set_key(key, told, read_behaviour(told))

    @property
    def models(self) -> list[str]:
        """The models that were told of or asked for."""
        return [model for model in dict.fromkeys((*self._told, *self._ledger.models)) if model != EVERY_MODEL]

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application(middlewares=[self._guard], client_max_size=MAX_BODY_BYTES)
        app.router.add_get("/control/state", self._state)
        app.router.add_put("/control/listening", self._listening)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_put("/control/keys", self._tell_key)
        app.router.add_put("/control/models/{model:.+}", self._tell)
        app.router.add_delete("/control/models/{model:.+}", self._forget)
        return app

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if not is_secret(bearer_token(request.headers), self._token):
            return refuse(request, 401, "The control token is missing or wrong.")
        try:
            return await handler(request)
        except BadInstruction as bad:
            return refuse(request, 400, str(bad))
        except web.HTTPRequestEntityTooLarge:
            return refuse(request, 400, f"The body must not be longer than {MAX_BODY_BYTES} bytes.")

    async def _state(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "listening": self._is_listening(),
                "behaviours": self._told,
                "keys": self._told_keys,
                "ledger": self._ledger.as_json(),
            }
        )

    async def _listening(self, request: web.Request) -> web.Response:
        listening = read_listening(read_json(await read_body(request)))
        try:
            await self._set_listening(listening)
        except OSError as error:
            return refuse(request, 503, f"The port cannot be opened again: {error.strerror}.")
        return web.json_response({"listening": listening})

    async def _tell(self, request: web.Request) -> web.Response:
        model = read_model(request.match_info["model"])
        told = read_json(await read_body(request))
        self._set_model(model, told)
        return web.json_response({"model": model, "behaviour": told})

    async def _forget(self, request: web.Request) -> web.Response:
        model = read_model(request.match_info["model"])
        if not self._engine.forget(model, now_s=self._now_s):
            return refuse(request, 404, "This model has no behaviour of its own.")
        if model == EVERY_MODEL:
            self._told[EVERY_MODEL] = self._default
        else:
            del self._told[model]
        return web.json_response({"model": model, "behaviour": None})

    async def _tell_key(self, request: web.Request) -> web.Response:
        key, behaviour, told = read_key_behaviour(read_json(await read_body(request)))
        name = fingerprint(key)
        if behaviour is not None:
            self._set_key(key, told, behaviour)
        elif self._engine.forget_key(key):
            del self._told_keys[name]
        else:
            return refuse(request, 404, "This key has no behaviour of its own.")
        return web.json_response({"key": name, "behaviour": told})

    async def _metrics(self, _request: web.Request) -> web.Response:
        body = write_metrics(self._ledger, listening=self._is_listening())
        return web.Response(body=body, headers={"Content-Type": METRICS_TYPE})

    @property
    def _now_s(self) -> float:
        return time.perf_counter() * self._speed

    def _set_model(self, model: str, told: object) -> None:
        behaviour = read_behaviour(told)
        if model not in self._told and len(self._told) >= MAX_TOLD_MODELS:
            raise BadInstruction("can have a behaviour", whole=f"No more than {MAX_TOLD_MODELS} models")
        self._engine.tell(model, behaviour, now_s=self._now_s)
        self._told[model] = told

    def _set_key(self, key: str, told: object, behaviour: Behaviour) -> None:
        name = fingerprint(key)
        if name not in self._told_keys and len(self._told_keys) >= MAX_TOLD_KEYS:
            raise BadInstruction("can have a behaviour", whole=f"No more than {MAX_TOLD_KEYS} keys")
        self._engine.tell_key(key, behaviour, now_s=self._now_s)
        self._told_keys[name] = told


def refuse(_request: web.BaseRequest, status: int, sentence: str) -> web.Response:
    """Return what the control API answers to what it refuses."""
    return web.json_response({"error": sentence}, status=status)
