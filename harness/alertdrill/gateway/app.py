"""The gateway's HTTP face: its routes, and how errors look."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from alertdrill.gateway.admin import Admin
from alertdrill.gateway.admission import CALLER, Admission
from alertdrill.gateway.answers import UpstreamFailed
from alertdrill.gateway.bodies import MAX_BODY_BYTES, read_json
from alertdrill.gateway.calls import Chats
from alertdrill.gateway.chat import ChatRequest, parse_chat
from alertdrill.gateway.events import Listener, RequestFinished
from alertdrill.gateway.features import Feature
from alertdrill.gateway.keys import Key
from alertdrill.gateway.models import Catalogue
from alertdrill.gateway.prefixes import (
    current_prefix,
    find_endpoint,
    make_doorway,
    open_prefixes,
)
from alertdrill.gateway.problems import Problem, describe_failure
from alertdrill.gateway.replies import (
    STREAM_END,
    StreamWriter,
    name_answerer,
    write_completion,
    write_event,
    write_models,
)
from alertdrill.gateway.timing import RuleClock

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/"""
FAILURE = web.RequestKey("failure", str)
"""Under which a request keeps the code of the error that it ended with."""
UNACCOUNTED = ("/metrics", "/healthz", "/admin", "/analytics")
"""What operators and Prometheus ask for; no client's request."""
_log = logging.getLogger(__name__)


class Front:
    """The routes of clients and of Prometheus."""

    def __init__(
        self,
        *,
        admission: Admission,
        find_chats: Callable[[], Chats],
        catalogue: Catalogue,
        clock: RuleClock,
        expositions: Mapping[str, Callable[[], bytes]],
    ) -> None:
        self._admission = admission
        self._find_chats = find_chats
        self._catalogue = catalogue
        self._clock = clock
        self._expositions = expositions

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes of clients; they are also offered under every prefix."""
        return [
            web.post("/v1/chat/completions", self._chat),
            web.get("/v1/models", self._models),
        ]

    def list_own_routes(self) -> list[web.RouteDef]:
        """Return the routes of Prometheus and of whoever waits for the gateway."""
        return [
            web.get("/metrics", self._metrics),
            web.get("/metrics/{system}", self._metrics_of),
            web.get("/healthz", self._health),
        ]

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        key = self._admission.admit(request)
        chat = parse_chat(await read_json(request))
        if chat.stream:
            return await self._stream(request, chat, key)
        model, completion = await self._find_chats().complete(chat, key)
        return web.json_response(write_completion(model, completion), headers=name_answerer(model))

    async def _stream(self, request: web.Request, chat: ChatRequest, key: Key | None) -> web.StreamResponse:
        model, chunks = await self._find_chats().stream(chat, key)
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", **name_answerer(model)}
        response = web.StreamResponse(headers=headers)
        writer = StreamWriter(model, include_usage=chat.include_usage)
        try:
            await response.prepare(request)
            try:
                async for chunk in chunks:
                    if data := writer.write(chunk):
                        await response.write(data)
                await response.write(STREAM_END)
            except UpstreamFailed as failed:
                problem = describe_failure(failed.error_class, str(failed))
                request[FAILURE] = problem.code
                await response.write(write_event(problem.document))
            await response.write_eof()
        except ConnectionError:
            _log.debug("the client left before its answer ended; the call goes on and is accounted for")
        return response

    async def _models(self, request: web.Request) -> web.StreamResponse:
        self._admission.admit(request)
        return web.json_response(write_models(list(self._catalogue.models.values())))

    async def _metrics(self, _request: web.Request) -> web.StreamResponse:
        body = b"".join(expose() for expose in self._expositions.values())
        return web.Response(body=body, headers={"Content-Type": METRICS_TYPE})

    async def _metrics_of(self, request: web.Request) -> web.StreamResponse:
        expose = self._expositions.get(request.match_info["system"])
        if expose is None:
            raise Problem(404, f"the systems are: {', '.join(self._expositions)}", code="unknown_system")
        return web.Response(body=expose(), headers={"Content-Type": METRICS_TYPE})

    async def _health(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "ok", "speed": self._clock.speed})


@web.middleware
async def shape_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every refusal the shape of OpenAI's errors."""
    try:
        return await handler(request)
    except Problem as problem:
        request[FAILURE] = problem.code
        return web.json_response(problem.document, status=problem.status, headers=problem.headers)
    except web.HTTPException as error:
        request[FAILURE] = "no_such_route"
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        document = Problem(error.status, error.reason, code="no_such_route").document
        return web.json_response(document, status=error.status, headers=headers)


def make_accountant(clock: RuleClock, emit: Listener) -> Middleware:
    """Return the middleware that tells of every client's request when it has been answered."""

    def change(request: web.Request, status: int, started_s: float) -> None:
        key = request.get(CALLER)
        emit(
            RequestFinished(
                method=request.method,
                endpoint=find_endpoint(request),
                status=status,
                latency_s=clock.now_s() - started_s,
                failure=request.get(FAILURE),
                key_id=key.id if key else None,
                user=key.user if key else None,
                team=key.team if key else None,
            )
        )

    @web.middleware
    async def account(request: web.Request, handler: Handler) -> web.StreamResponse:
        if current_prefix() is None and request.path.startswith(UNACCOUNTED):
            return await handler(request)
        started_s = clock.now_s()
        try:
            response = await handler(request)
        except Exception:
            request[FAILURE] = "internal_error"
            change(request, 500, started_s)
            raise
        change(request, response.status, started_s)
        return response

    return account


def make_app(
    front: Front,
    admin: Admin,
    features: Iterable[Feature],
    *,
    systems: Iterable[str],
    clock: RuleClock,
    emit: Listener,
) -> web.Application:
    """Return the application; what it is made of is closed by whoever made that."""
    prefixes = tuple(systems)
    routes = [*front.list_routes(), *(route for feature in features for route in feature.list_routes())]
    app = web.Application(
        middlewares=[make_doorway(prefixes), make_accountant(clock, emit), shape_errors],
        client_max_size=MAX_BODY_BYTES,
    )
    app.add_routes(open_prefixes(routes, prefixes))
    app.add_routes(front.list_own_routes())
    app.add_routes(admin.list_routes())
    return app
