"""The routes of messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from alertdrill.gateway.bodies import read_json
from alertdrill.gateway.features import Core
from alertdrill.gateway.leaving import ends_with_client
from alertdrill.gateway.messages.replies import EventWriter, write_message, write_problem
from alertdrill.gateway.messages.requests import parse_count, parse_messages
from alertdrill.gateway.problems import FAILURE, Problem
from alertdrill.gateway.replies import name_answerer
from alertdrill.gateway.sending import send_stream


class Messages:
    """The feature."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/v1/messages", self._answer),
            web.post("/v1/messages/count_tokens", self._count),
        ]

    @ends_with_client
    async def _answer(self, request: web.Request) -> web.StreamResponse:
        return await _shape(request, self._ask)

    @ends_with_client
    async def _count(self, request: web.Request) -> web.StreamResponse:
        return await _shape(request, self._ask_count)

    async def _ask(self, request: web.Request) -> web.StreamResponse:
        key = self._core.admission.admit(request)
        chat = parse_messages(await read_json(request))
        chats = self._core.find_chats()
        if chat.stream:
            model, chunks = await chats.stream(chat, key)
            return await send_stream(request, model, chunks, EventWriter(model))
        model, completion = await chats.complete(chat, key)
        return web.json_response(write_message(model, completion), headers=name_answerer(model))

    async def _ask_count(self, request: web.Request) -> web.StreamResponse:
        key = self._core.admission.admit(request)
        chat = parse_count(await read_json(request))
        return web.json_response({"input_tokens": await self._core.calls.count_tokens(chat, key)})


async def _shape(
    request: web.Request, handle: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Give every refusal the shape of Anthropic's errors."""
    try:
        return await handle(request)
    except Problem as problem:
        request[FAILURE] = problem.code
        return web.json_response(write_problem(problem), status=problem.status, headers=problem.headers)
