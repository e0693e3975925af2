"""Chats that cannot succeed, by OpenAI's client, whoever provides them."""

from __future__ import annotations

from collections.abc import Callable

import openai

from support.official_clients.trial import TOO_LONG_S


def fail_chat(
    sync: Callable[[], openai.OpenAI],
    aio: Callable[[], openai.AsyncOpenAI],
    messages: list[dict[str, str]],
    model: str,
    way: str,
) -> object:
    """Ask a model that fails, in one of the ways of a trial."""
    asked = {"model": model, "messages": messages, "timeout": TOO_LONG_S if "timeout" in model else 10}
    if way.startswith("async"):
        return _fail_async(aio, asked, way.endswith("streamed"))
    with sync() as client:
        if way == "plain":
            return client.chat.completions.create(**asked).choices[0].message.content
        return list(client.chat.completions.create(**asked, stream=True))


async def _fail_async(
    aio: Callable[[], openai.AsyncOpenAI], asked: dict[str, object], streams: bool
) -> object:
    async with aio() as client:
        if not streams:
            return (await client.chat.completions.create(**asked)).choices[0].message.content
        return [chunk async for chunk in await client.chat.completions.create(**asked, stream=True)]
