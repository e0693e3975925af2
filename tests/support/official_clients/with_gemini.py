"""What Google's client is asked to do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from google import genai
from google.genai import errors, types

from support.official_clients.trial import MODEL, TOO_LONG_S, Lacks, Stub

try:
    import aiohttp

    DISCONNECTED: tuple[type[Exception], ...] = (aiohttp.ClientConnectionError,)
except ImportError:  # the client uses it where it is there
    DISCONNECTED = ()
try:
    import httpx2
except ImportError:  # older clients have the other only
    httpx2 = httpx

ASKED = "Is it on fire?"
NETWORK = (httpx.TransportError, httpx2.TransportError, OSError, *DISCONNECTED)
ERRORS = {
    "rate_limit": (errors.ClientError,),
    "auth": (errors.ClientError,),
    "server_error": (errors.ServerError,),
    "context_overflow": (errors.ClientError,),
    "invalid_request": (errors.ClientError,),
    "network": NETWORK,
    "timeout": (*NETWORK, TimeoutError),
    "unknown": (ValueError, errors.APIError),
}
CODES = {"rate_limit": 429, "auth": 400, "server_error": 503, "context_overflow": 400, "invalid_request": 400}
LOOK = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="look",
            description="Look there.",
            parameters=types.Schema(
                type="OBJECT",
                properties={"place": types.Schema(type="STRING"), "floor": types.Schema(type="INTEGER")},
                required=["place", "floor"],
            ),
        )
    ]
)


def connect(stub: Stub, **options: object) -> genai.Client:
    """Return a client that asks once, of the version of the API that is its own.

    It has to be kept in a variable: one that nothing refers to is closed.
    """
    return genai.Client(api_key=stub.key, http_options={"base_url": stub.url, **options})


@asynccontextmanager
async def aio(stub: Stub, **options: object) -> AsyncIterator[Any]:
    """Yield an asynchronous client that asks once."""
    client = connect(stub, **options)
    try:
        yield client.aio
    finally:
        if hasattr(client.aio, "aclose"):
            await client.aio.aclose()


async def collect(client: Any, model: str) -> list[Any]:
    """Return the pieces of a streamed answer; older clients return the stream itself."""
    stream = client.models.generate_content_stream(model=model, contents=ASKED)
    return [piece async for piece in (stream if hasattr(stream, "__aiter__") else await stream)]


def try_content(stub: Stub) -> None:
    """A plain answer has text and usage."""
    client = connect(stub)
    answer = client.models.generate_content(model=MODEL, contents=ASKED)
    assert answer.text
    assert answer.candidates[0].finish_reason == "STOP"
    usage = answer.usage_metadata
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count


async def try_content_async(stub: Stub) -> None:
    """The asynchronous client gets the same."""
    async with aio(stub) as client:
        assert (await client.models.generate_content(model=MODEL, contents=ASKED)).text


def try_content_streamed(stub: Stub) -> None:
    """A stream comes in pieces, and ends with the reason why."""
    client = connect(stub)
    pieces = list(client.models.generate_content_stream(model=MODEL, contents=ASKED))
    assert all(piece.text for piece in pieces)
    assert pieces[-1].candidates[0].finish_reason == "STOP"


async def try_content_streamed_async(stub: Stub) -> None:
    """The asynchronous client streams too."""
    async with aio(stub) as client:
        assert len(await collect(client, MODEL)) > 1


def try_older_version(stub: Stub) -> None:
    """Both versions of the API are served."""
    for version in ("v1", "v1beta"):
        client = connect(stub, api_version=version)
        assert client.models.generate_content(model=MODEL, contents=ASKED).text


def try_options(stub: Stub) -> None:
    """A limit cuts the answer, and there are as many candidates as are asked for."""
    config = types.GenerateContentConfig(
        max_output_tokens=5, candidate_count=2, temperature=0.5, system_instruction="Be brief"
    )
    client = connect(stub)
    answer = client.models.generate_content(model=MODEL, contents=ASKED, config=config)
    assert [candidate.finish_reason for candidate in answer.candidates] == ["MAX_TOKENS"] * 2


def try_json(stub: Stub) -> None:
    """JSON is answered where it is asked for, as its schema says."""
    schema = {"type": "OBJECT", "properties": {"place": {"type": "STRING"}}, "required": ["place"]}
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=schema)
    client = connect(stub, api_version="v1beta")
    answer = client.models.generate_content(model=MODEL, contents=ASKED, config=config)
    assert set(json.loads(answer.text)) == {"place"}


def try_tools(stub: Stub) -> None:
    """A declared function is called."""
    config = types.GenerateContentConfig(tools=[LOOK])
    client = connect(stub, api_version="v1beta")
    answer = client.models.generate_content(model=MODEL, contents=ASKED, config=config)
    call = answer.candidates[0].content.parts[0].function_call
    assert (call.name, set(call.args)) == ("look", {"place", "floor"})


def try_count_tokens(stub: Stub) -> None:
    """Tokens are counted as an answer has them."""
    client = connect(stub)
    counted = client.models.count_tokens(model=MODEL, contents=ASKED).total_tokens
    usage = client.models.generate_content(model=MODEL, contents=ASKED).usage_metadata
    assert counted == usage.prompt_token_count


def try_embeddings(stub: Stub) -> None:
    """Each content has a vector, as long as is asked for."""
    config = types.EmbedContentConfig(output_dimensionality=8)
    client = connect(stub)
    answer = client.models.embed_content(model=MODEL, contents=["fire", "smoke"], config=config)
    assert [len(embedding.values) for embedding in answer.embeddings] == [8, 8]


def try_models(stub: Stub) -> None:
    """Models are listed and found; another is not."""
    client = connect(stub)
    client.models.generate_content(model=MODEL, contents=ASKED)
    assert client.models.get(model=MODEL).name == f"models/{MODEL}"
    try:
        listed = client.models.list(config={"query_base": True})
    except ValueError:  # older clients list tuned models only
        raise Lacks from None
    assert f"models/{MODEL}" in [model.name for model in listed]
    try:
        client.models.get(model="nobody")
    except errors.ClientError as met:
        assert (met.code, met.status) == (404, "NOT_FOUND")
        return
    raise AssertionError("it was found")


def try_unknown_route(stub: Stub) -> None:
    """A route that is not served is not found."""
    try:
        client = connect(stub, api_version="v0")
        client.models.generate_content(model=MODEL, contents=ASKED)
    except errors.ClientError as met:
        assert met.code == 404
        return
    raise AssertionError("it was found")


def fail(stub: Stub, model: str, way: str) -> object:
    """Ask a model that fails."""
    timeout_ms = round((TOO_LONG_S if "timeout" in model else 10) * 1000)
    if way.startswith("async"):
        return fail_async(stub, model, timeout_ms, way.endswith("streamed"))
    client = connect(stub, timeout=timeout_ms)
    if way == "plain":
        return client.models.generate_content(model=model, contents=ASKED).text
    return list(client.models.generate_content_stream(model=model, contents=ASKED))


async def fail_async(stub: Stub, model: str, timeout_ms: int, streams: bool) -> object:
    """Ask a model that fails, asynchronously."""
    async with aio(stub, timeout=timeout_ms) as client:
        if streams:
            return await collect(client, model)
        return (await client.models.generate_content(model=model, contents=ASKED)).text


def check_failure(error: str, met: BaseException) -> None:
    """Look at what the exception says besides its class."""
    if error in CODES:
        assert met.code == CODES[error]
