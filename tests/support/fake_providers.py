"""Providers for tests: the real wire shapes, answered as a test says; independent of the code under test."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

PROVIDERS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "ollama": "ollama",
    "openrouter": "openai",
    "google": "gemini",
    "groq": "openai",
}
PATHS = {
    "openai": "/v1/chat/completions",
    "anthropic": "/v1/messages",
    "ollama": "/api/chat",
    "gemini": "/v1beta/models/{call}",
}
PROMPT_TOKENS = 1000
COMPLETION_TOKENS = 200
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

WHOLE = {
    "openai": {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello there"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
    },
    "anthropic": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "Hello "}, {"type": "text", "text": "there"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1000, "output_tokens": 200},
    },
    "gemini": {
        "candidates": [
            {
                "content": {
                    "role": "model",
                    "parts": [{"text": "Hm.", "thought": True}, {"text": "Hello "}, {"text": "there"}],
                },
                "finishReason": "STOP",
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 1000,
            "candidatesTokenCount": 150,
            "thoughtsTokenCount": 50,
            "totalTokenCount": 1200,
        },
        "modelVersion": "gemini-2.5-flash",
    },
    "ollama": {
        "model": "llama3.2",
        "message": {"role": "assistant", "content": "Hello there"},
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 1000,
        "eval_count": 200,
    },
}
STREAMED = {
    "openai": [
        'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n',
        'data: {"choices":[{"index":0,"delta":{"content":"Hello "},"finish_reason":null}]}\n\n',
        'data: {"choices":[{"index":0,"delta":{"content":"there"},"finish_reason":null}]}\n\n',
        'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
        'data: {"choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":200,"total_tokens":1200}}\n\n',
        "data: [DONE]\n\n",
    ],
    "anthropic": [
        'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","content":[],'
        '"usage":{"input_tokens":1000,"output_tokens":1}}}\n\n',
        'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
        '"content_block":{"type":"text","text":""}}\n\n',
        'event: ping\ndata: {"type":"ping"}\n\n',
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
        '"delta":{"type":"text_delta","text":"Hello "}}\n\n',
        'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
        '"delta":{"type":"text_delta","text":"there"}}\n\n',
        'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
        'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},'
        '"usage":{"output_tokens":200}}\n\n',
        'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    ],
    "gemini": [
        'data: {"candidates":[{"content":{"parts":[{"text":"Hello "}],"role":"model"},"index":0}],'
        '"usageMetadata":{"promptTokenCount":1000,"totalTokenCount":1000}}\r\n\r\n',
        'data: {"candidates":[{"content":{"parts":[{"text":"there"}],"role":"model"},"finishReason":"STOP",'
        '"index":0}],"usageMetadata":{"promptTokenCount":1000,"candidatesTokenCount":150,'
        '"thoughtsTokenCount":50,"totalTokenCount":1200}}\r\n\r\n',
    ],
    "ollama": [
        '{"message":{"role":"assistant","content":"Hello "},"done":false}\n',
        '{"message":{"role":"assistant","content":"there"},"done":false}\n',
        '{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop",'
        '"prompt_eval_count":1000,"eval_count":200}\n',
    ],
}
TEXT_LINES = {"openai": 2, "anthropic": 4, "gemini": 1, "ollama": 1}
"""How many of the streamed pieces it takes until the first text is out."""
FAILURES = {
    "openai": {
        "rate_limit": (429, {"error": {"type": "requests", "code": "rate_limit_exceeded", "message": "m"}}),
        "auth": (
            401,
            {"error": {"type": "invalid_request_error", "code": "invalid_api_key", "message": "m"}},
        ),
        "server_error": (500, {"error": {"type": "server_error", "code": None, "message": "m"}}),
        "context_overflow": (
            400,
            {
                "error": {
                    "type": "invalid_request_error",
                    "code": "context_length_exceeded",
                    "message": "too long",
                }
            },
        ),
        "invalid_request": (
            400,
            {"error": {"type": "invalid_request_error", "code": "invalid_value", "message": "bad stop"}},
        ),
        "unknown": (418, {"error": {"type": "odd", "message": "m"}}),
    },
    "anthropic": {
        "rate_limit": (429, {"type": "error", "error": {"type": "rate_limit_error", "message": "m"}}),
        "auth": (401, {"type": "error", "error": {"type": "authentication_error", "message": "m"}}),
        "server_error": (529, {"type": "error", "error": {"type": "overloaded_error", "message": "m"}}),
        "context_overflow": (
            400,
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "prompt is too long: 212480 tokens > 200000 maximum",
                },
            },
        ),
        "invalid_request": (
            400,
            {"type": "error", "error": {"type": "invalid_request_error", "message": "bad stop"}},
        ),
        "unknown": (418, {"type": "error", "error": {"type": "odd", "message": "m"}}),
    },
    "gemini": {
        "rate_limit": (429, {"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}),
        "auth": (
            400,
            {
                "error": {
                    "code": 400,
                    "message": "API key not valid. Please pass a valid API key.",
                    "status": "INVALID_ARGUMENT",
                }
            },
        ),
        "server_error": (503, {"error": {"code": 503, "message": "m", "status": "UNAVAILABLE"}}),
        "context_overflow": (
            400,
            {
                "error": {
                    "code": 400,
                    "message": "The input token count (1091639) exceeds the maximum number of tokens allowed "
                    "(1048576).",
                    "status": "INVALID_ARGUMENT",
                }
            },
        ),
        "invalid_request": (
            400,
            {"error": {"code": 400, "message": "bad stop", "status": "INVALID_ARGUMENT"}},
        ),
        "unknown": (418, {"error": {"code": 418, "message": "m", "status": "ODD"}}),
    },
    "ollama": {
        "rate_limit": (429, {"error": "too many requests"}),
        "auth": (401, {"error": "unauthorized"}),
        "server_error": (500, {"error": "llama runner process has terminated"}),
        "context_overflow": (400, {"error": "the request exceeds the available context size"}),
        "invalid_request": (400, {"error": "bad stop"}),
        "unknown": (418, {"error": "odd"}),
    },
}


@dataclass
class FakeProvider:
    """Answers with the next of `script`, else well; keeps what it was asked."""

    name: str
    dialect: str
    url: str = ""
    asked: list[dict] = field(default_factory=list)
    headers: list[dict] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    script: deque[Answer] = field(default_factory=deque)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        self.paths.append(request.path_qs)
        answer = self.script.popleft() if self.script else self.answer_well
        return await answer(request)

    async def answer_well(self, request: web.Request) -> web.StreamResponse:
        """Answer whole or streamed, as asked."""
        if self.asked[-1].get("stream") or "streamGenerateContent" in request.path:
            return await stream(request, STREAMED[self.dialect])
        return web.json_response(WHOLE[self.dialect])

    def fail(self, error_class: str, times: int = 1) -> None:
        """Fail the next requests with this class."""
        if error_class == "network":
            answer = break_off
        elif error_class == "timeout":
            answer = never_answer
        else:
            status, body = FAILURES[self.dialect][error_class]

            async def answer(_request: web.Request) -> web.StreamResponse:
                return web.json_response(body, status=status)

        self.script.extend([answer] * times)


async def stream(request: web.Request, pieces: list[str]) -> web.StreamResponse:
    """Send pieces one after another, and end well."""
    response = web.StreamResponse()
    await response.prepare(request)
    for piece in pieces:
        await response.write(piece.encode())
    return response


async def break_off(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer."""
    request.transport.close()
    return web.Response()


async def never_answer(_request: web.Request) -> web.StreamResponse:
    """Wait for longer than any timeout."""
    await asyncio.sleep(3600)
    raise AssertionError


def break_after(pieces: list[str]) -> Answer:
    """Return an answer that sends some pieces and then loses the connection."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece.encode())
        request.transport.close()
        return response

    return answer


def hold(gate: asyncio.Event, pieces: list[str] | None, rest: list[str] | dict) -> Answer:
    """Return an answer that sends `pieces`, waits for the gate and sends the rest."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if pieces is None:
            await gate.wait()
            return web.json_response(rest)
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece.encode())
        await gate.wait()
        for piece in rest:
            await response.write(piece.encode())
        return response

    return answer


def wait_to_be_left(left: asyncio.Event, pieces: list[str] | None = None) -> Answer:
    """Return an answer that sends `pieces`, if any, and says no more until its client has left."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        try:
            if pieces is not None:
                await response.prepare(request)
                await response.write("".join(pieces).encode())
            return await never_answer(request)
        except asyncio.CancelledError:
            left.set()
            raise

    return answer


@asynccontextmanager
async def serve_providers() -> AsyncIterator[dict[str, FakeProvider]]:
    """Yield a running provider for each in models.yml."""
    providers = {name: FakeProvider(name, dialect) for name, dialect in PROVIDERS.items()}
    servers = []
    try:
        for provider in providers.values():
            app = web.Application()
            app.router.add_post(PATHS[provider.dialect], provider.handle)
            server = TestServer(app)
            # What hangs on purpose must not hold up the end of a test.
            await server.start_server(shutdown_timeout=0.01)
            servers.append(server)
            provider.url = str(server.make_url("")).rstrip("/")
        yield providers
    finally:
        for server in servers:
            await server.close()


def read_events(text: str) -> list[object]:
    """Return the data of server-sent events; `[DONE]` as it stands."""
    data = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [entry if entry == "[DONE]" else json.loads(entry) for entry in data]
