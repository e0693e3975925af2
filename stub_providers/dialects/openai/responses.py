"""OpenAI's responses: the newer of its two routes for completions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stub_providers.dialects.dialect import EVENTS_TYPE, Answer, ChatRequest, Incoming
from stub_providers.dialects.events import write_event, write_named
from stub_providers.dialects.openai.errors import refuse
from stub_providers.dialects.openai.validation import (
    check_ranges,
    choose_tool,
    read_flag,
    read_format,
    read_limit,
    read_tools,
)
from stub_providers.dialects.texts import content_texts, estimate_tokens, is_model
from stub_providers.strikes import ErrorClass

MIN_OUTPUT_TOKENS = 16
NO_LOGPROBS: Mapping[str, Any] = {"logprobs": []}
ECHOED: Mapping[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""What a response says of its request, and what that is when it is left out."""


class Responses:
    """Responses, streamed as named events that are numbered."""

    path = "/v1/responses"
    stream_type = EVENTS_TYPE

    def read(self, incoming: Incoming) -> ChatRequest:
        """Validate a request for a response; raises Refused."""
        body = incoming.body
        model = body.get("model")
        if not is_model(model):
            raise refuse(
                "Missing required parameter: 'model'.", param="model", code="missing_required_parameter"
            )
        given = body.get("input")
        if given is None or given == []:
            raise refuse(
                "Missing required parameter: 'input'.",
                model,
                param="input",
                code="missing_required_parameter",
            )
        if not isinstance(given, str) and not _are_items(given):
            raise refuse("Invalid type for 'input'.", model, param="input", code="invalid_type")
        check_ranges(body, model, refuse)
        limit = read_limit(body, ("max_output_tokens",), model, refuse)
        if limit is not None and limit < MIN_OUTPUT_TOKENS:
            raise refuse(
                f"Invalid 'max_output_tokens': expected a value >= {MIN_OUTPUT_TOKENS}.",
                model,
                param="max_output_tokens",
                code="integer_below_min_value",
            )
        if body.get("top_logprobs") is not None:
            raise refuse(
                "You are not allowed to request logprobs from this model.",
                model,
                param="top_logprobs",
                status=403,
            )
        text = body.get("text") or {}
        if not isinstance(text, dict):
            raise refuse("Invalid type for 'text'.", model, param="text", code="invalid_type")
        texts = tuple(_list_texts(body))
        offered = read_tools(body, model, refuse, nested=False)
        has_result = isinstance(given, list) and given[-1].get("type") == "function_call_output"
        return ChatRequest(
            model=model,
            prompt_tokens=estimate_tokens(texts),
            max_tokens=limit,
            stream=read_flag(body, "stream", model, refuse),
            json_text=read_format(text.get("format"), "text.format", texts, model, refuse, nested=False),
            tool=choose_tool(body, offered, model, refuse, has_result=has_result),
            echo={name: body.get(name) or default for name, default in ECHOED.items()},
        )

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return a `response` object."""
        return _response(answer, ends=True)

    def streamed(self, answer: Answer) -> tuple[bytes, ...]:
        """Return the events from `response.created` to `response.completed`."""
        events = _Events()
        item, item_id = _item(answer, ends=False), _item(answer, ends=True)["id"]
        of_item = {"item_id": item_id, "output_index": 0}
        head = events.write("response.created", response=_response(answer, ends=False))
        head += events.write("response.in_progress", response=_response(answer, ends=False))
        head += events.write("response.output_item.added", output_index=0, item=item)
        if answer.request.tool is None:
            of_item |= {"content_index": 0}
            head += events.write("response.content_part.added", **of_item, part=_part(""))
            kind, extra = "response.output_text.delta", NO_LOGPROBS
        else:
            kind, extra = "response.function_call_arguments.delta", {}
        frames = []
        for piece in answer.pieces:
            frames.append(head + events.write(kind, **of_item, delta=piece, **extra))
            head = b""
        if answer.request.tool is None:
            frames[-1] += events.write(
                "response.output_text.done", **of_item, text=answer.text, logprobs=[]
            ) + events.write("response.content_part.done", **of_item, part=_part(answer.text))
        else:
            frames[-1] += events.write(
                "response.function_call_arguments.done",
                **of_item,
                name=answer.request.tool.name,
                arguments=answer.text,
            )
        frames[-1] += events.write(
            "response.output_item.done", output_index=0, item=_item(answer, ends=True)
        ) + events.write(f"response.{_status(answer)}", response=_response(answer, ends=True))
        return tuple(frames)

    def broken_event(self, text: str) -> bytes:
        """Return a `response.created` event with this data."""
        return b"event: response.created\n" + write_event(text.encode())

    def broken_off(self, _answer: Answer, _error: ErrorClass) -> tuple[bytes, ...]:
        """Return nothing: errors come before the stream."""
        return ()


class _Events:
    """Numbers the events of one stream."""

    def __init__(self) -> None:
        self._number = -1

    def write(self, kind: str, **data: object) -> bytes:
        self._number += 1
        return write_named(kind, sequence_number=self._number, **data)


def _are_items(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict)
        and (isinstance(item.get("type"), str) or isinstance(item.get("role"), str))
        and isinstance(item.get("content"), str | list | None)
        for item in value
    )


def _list_texts(body: Mapping[str, Any]) -> Iterable[str]:
    yield from content_texts(body.get("instructions"))
    if isinstance(body["input"], str):
        yield body["input"]
        return
    for item in body["input"]:
        yield from content_texts(item.get("content"))
        yield from content_texts(item.get("output"))


def _status(answer: Answer) -> str:
    return "incomplete" if answer.truncated else "completed"


def _response(answer: Answer, *, ends: bool) -> dict[str, Any]:
    cut = ends and answer.truncated
    return {
        "id": f"resp_{answer.id}",
        "object": "response",
        "created_at": int(answer.created_s),
        "status": _status(answer) if ends else "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "model": answer.request.model,
        "output": [_item(answer, ends=True)] if ends else [],
        "service_tier": "default",
        "usage": _usage(answer) if ends else None,
        **answer.request.echo,
    }


def _item(answer: Answer, *, ends: bool) -> dict[str, Any]:
    status = _status(answer) if ends else "in_progress"
    tool = answer.request.tool
    if tool is not None:
        return {
            "type": "function_call",
            "id": f"fc_{answer.id}",
            "call_id": f"call_{answer.id[:24]}",
            "name": tool.name,
            "arguments": answer.text if ends else "",
            "status": status,
        }
    return {
        "type": "message",
        "id": f"msg_{answer.id}",
        "role": "assistant",
        "status": status,
        "content": [_part(answer.text)] if ends else [],
    }


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(answer: Answer) -> dict[str, Any]:
    return {
        "input_tokens": answer.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": answer.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
    }
