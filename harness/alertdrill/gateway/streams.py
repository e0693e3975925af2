"""Streamed answers between provider and client: what was taken of one, and how a client follows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, Self

from alertdrill.gateway.answers import Chunk, UpstreamFailed, Usage
from alertdrill.gateway.chat import ChatRequest

Pieces = asyncio.Queue[Chunk | Usage | UpstreamFailed]
"""A stream's chunks without their usage, and at its end the usage, or why it broke off."""
CHARS_PER_TOKEN = 4
"""What a token is taken for where nobody counts: https://platform.openai.com/tokenizer."""


class Chunks(Protocol):
    """The chunks of an answer that has begun; of the last one, the usage."""

    def __aiter__(self) -> Self:
        """Return itself."""

    async def __anext__(self) -> Chunk:
        """Return the next chunk; raises UpstreamFailed if the answer breaks off."""

    def close(self) -> None:
        """Give the call up, unless it is over."""

    def when_over(self, tell: Callable[[], None]) -> None:
        """Have it told when the provider has answered to the end, or the call was given up."""


class Stream:
    """The `Chunks` that a task puts into a queue."""

    def __init__(self, first: Chunk | Usage, pieces: Pieces, pump: asyncio.Task[Any]) -> None:
        self._next: Chunk | Usage | UpstreamFailed | None = first
        self._pieces = pieces
        self._pump = pump
        self._over = False

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    async def __anext__(self) -> Chunk:
        """Return the next chunk; raises UpstreamFailed if the answer breaks off."""
        if self._over:
            raise StopAsyncIteration
        piece, self._next = self._next, None
        if piece is None:
            piece = await self._pieces.get()
        if isinstance(piece, Chunk):
            return piece
        self._over = True
        if isinstance(piece, UpstreamFailed):
            raise piece
        return Chunk(usage=piece)

    def close(self) -> None:
        """Give the call up, unless it is over."""
        self._pump.cancel()

    def when_over(self, tell: Callable[[], None]) -> None:
        """Have it told when the provider has answered to the end, or the call was given up."""
        self._pump.add_done_callback(lambda _pump: tell())


class Taken:
    """What was taken of a streamed answer so far."""

    def __init__(self, chat: ChatRequest) -> None:
        self.usage = Usage()
        self._chat = chat
        self._chars = 0

    def take(self, chunk: Chunk) -> Chunk | None:
        """Return what of a chunk goes to the client at once: all but its usage, None if that is nothing."""
        self.usage = chunk.usage or self.usage
        if not (chunk.text or chunk.finish_reason or chunk.calls):
            return None
        self._chars += len(chunk.text) + sum(len(piece.arguments) for piece in chunk.calls)
        return replace(chunk, usage=None)

    def estimate(self) -> Usage:
        """Return what an answer that was given up has used: as its provider stated, or as its text tells.

        Providers charge for the prompt, and for what they made of the answer until then, and mostly state
        neither once they are left. Without any text nothing is known to have been made.
        """
        stated, prompt_chars = self.usage, sum(len(message.text) for message in self._chat.messages)
        if not self._chars:
            return stated
        return Usage(
            prompt_tokens=stated.prompt_tokens or _estimate(prompt_chars),
            completion_tokens=max(stated.completion_tokens, _estimate(self._chars)),
        )


def _estimate(chars: int) -> int:
    return -(-chars // CHARS_PER_TOKEN)
