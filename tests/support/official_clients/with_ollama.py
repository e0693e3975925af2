"""What Ollama's client is asked to do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import ollama

from support.official_clients.trial import MODEL, TOO_LONG_S, Stub

ASKED = [{"role": "user", "content": "Is it on fire?"}]
SCHEMA = {
    "type": "object",
    "properties": {"place": {"type": "string"}, "floor": {"type": "integer"}},
    "required": ["place", "floor"],
}
TOOLS = [{"type": "function", "function": {"name": "look", "description": "Look.", "parameters": SCHEMA}}]
ERRORS = {
    "rate_limit": (ollama.ResponseError,),
    "auth": (ollama.ResponseError,),
    "server_error": (ollama.ResponseError,),
    "context_overflow": (ollama.ResponseError,),
    "invalid_request": (ollama.ResponseError,),
    "network": (httpx.TransportError, ConnectionError),
    "timeout": (httpx.TimeoutException,),
    "unknown": (ValueError,),
}
STATUSES = {
    "rate_limit": 429,
    "auth": 401,
    "server_error": 500,
    "context_overflow": 400,
    "invalid_request": 400,
}


@contextmanager
def sync(stub: Stub, timeout_s: float = 10) -> Iterator[ollama.Client]:
    """Yield a client; older ones cannot be closed, but what they are made of can."""
    client = ollama.Client(stub.url, headers={"Authorization": f"Bearer {stub.key}"}, timeout=timeout_s)
    try:
        yield client
    finally:
        client._client.close()


@asynccontextmanager
async def aio(stub: Stub, timeout_s: float = 10) -> AsyncIterator[ollama.AsyncClient]:
    """Yield an asynchronous client."""
    client = ollama.AsyncClient(stub.url, headers={"Authorization": f"Bearer {stub.key}"}, timeout=timeout_s)
    try:
        yield client
    finally:
        await client._client.aclose()


def try_chat(stub: Stub) -> None:
    """A plain chat has text and counts."""
    with sync(stub) as client:
        answer = client.chat(MODEL, ASKED)
        assert answer["message"]["content"]
        assert answer["done"]
        assert answer["prompt_eval_count"] > 0
        assert answer["eval_count"] > 0


async def try_chat_async(stub: Stub) -> None:
    """The asynchronous client gets the same."""
    async with aio(stub) as client:
        assert (await client.chat(MODEL, ASKED))["message"]["content"]


def try_chat_streamed(stub: Stub) -> None:
    """A stream ends with the object that is done."""
    with sync(stub) as client:
        parts = list(client.chat(MODEL, ASKED, stream=True))
        assert "".join(part["message"]["content"] for part in parts)
        assert [part["done"] for part in parts] == [False] * (len(parts) - 1) + [True]


async def try_chat_streamed_async(stub: Stub) -> None:
    """The asynchronous client streams too."""
    async with aio(stub) as client:
        assert len([part async for part in await client.chat(MODEL, ASKED, stream=True)]) > 2


def try_tools(stub: Stub) -> None:
    """An offered tool is called, plain and streamed, and answered about once its result is there."""
    with sync(stub) as client:
        (call,) = client.chat(MODEL, ASKED, tools=TOOLS)["message"]["tool_calls"]
        assert (call["function"]["name"], set(call["function"]["arguments"])) == ("look", {"place", "floor"})
        parts = list(client.chat(MODEL, ASKED, tools=TOOLS, stream=True))
        assert parts[0]["message"]["tool_calls"]
        talk = [*ASKED, {"role": "assistant", "content": ""}, {"role": "tool", "content": "yes"}]
        assert client.chat(MODEL, talk, tools=TOOLS)["message"]["content"]


def try_json(stub: Stub) -> None:
    """JSON is answered where it is asked for."""
    with sync(stub) as client:
        assert json.loads(client.chat(MODEL, ASKED, format="json")["message"]["content"])


def try_generate(stub: Stub) -> None:
    """A prompt is gone on with, plain and streamed."""
    with sync(stub) as client:
        answer = client.generate(MODEL, "Is it on fire?", options={"num_predict": 5})
        assert answer["response"]
        assert (answer["done_reason"], answer["eval_count"]) == ("length", 5)
        assert len(list(client.generate(MODEL, "Is it?", stream=True))) > 2


async def try_generate_async(stub: Stub) -> None:
    """The asynchronous client gets the same."""
    async with aio(stub) as client:
        assert (await client.generate(MODEL, "Is it?"))["response"]


def try_embed(stub: Stub) -> None:
    """Each text has a vector, by both routes."""
    with sync(stub) as client:
        assert len(client.embed(MODEL, ["fire", "smoke"])["embeddings"]) == 2
        assert client.embeddings(MODEL, "fire")["embedding"]


async def try_embed_async(stub: Stub) -> None:
    """The asynchronous client gets them too."""
    async with aio(stub) as client:
        assert (await client.embed(MODEL, "fire"))["embeddings"]


def try_models(stub: Stub) -> None:
    """Models are listed and shown; another is not."""
    with sync(stub) as client:
        client.chat(MODEL, ASKED)
        assert MODEL in [model["model"] for model in client.list()["models"]]
        assert client.show(MODEL)["details"]["format"] == "gguf"
        try:
            client.show("nobody")
        except ollama.ResponseError as met:
            assert met.status_code == 404
            return
        raise AssertionError("it was found")


def try_unknown_route(stub: Stub) -> None:
    """A route that is not served is not found."""
    with sync(stub) as client:
        try:
            client.ps()
        except ollama.ResponseError as met:
            assert (met.status_code, met.error) == (404, "404 page not found")
            return
        raise AssertionError("it was found")


def fail(stub: Stub, model: str, way: str) -> object:
    """Ask a model that fails."""
    timeout_s = TOO_LONG_S if "timeout" in model else 10
    if way.startswith("async"):
        return fail_async(stub, model, timeout_s, way.endswith("streamed"))
    with sync(stub, timeout_s) as client:
        if way == "plain":
            return client.chat(model, ASKED)
        return list(client.chat(model, ASKED, stream=True))


async def fail_async(stub: Stub, model: str, timeout_s: float, streams: bool) -> object:
    """Ask a model that fails, asynchronously."""
    async with aio(stub, timeout_s) as client:
        if not streams:
            return await client.chat(model, ASKED)
        return [part async for part in await client.chat(model, ASKED, stream=True)]


def check_failure(error: str, met: BaseException) -> None:
    """Look at what the exception says besides its class."""
    if error in STATUSES:
        assert met.status_code == STATUSES[error]
