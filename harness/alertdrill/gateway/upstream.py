"""One attempt at a provider, over HTTP: a whole answer, or a stream of chunks."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from alertdrill.core.error_classes import THE_CLIENTS_FAULT
from alertdrill.gateway.answers import Chunk, Completion, UpstreamFailed, Vectors, count_tokens
from alertdrill.gateway.chat import ChatRequest
from alertdrill.gateway.dialects import COUNTERS, DIALECTS, EMBEDDERS
from alertdrill.gateway.embeddings import EmbeddingRequest
from alertdrill.gateway.meter import Meter
from alertdrill.gateway.models import Model
from alertdrill.gateway.retrying import read_asked_s

MAX_CONNECTIONS = 2000
MAX_ANSWER_BYTES = 4 * 2**20
IDLE_WALL_S = 15.0
"""Wall seconds after which an idle connection is closed: sooner than servers do, lest a call meets that."""
END_WALL_S = 0.1
MAX_REASON_LENGTH = 300
MALFORMED = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)


class Upstream:
    """All providers, over one pool of connections; make it inside the event loop, close it at the end."""

    def __init__(
        self, providers: Mapping[str, str], api_key: str, timeout_wall_s: float, meter: Meter
    ) -> None:
        self._meter = meter
        self._urls = dict(providers)
        self._api_key = api_key
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=IDLE_WALL_S),
            # Not rounded up to whole seconds, which at a high speed are minutes.
            timeout=aiohttp.ClientTimeout(total=timeout_wall_s, ceil_threshold=math.inf),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def complete(self, model: Model, chat: ChatRequest) -> Completion:
        """Return a model's whole answer; raises UpstreamFailed."""
        dialect = DIALECTS[model.dialect]
        path = dialect.write_path(model.name, chat)
        async with self._post(model, path, dialect.write_body(model.name, chat)) as response:
            return dialect.read_completion(json.loads(await _read_bounded(response)))

    async def embed(self, model: Model, asked: EmbeddingRequest) -> Vectors:
        """Return a model's embeddings; raises UpstreamFailed."""
        dialect = EMBEDDERS[model.dialect]
        body = dialect.write_embeddings(model.name, asked)
        async with self._post(model, dialect.embeddings_path, body) as response:
            return dialect.read_embeddings(json.loads(await _read_bounded(response)))

    async def count_tokens(self, model: Model, chat: ChatRequest) -> int:
        """Return how many tokens a model takes a prompt for; raises UpstreamFailed."""
        dialect = COUNTERS[model.dialect]
        async with self._post(model, dialect.count_path, dialect.write_count(model.name, chat)) as response:
            return count_tokens(json.loads(await _read_bounded(response))["input_tokens"])

    async def stream(self, model: Model, chat: ChatRequest) -> AsyncIterator[Chunk]:
        """Yield a model's answer as it comes; raises UpstreamFailed, at any point."""
        dialect = DIALECTS[model.dialect]
        reader = dialect.start_stream()
        path = dialect.write_path(model.name, chat)
        async with self._post(model, path, dialect.write_body(model.name, chat)) as response:
            size = 0
            async for line in response.content:
                size += len(line)
                if size > MAX_ANSWER_BYTES:
                    raise UpstreamFailed("unknown", f"{model.id} answered with too much")
                if chunk := reader.read(line):
                    yield chunk
                if reader.done:
                    await _read_end(response)
                    return
        raise UpstreamFailed("network", f"{model.id} broke its answer off")

    @asynccontextmanager
    async def _post(
        self, model: Model, path: str, body: Mapping[str, Any]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Yield a good response; whatever goes wrong until it is read becomes an UpstreamFailed."""
        try:
            with self._meter.connection("provider"):
                async with self._session.post(
                    self._urls[model.provider] + path,
                    json=body,
                    headers=DIALECTS[model.dialect].write_headers(self._api_key),
                    allow_redirects=False,
                ) as response:
                    if response.status != 200:
                        await _raise_status(model, response)
                    yield response
        except TimeoutError as error:
            raise UpstreamFailed("timeout", f"{model.id} did not answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise UpstreamFailed("network", f"{model.provider} could not be reached") from error
        except MALFORMED as error:
            raise UpstreamFailed("unknown", f"{model.id} answered what cannot be understood") from error


async def _raise_status(model: Model, response: aiohttp.ClientResponse) -> None:
    body = await _read_bounded(response)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    error_class = DIALECTS[model.dialect].classify(response.status, document)
    message = f"{model.id} answered with status {response.status} ({error_class})"
    if error_class in THE_CLIENTS_FAULT:
        message += _quote_reason(document)
    raise UpstreamFailed(error_class, message, read_asked_s(response.headers, document, time.time()))


def _quote_reason(document: object) -> str:
    """Return what the provider says is wrong; only for faults of the client, who alone can mend them."""
    error = document.get("error") if isinstance(document, dict) else None
    reason = error.get("message") if isinstance(error, dict) else error
    return f": {reason[:MAX_REASON_LENGTH]}" if isinstance(reason, str) else ""


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise UpstreamFailed("unknown", "the provider answered with too much")
    return bytes(body)


async def _read_end(response: aiohttp.ClientResponse) -> None:
    """Wait briefly for the end of a body that is complete, without which its connection is not used again."""
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(END_WALL_S):
            while not response.content.at_eof():
                await response.content.readany()
