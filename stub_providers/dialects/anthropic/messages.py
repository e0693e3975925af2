"""Anthropic's messages, whole and streamed, and how many tokens they would take."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from stub_providers.dialects.anthropic.errors import refuse
from stub_providers.dialects.anthropic.validation import (
    check_options,
    check_prompt,
    check_version,
    count_prompt,
    read_json_text,
    read_limit,
    read_tool,
)
from stub_providers.dialects.dialect import EVENTS_TYPE, Answer, ChatRequest, Incoming
from stub_providers.dialects.events import write_event, write_named
from stub_providers.strikes import ErrorClass


class Messages:
    """Messages, streamed as named server-sent events."""

    path = "/v1/messages"
    stream_type = EVENTS_TYPE

    def read(self, incoming: Incoming) -> ChatRequest:
        """Validate a messages request; raises Refused."""
        version = check_version(incoming.headers)
        body = incoming.body
        model = check_prompt(body, ("max_tokens", "messages"))
        limit = read_limit(body, model)
        check_options(body, model, version)
        stream = body.get("stream") or False
        if not isinstance(stream, bool):
            raise refuse("stream: Input should be a valid boolean", model)
        return ChatRequest(
            model=model,
            prompt_tokens=count_prompt(body),
            max_tokens=limit,
            stream=stream,
            json_text=read_json_text(body, model),
            tool=read_tool(body, model),
        )

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return a `message` object."""
        block = _open_block(answer)
        if answer.request.tool is None:
            block["text"] = answer.text
        elif not answer.truncated:
            block["input"] = json.loads(answer.text)
        return _message(answer) | {
            "content": [block],
            "stop_reason": _stop_reason(answer),
            "usage": {"input_tokens": answer.prompt_tokens, "output_tokens": answer.completion_tokens},
        }

    def streamed(self, answer: Answer) -> tuple[bytes, ...]:
        """Return the events from `message_start` (with the first piece) to `message_stop`."""
        opening = (
            write_named("message_start", message=_message(answer))
            + write_named("content_block_start", index=0, content_block=_open_block(answer))
            + write_named("ping")
        )
        kind, field = (
            ("text_delta", "text") if answer.request.tool is None else ("input_json_delta", "partial_json")
        )
        frames = [
            write_named("content_block_delta", index=0, delta={"type": kind, field: piece})
            for piece in answer.pieces
        ]
        frames[0] = opening + frames[0]
        frames[-1] += (
            write_named("content_block_stop", index=0)
            + write_named(
                "message_delta",
                delta={"stop_reason": _stop_reason(answer), "stop_sequence": None},
                usage={"output_tokens": answer.completion_tokens},
            )
            + write_named("message_stop")
        )
        return tuple(frames)

    def broken_event(self, text: str) -> bytes:
        """Return a `message_start` event with this data."""
        return b"event: message_start\n" + write_event(text.encode())

    def broken_off(self, _answer: Answer, _error: ErrorClass) -> tuple[bytes, ...]:
        """Return nothing: errors come before the stream."""
        return ()


def count_tokens(incoming: Incoming, _models: Sequence[str]) -> dict[str, Any]:
    """Return how many tokens a request's prompt has; raises Refused."""
    version = check_version(incoming.headers)
    body = incoming.body
    model = check_prompt(body, ("messages",))
    check_options(body, model, version)
    read_tool(body, model)
    return {"input_tokens": count_prompt(body)}


def _message(answer: Answer) -> dict[str, Any]:
    return {
        "id": f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "model": answer.request.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": answer.prompt_tokens, "output_tokens": min(1, answer.completion_tokens)},
    }


def _open_block(answer: Answer) -> dict[str, Any]:
    tool = answer.request.tool
    if tool is None:
        return {"type": "text", "text": ""}
    return {"type": "tool_use", "id": f"toolu_{answer.id[:24]}", "name": tool.name, "input": {}}


def _stop_reason(answer: Answer) -> str:
    if answer.truncated:
        return "max_tokens"
    return "end_turn" if answer.request.tool is None else "tool_use"
