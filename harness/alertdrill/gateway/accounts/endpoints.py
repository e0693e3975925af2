"""The two other ways to ask for text: legacy completions, and responses, which may run in the background.

Formats: https://platform.openai.com/docs/api-reference/completions/create and /responses/create, as far as a
prompt and its answer go. Both insist on their model: no fallback is tried. A response in the background is
answered at once and fetched later; it waits for its turn in the same queue as all other calls.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from alertdrill.gateway.accounts.chats import AccountedChats
from alertdrill.gateway.answers import Completion
from alertdrill.gateway.bodies import read_json
from alertdrill.gateway.chat import ChatRequest, Message, parse_chat, refuse_unsupported
from alertdrill.gateway.features import Core
from alertdrill.gateway.keys import Key
from alertdrill.gateway.models import Model
from alertdrill.gateway.problems import Problem, refuse_parameter
from alertdrill.gateway.replies import name_answerer

MAX_KEPT = 500
"""Responses in the background that are remembered; the oldest that are over are forgotten first."""
UNSUPPORTED = (
    *(
        "best_of",
        "echo",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "n",
        "presence_penalty",
        "seed",
        "suffix",
    ),
    *(
        "conversation",
        "instructions",
        "previous_response_id",
        "reasoning",
        "text",
        "tool_choice",
        "tools",
    ),
)
"""Fields of both ways that would change the answer, and that nobody gets."""
Status = Literal["queued", "completed", "failed"]


@dataclass(slots=True, kw_only=True)
class _Background:
    id: str
    owner: str | None
    status: Status = "queued"
    answer: dict[str, Any] = field(default_factory=dict)


class Endpoints:
    """The routes, and the responses that run in the background."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._kept: dict[str, _Background] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def list_routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/v1/completions", self._complete),
            web.post("/v1/responses", self._respond),
            web.get("/v1/responses/{id}", self._show),
        ]

    async def close(self) -> None:
        """Give up what runs in the background."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        key = self._core.admission.admit(request)
        chat = _read_prompt(await read_json(request), "prompt", "max_tokens")
        model, completion = await self._core.find_chats().complete(chat, key)
        return web.json_response(_write_completion(model, completion), headers=name_answerer(model))

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        key = self._core.admission.admit(request)
        document = await read_json(request)
        chat = _read_prompt(document, "input", "max_output_tokens")
        background = document.get("background")
        if background is not None and not isinstance(background, bool):
            raise refuse_parameter("background", "must be true or false")
        if background:
            return self._start(chat, key)
        model, completion = await self._core.find_chats().complete(chat, key)
        return web.json_response(_write_response(model, completion), headers=name_answerer(model))

    async def _show(self, request: web.Request) -> web.StreamResponse:
        key = self._core.admission.admit(request)
        kept = self._kept.get(request.match_info["id"])
        if kept is None or kept.owner != (key.id if key else None):
            raise Problem(404, "there is no such response", code="response_not_found")
        return web.json_response(_write_kept(kept))

    def _start(self, chat: ChatRequest, key: Key | None) -> web.Response:
        chats = self._core.find_chats()
        if isinstance(chats, AccountedChats):
            chats.admit(key)
        if len(self._kept) >= MAX_KEPT and not self._forget():
            message = f"{MAX_KEPT} responses are in the background already"
            raise Problem(503, message, type_="overloaded", code="queue_full")
        kept = _Background(id=f"resp_{secrets.token_hex(12)}", owner=key.id if key else None)
        self._kept[kept.id] = kept
        # The task copies the request's context, so it is under the same prefix.
        task = asyncio.create_task(self._run(kept, chat, key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return web.json_response(_write_kept(kept))

    async def _run(self, kept: _Background, chat: ChatRequest, key: Key | None) -> None:
        chats = self._core.find_chats()
        try:
            if isinstance(chats, AccountedChats):
                model, completion = await chats.answer(chat, key)
            else:
                model, completion = await chats.complete(chat, key)
        except Problem as problem:
            kept.status, kept.answer = "failed", problem.document
        else:
            kept.status, kept.answer = "completed", _write_response(model, completion)

    def _forget(self) -> bool:
        """Forget the oldest response that is over; return whether there was one."""
        oldest = next((kept.id for kept in self._kept.values() if kept.status != "queued"), None)
        if oldest is None:
            return False
        del self._kept[oldest]
        return True


def _read_prompt(document: object, prompt: str, max_tokens: str) -> ChatRequest:
    """Return the request in a document whose text is in the field `prompt`; raises Problem (400)."""
    if not isinstance(document, dict):
        raise Problem(400, "the body must be a JSON object")
    if document.get("stream"):
        raise refuse_parameter("stream", "is not supported here; chat completions are streamed")
    refuse_unsupported(
        document, UNSUPPORTED, "is not supported here; chat completions have it, or nothing has"
    )
    text = document.get(prompt)
    if not isinstance(text, str) or not text:
        raise refuse_parameter(prompt, "must be a string that is not empty")
    fields = {name: document.get(name) for name in ("model", "temperature", "top_p", "stop")}
    chat = parse_chat(
        {
            **fields,
            "max_tokens": document.get(max_tokens),
            "messages": [{"role": "user", "content": text}],
        }
    )
    return ChatRequest(
        model=chat.model,
        messages=(Message(role="user", text=text),),
        max_tokens=chat.max_tokens,
        temperature=chat.temperature,
        top_p=chat.top_p,
        stop=chat.stop,
        allow_fallbacks=False,
    )


def _write_completion(model: Model, completion: Completion) -> dict[str, Any]:
    usage = completion.usage
    return {
        "id": f"cmpl-{secrets.token_hex(12)}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": model.name,
        "provider": model.provider,
        "choices": [{"index": 0, "text": completion.text, "finish_reason": completion.finish_reason}],
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        },
    }


def _write_response(model: Model, completion: Completion) -> dict[str, Any]:
    usage = completion.usage
    text = {"type": "output_text", "text": completion.text, "annotations": []}
    return {
        "id": f"resp_{secrets.token_hex(12)}",
        "object": "response",
        "status": "completed",
        "created_at": int(time.time()),
        "model": model.name,
        "provider": model.provider,
        "output": [{"type": "message", "role": "assistant", "content": [text]}],
        "usage": {
            "input_tokens": usage.prompt_tokens,
            "output_tokens": usage.completion_tokens,
            "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        },
    }


def _write_kept(kept: _Background) -> dict[str, Any]:
    return {"object": "response", "background": True, **kept.answer, "id": kept.id, "status": kept.status}
