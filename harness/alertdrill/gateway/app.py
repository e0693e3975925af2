"""The gateway's HTTP face: its routes, and how errors look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from alertdrill.gateway.admin import Admin
from alertdrill.gateway.admission import CALLER, Admission
from alertdrill.gateway.bodies import MAX_BODY_BYTES, read_json
from alertdrill.gateway.calls import Chats
from alertdrill.gateway.chat import parse_chat
from alertdrill.gateway.embeddings import parse_embeddings
from alertdrill.gateway.events import Listener, RequestFinished
from alertdrill.gateway.features import Feature
from alertdrill.gateway.leaving import Outliving, ends_with_client
from alertdrill.gateway.models import Catalogue
from alertdrill.gateway.prefixes import (
    current_prefix,
    find_endpoint,
    make_doorway,
    open_prefixes,
)
from alertdrill.gateway.problems import CLIENT_LEFT, FAILURE, Problem, refuse_model
from alertdrill.gateway.readiness import Readiness
from alertdrill.gateway.replies import (
    StreamWriter,
    name_answerer,
    write_completion,
    write_embeddings,
    write_model,
    write_model_page,
    write_models,
)
from alertdrill.gateway.sending import send_stream
from alertdrill.gateway.timing import RuleClock

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/"""
UNACCOUNTED = ("/metrics", "/healthz", "/readyz", "/admin", "/analytics")
"""What operators and Prometheus ask for; no client's request."""
EMIT: web.AppKey[Listener] = web.AppKey("emit")
"""Whom an application tells what its server did."""
READINESS = web.AppKey("readiness", Readiness)
LEFT = 499
"""The status of a request whose client left before its answer's end, as nginx has it."""


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
            web.post("/v1/embeddings", self._embeddings),
            web.get("/v1/models", self._models),
            web.get("/v1/models/{model}", self._model),
        ]

    def list_own_routes(self) -> list[web.RouteDef]:
        """Return the routes of Prometheus and of whoever waits for the gateway."""
        return [
            web.get("/metrics", self._metrics),
            web.get("/metrics/{system}", self._metrics_of),
            web.get("/healthz", self._health),
        ]

    @ends_with_client
    async def _chat(self, request: web.Request) -> web.StreamResponse:
        key = self._admission.admit(request)
        chat = parse_chat(await read_json(request))
        if chat.stream:
            model, chunks = await self._find_chats().stream(chat, key)
            writer = StreamWriter(model, include_usage=chat.include_usage)
            return await send_stream(request, model, chunks, writer)
        model, completion = await self._find_chats().complete(chat, key)
        return web.json_response(write_completion(model, completion), headers=name_answerer(model))

    @ends_with_client
    async def _embeddings(self, request: web.Request) -> web.StreamResponse:
        key = self._admission.admit(request)
        model, vectors = await self._find_chats().embed(parse_embeddings(await read_json(request)), key)
        return web.json_response(write_embeddings(model, vectors), headers=name_answerer(model))

    async def _models(self, request: web.Request) -> web.StreamResponse:
        self._admission.admit(request)
        models = self._catalogue.list_all()
        asks_as_anthropic = "anthropic-version" in request.headers
        return web.json_response(write_model_page(models) if asks_as_anthropic else write_models(models))

    async def _model(self, request: web.Request) -> web.StreamResponse:
        self._admission.admit(request)
        name = request.match_info["model"]
        model = self._catalogue.find(name) or self._catalogue.find_embedder(name)
        if model is None:
            raise refuse_model(name)
        return web.json_response(write_model(model))

    async def _metrics(self, _request: web.Request) -> web.StreamResponse:
        body = b"".join(expose() for expose in self._expositions.values())
        return web.Response(body=body, headers={"Content-Type": METRICS_TYPE})

    async def _metrics_of(self, request: web.Request) -> web.StreamResponse:
        expose = self._expositions.get(request.match_info["system"])
        if expose is None:
            raise Problem(404, f"there are metrics of: {', '.join(self._expositions)}", code="unknown_system")
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
        key, failure = request.get(CALLER), request.get(FAILURE)
        emit(
            RequestFinished(
                method=request.method,
                endpoint=find_endpoint(request),
                status=LEFT if failure == CLIENT_LEFT else status,
                latency_s=clock.now_s() - started_s,
                failure=failure,
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
        except asyncio.CancelledError:
            request[FAILURE] = CLIENT_LEFT
            change(request, LEFT, started_s)
            raise
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
    outliving = Outliving()
    routes = [*front.list_routes(), *(route for feature in features for route in feature.list_routes())]
    app = web.Application(
        middlewares=[
            outliving.middleware,
            make_doorway(prefixes),
            make_accountant(clock, emit),
            shape_errors,
        ],
        client_max_size=MAX_BODY_BYTES,
    )
    app[EMIT], app[READINESS] = emit, Readiness()
    app.add_routes([web.get("/readyz", app[READINESS].answer)])
    app.on_cleanup.append(lambda _app: outliving.close())
    app.add_routes(open_prefixes(routes, prefixes))
    app.add_routes(front.list_own_routes())
    app.add_routes(admin.list_routes())
    return app
