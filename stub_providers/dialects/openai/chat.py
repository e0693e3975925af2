"""OpenAI's chat completions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stub_providers.dialects.dialect import EVENTS_TYPE, Answer, ChatRequest, Incoming
from stub_providers.dialects.events import write_event
from stub_providers.dialects.openai.errors import Refuse, refuse
from stub_providers.dialects.openai.validation import (
    check_ranges,
    choose_tool,
    read_flag,
    read_format,
    read_limit,
    read_tools,
)
from stub_providers.dialects.texts import (
    are_messages,
    encode,
    estimate_tokens,
    is_count,
    is_model,
    message_texts,
)
from stub_providers.strikes import ErrorClass

MAX_CHOICES = 128
ROLES = frozenset(("system", "developer", "user", "assistant", "tool", "function"))


class ChatCompletions:
    """Chat completions, streamed as server-sent events with `[DONE]` at the end.

    Others that serve OpenAI's format have another path, refuse in their own way, and may add to an answer.
    """

    stream_type = EVENTS_TYPE

    def __init__(self, path: str = "/v1/chat/completions", refuse: Refuse = refuse) -> None:
        self.path = path
        self._refuse = refuse

    def read(self, incoming: Incoming) -> ChatRequest:
        """Validate a chat request; raises Refused."""
        body = incoming.body
        model = body.get("model")
        if not is_model(model):
            raise self._refuse("you must provide a model parameter")
        messages = self._read_messages(body, model)
        check_ranges(body, model, self._refuse)
        limit = read_limit(body, ("max_completion_tokens", "max_tokens"), model, self._refuse)
        choices = 1 if body.get("n") is None else body["n"]
        if not is_count(choices, 1, MAX_CHOICES):
            raise self._refuse(
                f"Invalid 'n': expected an integer from 1 to {MAX_CHOICES}.",
                model,
                param="n",
                code="invalid_value",
            )
        self._refuse_logprobs(body, model)
        stream, include_usage = self._read_stream(body, model)
        offered = read_tools(body, model, self._refuse, nested=True)
        texts = tuple(message_texts(messages))
        return ChatRequest(
            model=model,
            prompt_tokens=estimate_tokens(texts),
            max_tokens=limit,
            stream=stream,
            include_usage=include_usage,
            choices=choices,
            json_text=read_format(
                body.get("response_format"), "response_format", texts, model, self._refuse, nested=True
            ),
            tool=choose_tool(
                body, offered, model, self._refuse, has_result=messages[-1]["role"] in ("tool", "function")
            ),
        )

    def _read_messages(self, body: Mapping[str, Any], model: str) -> list[dict[str, Any]]:
        messages = body.get("messages")
        if messages is None:
            message, code = "Missing required parameter: 'messages'.", "missing_required_parameter"
        elif messages == []:
            message = "Invalid 'messages': empty array. Expected an array with minimum length 1."
            code = "empty_array"
        elif not are_messages(messages):
            message, code = "Invalid type for 'messages'.", "invalid_type"
        elif any(one["role"] not in ROLES for one in messages):
            message = f"Invalid value for 'messages': supported roles are {', '.join(sorted(ROLES))}."
            code = "invalid_value"
        else:
            return list(messages)
        raise self._refuse(message, model, param="messages", code=code)

    def _refuse_logprobs(self, body: Mapping[str, Any], model: str) -> None:
        """Refuse log probabilities as OpenAI's reasoning models do."""
        if read_flag(body, "logprobs", model, self._refuse):
            raise self._refuse("You are not allowed to request logprobs from this model.", model, status=403)
        if body.get("top_logprobs") is not None:
            raise self._refuse(
                "The 'logprobs' parameter is required when 'top_logprobs' is specified.",
                model,
                param="top_logprobs",
            )

    def _read_stream(self, body: Mapping[str, Any], model: str) -> tuple[bool, bool]:
        stream = read_flag(body, "stream", model, self._refuse)
        options = body.get("stream_options")
        if options is None:
            return stream, False
        if not stream:
            raise self._refuse(
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
                model,
                param="stream_options",
            )
        if not isinstance(options, dict) or not isinstance(options.get("include_usage", False), bool):
            raise self._refuse("Invalid type for 'stream_options'.", model, param="stream_options")
        return stream, options.get("include_usage", False)

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return a `chat.completion` object."""
        message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None}
        if answer.request.tool is not None:
            call = {"id": write_call_id(answer), "type": "function"}
            function = {"name": answer.request.tool.name, "arguments": answer.text}
            message |= {"content": None, "tool_calls": [call | {"function": function}]}
        choices = [
            {"index": index, "message": message, "logprobs": None, "finish_reason": self.say_end(answer)}
            for index in range(answer.request.choices)
        ]
        return self.write_head(answer, "chat.completion") | {
            "choices": choices,
            "usage": self.write_usage(answer),
        }

    def streamed(self, answer: Answer) -> tuple[bytes, ...]:
        """Return `chat.completion.chunk` events; the first piece brings the role, the last `[DONE]`."""
        head = self.write_head(answer, "chat.completion.chunk")
        if answer.request.include_usage:
            head["usage"] = None
        frames = self.write_pieces(answer, head)
        frames[-1] += self._chunk(answer, head, {}, self.say_end(answer))
        if answer.request.include_usage:
            frames[-1] += write_event(encode(head | {"choices": [], "usage": self.write_usage(answer)}))
        frames[-1] += write_event(b"[DONE]")
        return tuple(frames)

    def write_pieces(self, answer: Answer, head: Mapping[str, Any]) -> list[bytes]:
        """Return the chunks of each piece, one for each choice; the first bring the role too."""
        tool = answer.request.tool
        if tool is None:
            opening: dict[str, Any] = {"role": "assistant", "content": ""}
            deltas: list[dict[str, Any]] = [{"content": piece} for piece in answer.pieces]
        else:
            call = {"index": 0, "id": write_call_id(answer), "type": "function"}
            function = {"name": tool.name, "arguments": ""}
            opening = {"role": "assistant", "content": None, "tool_calls": [call | {"function": function}]}
            deltas = [
                {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in answer.pieces
            ]
        frames = [self._chunk(answer, head, delta) for delta in deltas]
        frames[0] = self._chunk(answer, head, opening) + frames[0]
        return frames

    def _chunk(
        self, answer: Answer, head: Mapping[str, Any], delta: Mapping[str, Any], ends: str | None = None
    ) -> bytes:
        return b"".join(
            write_event(
                encode(
                    {
                        **head,
                        "choices": [
                            {"index": index, "delta": delta, "logprobs": None, "finish_reason": ends}
                        ],
                    }
                )
            )
            for index in range(answer.request.choices)
        )

    def broken_event(self, text: str) -> bytes:
        """Return an event with this data."""
        return write_event(text.encode())

    def broken_off(self, _answer: Answer, _error: ErrorClass) -> tuple[bytes, ...]:
        """Return nothing: errors come before the stream."""
        return ()

    def write_head(self, answer: Answer, kind: str) -> dict[str, Any]:
        """Return what an answer and each of its chunks begin with."""
        return {
            "id": f"chatcmpl-{answer.id}",
            "object": kind,
            "created": int(answer.created_s),
            "model": answer.request.model,
            "system_fingerprint": None,
        }

    def write_usage(self, answer: Answer) -> dict[str, Any]:
        """Return the tokens of the prompt and of all choices."""
        return {
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        }

    def say_end(self, answer: Answer) -> str:
        """Return why an answer ended."""
        if answer.truncated:
            return "length"
        return "stop" if answer.request.tool is None else "tool_calls"


def write_call_id(answer: Answer) -> str:
    """Return the id of the tool call that an answer is."""
    return f"call_{answer.id[:24]}"
