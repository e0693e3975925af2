"""The Ollama dialect: chat, generate, embeddings, the models that are there, and the version.

Shapes after Ollama's API documentation; the key is what a proxy before it, or its cloud, asks for.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from yarl import URL

from stub_providers.authorization import bearer_token
from stub_providers.dialects.dialect import (
    TEXT_TYPE,
    Answer,
    ChatRequest,
    Endpoint,
    Failure,
    Incoming,
    Lookup,
    Refused,
    Tool,
    Unstreamed,
)
from stub_providers.dialects.schemas import make_value
from stub_providers.dialects.texts import (
    ANY_JSON,
    DIMENSIONS,
    MAX_DIMENSIONS,
    are_messages,
    are_texts,
    encode,
    estimate_tokens,
    is_count,
    is_model,
    make_vector,
    message_texts,
)
from stub_providers.limits import Standing
from stub_providers.strikes import ErrorClass

VERSION = "0.12.6"
MAX_TOOLS = 1_000
MAX_INPUTS = 2_048
MAX_NUMBERS = 1_000_000
"""Of all vectors of one answer."""


def _failure(status: int, message: str, **headers: str) -> Failure:
    return Failure(status=status, payload={"error": message}, headers=headers)


def _refused(message: str, model: str = "", status: int = 400) -> Refused:
    return Refused(_failure(status, message), model)


class _Completion:
    """What chat and generate have in common: one JSON object a line, unless told not to stream."""

    stream_type = "application/x-ndjson"

    def _part(self, answer: Answer, text: str, *, ends: bool) -> dict[str, Any]:
        raise NotImplementedError

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the final object with the whole text."""
        return self._part(answer, answer.text, ends=True) | _totals(answer)

    def streamed(self, answer: Answer) -> tuple[bytes, ...]:
        """Return a line for each piece; the last brings the final object with the counts."""
        if answer.request.tool is not None:
            parts = [self._part(answer, "", ends=True)]
        else:
            parts = [self._part(answer, piece, ends=False) for piece in answer.pieces]
        lines = [_line(part | {"done": False}) for part in parts]
        lines[-1] += _line(self._part(answer, "", ends=False) | _totals(answer))
        return tuple(lines)

    def broken_event(self, text: str) -> bytes:
        """Return a line with this text."""
        return text.encode() + b"\n"

    def broken_off(self, _answer: Answer, _error: ErrorClass) -> tuple[bytes, ...]:
        """Return nothing: errors come before the stream."""
        return ()


class Chat(_Completion):
    """The next message of a conversation."""

    path = "/api/chat"

    def read(self, incoming: Incoming) -> ChatRequest:
        """Validate a chat request; raises Refused."""
        body = incoming.body
        model = _read_model(body)
        messages = body.get("messages")
        if not messages:
            raise _refused("messages is required", model)
        if not are_messages(messages):
            raise _refused("messages must be a list of objects with role and content", model)
        _check_calls(messages, model)
        return ChatRequest(
            model=model,
            prompt_tokens=estimate_tokens(message_texts(messages)),
            max_tokens=_read_limit(body, model),
            stream=_read_stream(body, model),
            json_text=_read_json_text(body, model),
            tool=_read_tool(body, model) if messages[-1]["role"] != "tool" else None,
        )

    def _part(self, answer: Answer, text: str, *, ends: bool) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": text}
        tool = answer.request.tool
        if tool is not None:
            message["content"] = ""
            if ends:
                function = {"name": tool.name, "arguments": json.loads(tool.arguments)}
                message["tool_calls"] = [{"function": function}]
        return {**_head(answer), "message": message}


class Generate(_Completion):
    """What follows a prompt."""

    path = "/api/generate"

    def read(self, incoming: Incoming) -> ChatRequest:
        """Validate a request; raises Refused."""
        body = incoming.body
        model = _read_model(body)
        texts = (_read_text(body, "prompt", model), _read_text(body, "system", model))
        return ChatRequest(
            model=model,
            prompt_tokens=estimate_tokens(texts),
            max_tokens=_read_limit(body, model),
            stream=_read_stream(body, model),
            json_text=_read_json_text(body, model),
        )

    def _part(self, answer: Answer, text: str, *, ends: bool) -> dict[str, Any]:
        del ends
        return {**_head(answer), "response": text}


class Embed(Unstreamed):
    """The embeddings of a text or many."""

    path = "/api/embed"

    def read(self, incoming: Incoming) -> ChatRequest:
        """Validate a request; raises Refused."""
        model = _read_model(incoming.body)
        texts = incoming.body.get("input")
        texts = [texts] if isinstance(texts, str) else texts
        if not are_texts(texts, MAX_INPUTS):
            raise _refused("invalid input type", model)
        dimensions = incoming.body.get("dimensions") or DIMENSIONS
        if not is_count(dimensions, 1, MAX_DIMENSIONS) or dimensions * len(texts) > MAX_NUMBERS:
            raise _refused("dimensions is out of range", model)
        return ChatRequest(
            model=model, prompt_tokens=estimate_tokens(texts), embeddings=len(texts), dimensions=dimensions
        )

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the vectors."""
        asked = answer.request
        return {
            "model": asked.model,
            "embeddings": [make_vector(asked.dimensions)] * asked.embeddings,
            "total_duration": round(answer.latency_s * 1e9),
            "load_duration": 0,
            "prompt_eval_count": answer.prompt_tokens,
        }


class OneEmbedding(Unstreamed):
    """The embedding of a prompt: the older of the two routes."""

    path = "/api/embeddings"

    def read(self, incoming: Incoming) -> ChatRequest:
        """Validate a request; raises Refused."""
        model = _read_model(incoming.body)
        prompt = _read_text(incoming.body, "prompt", model)
        return ChatRequest(
            model=model, prompt_tokens=estimate_tokens((prompt,)), embeddings=1, dimensions=DIMENSIONS
        )

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the vector."""
        return {"embedding": make_vector(answer.request.dimensions)}


class Ollama:
    """Ollama's routes and errors."""

    models: tuple[str, ...] = ()
    endpoints: Sequence[Endpoint] = (Chat(), Generate(), Embed(), OneEmbedding())
    lookups: Sequence[Lookup] = ()
    failures: Mapping[ErrorClass, Failure] = {
        "rate_limit": _failure(429, "too many requests", **{"Retry-After": "1"}),
        "auth": _failure(401, "unauthorized"),
        "server_error": _failure(500, "llama runner process has terminated: exit status 2"),
        "context_overflow": _failure(
            400,
            "the request exceeds the available context size. try increasing the context size or enable "
            "context shift",
        ),
        "invalid_request": _failure(400, 'option "temperature" must be of type float32'),
    }
    unreadable_body = _failure(400, "invalid JSON in the request body")
    oversized_body = _failure(413, "http: request body too large")

    def __init__(self) -> None:
        self.lookups = (
            Lookup(path="/api/tags", answer=_list_models),
            Lookup(path="/api/show", method="POST", answer=_show_model),
            Lookup(path="/api/version", answer=lambda *_: {"version": VERSION}),
        )

    def refusal(self, status: int, message: str) -> Failure:
        """Return an error's text; of what is no route, the text of the framework."""
        if status in (404, 405):
            text = "404 page not found" if status == 404 else "405 method not allowed"
            return Failure(status=status, payload=text, content_type=TEXT_TYPE)
        return _failure(status, message)

    def presented_key(self, _url: URL, headers: Mapping[str, str]) -> str:
        """Return the bearer token."""
        return bearer_token(headers)

    def limit(self, standing: Standing) -> Failure:
        """Return a 429 that says when to try again."""
        retry_after = str(max(1, math.ceil(standing.retry_in_s)))
        return replace(self.failures["rate_limit"], headers={"Retry-After": retry_after})

    def write_headers(self, _request_id: str, _answer: Answer | None) -> dict[str, str]:
        """Return none: Ollama has neither ids nor rate limits."""
        return {}


def _read_model(body: Mapping[str, Any]) -> str:
    model = body.get("model")
    if not is_model(model):
        raise _refused("model is required")
    return model


def _read_text(body: Mapping[str, Any], name: str, model: str) -> str:
    text = body.get(name)
    if not isinstance(text, str | None):
        raise _refused(f"{name} must be of type string", model)
    return text or ""


def _read_stream(body: Mapping[str, Any], model: str) -> bool:
    stream = body.get("stream")
    if stream is not None and not isinstance(stream, bool):
        raise _refused("stream must be of type bool", model)
    return stream is not False


def _read_limit(body: Mapping[str, Any], model: str) -> int | None:
    options = body.get("options")
    if options is not None and not isinstance(options, dict):
        raise _refused("options must be an object", model)
    limit = (options or {}).get("num_predict", -1)
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise _refused('option "num_predict" must be of type integer', model)
    return limit if limit >= 0 else None


def _read_json_text(body: Mapping[str, Any], model: str) -> str | None:
    form = body.get("format")
    if form in (None, ""):
        return None
    if form == "json":
        return ANY_JSON
    if not isinstance(form, dict):
        raise _refused('invalid format: expected "json" or a JSON schema', model)
    return json.dumps(make_value(form))


def _check_calls(messages: Sequence[Mapping[str, Any]], model: str) -> None:
    """Raise Refused for a call of a tool whose arguments are no object, such as the text that OpenAI has."""
    for message in messages:
        calls = message.get("tool_calls") or []
        for call in calls if isinstance(calls, list) else [calls]:
            function = call.get("function") if isinstance(call, dict) else None
            arguments = function.get("arguments") if isinstance(function, dict) else None
            if not isinstance(function, dict) or not isinstance(arguments, dict | None):
                raise _refused(
                    "json: cannot unmarshal ChatRequest.messages.tool_calls.function.arguments of type "
                    "api.ToolCallFunctionArguments",
                    model,
                )


def _read_tool(body: Mapping[str, Any], model: str) -> Tool | None:
    """Return the first tool that is offered, None where there is none; raises Refused."""
    tools = body.get("tools") or []
    if not isinstance(tools, list) or len(tools) > MAX_TOOLS:
        raise _refused(f"tools must be a list of at most {MAX_TOOLS}", model)
    for tool in tools:
        function = tool.get("function") if isinstance(tool, dict) else None
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(function, dict) or not isinstance(name, str) or not name:
            raise _refused("tools must have a function with a name", model)
        return Tool(name=name, arguments=json.dumps(make_value(function.get("parameters")) or {}))
    return None


def _list_models(_incoming: Incoming, models: Sequence[str]) -> dict[str, Any]:
    return {
        "models": [
            {
                "name": name,
                "model": name,
                "modified_at": _timestamp(0.0),
                "size": 0,
                "digest": "0" * 64,
                "details": {"format": "gguf", "family": "stub"},
            }
            for name in models
        ]
    }


def _show_model(incoming: Incoming, models: Sequence[str]) -> dict[str, Any]:
    name = incoming.body.get("model") or incoming.body.get("name")
    if not is_model(name):
        raise _refused("model is required")
    if name not in models:
        raise _refused("model not found", name, 404)
    return {
        "modelfile": "FROM stub",
        "parameters": "",
        "template": "{{ .Prompt }}",
        "details": {
            "parent_model": "",
            "format": "gguf",
            "family": "stub",
            "families": ["stub"],
            "parameter_size": "1B",
            "quantization_level": "Q4_0",
        },
        "model_info": {"general.architecture": "stub", "stub.embedding_length": DIMENSIONS},
        "capabilities": ["completion", "tools"],
        "modified_at": _timestamp(0.0),
    }


def _head(answer: Answer) -> dict[str, Any]:
    return {"model": answer.request.model, "created_at": _timestamp(answer.created_s)}


def _totals(answer: Answer) -> dict[str, Any]:
    total_ns = round(answer.latency_s * 1e9)
    prompt_ns = round(answer.first_token_s * 1e9)
    return {
        "done": True,
        "done_reason": "length" if answer.truncated else "stop",
        "total_duration": total_ns,
        "load_duration": 0,
        "prompt_eval_count": answer.prompt_tokens,
        "prompt_eval_duration": prompt_ns,
        "eval_count": answer.completion_tokens,
        "eval_duration": total_ns - prompt_ns,
    }


def _timestamp(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _line(payload: object) -> bytes:
    return encode(payload) + b"\n"
