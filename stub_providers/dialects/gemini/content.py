"""Gemini's content, whole and streamed, and how many tokens a prompt would take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stub_providers.dialects.dialect import EVENTS_TYPE, Answer, ChatRequest, Incoming, Tool
from stub_providers.dialects.events import write_event
from stub_providers.dialects.gemini.errors import refuse
from stub_providers.dialects.gemini.fields import read_field
from stub_providers.dialects.gemini.signatures import check_signatures, sign
from stub_providers.dialects.schemas import make_value
from stub_providers.dialects.texts import ANY_JSON, encode, estimate_tokens, is_count, is_model, is_number
from stub_providers.strikes import ErrorClass

MODELS = "/{version:v1|v1beta}/models"
ROLES = ("user", "model", "function")
MAX_CHOICES = 8
MAX_FUNCTIONS = 512
JSON_MIME_TYPE = "application/json"


class GenerateContent:
    """Content as Google generates it, streamed as server-sent events without an end marker.

    Whether it is streamed depends on the method that is asked for.
    """

    stream_type = EVENTS_TYPE

    def __init__(self, method: str) -> None:
        self.path = f"{MODELS}/{{model:.+}}:{method}"
        self._streams = method.startswith("stream")

    def read(self, incoming: Incoming) -> ChatRequest:
        """Validate a request for content; raises Refused. The model is in the path."""
        model = read_model(incoming)
        if self._streams and incoming.url.query.get("alt") != "sse":
            raise refuse("Only alt=sse is served.", model)
        body = incoming.body
        contents = read_contents(body, model, "GenerateContentRequest")
        _check_results(contents, model)
        check_signatures(contents, model)
        system = read_field(body, "systemInstruction")
        if system is not None and not is_content(system):
            raise refuse("Invalid value at 'system_instruction'", model)
        config = read_field(body, "generationConfig")
        if config is not None and not isinstance(config, dict):
            raise refuse("Invalid value at 'generation_config'", model)
        config = config or {}
        limit = read_field(config, "maxOutputTokens")
        if limit is not None and not is_count(limit, 1):
            raise refuse("Invalid value at 'generation_config.max_output_tokens' (TYPE_INT32)", model)
        choices = read_field(config, "candidateCount")
        if choices is not None and not is_count(choices, 1, MAX_CHOICES):
            raise refuse(f"candidate_count must be from 1 to {MAX_CHOICES}", model)
        _check_sampling(config, model)
        return ChatRequest(
            model=model,
            prompt_tokens=estimate_tokens(list_texts([system] if system else []) + list_texts(contents)),
            max_tokens=limit,
            stream=self._streams,
            choices=choices or 1,
            json_text=_read_json_text(config),
            tool=_read_tool(body, contents, model),
        )

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return a GenerateContentResponse."""
        return _response(answer, answer.text, ends=True)

    def streamed(self, answer: Answer) -> tuple[bytes, ...]:
        """Return an event for each piece; the last says why the answer ended. A tool is called in one."""
        pieces = answer.pieces if answer.request.tool is None else (answer.text,)
        last = len(pieces) - 1
        return tuple(
            _event(encode(_response(answer, piece, ends=place == last))) for place, piece in enumerate(pieces)
        )

    def broken_event(self, text: str) -> bytes:
        """Return an event with this data."""
        return _event(text.encode())

    def broken_off(self, _answer: Answer, _error: ErrorClass) -> tuple[bytes, ...]:
        """Return nothing: errors come before the stream."""
        return ()


def count_tokens(incoming: Incoming, _models: Sequence[str]) -> dict[str, Any]:
    """Return how many tokens a request's prompt has; raises Refused."""
    model = read_model(incoming)
    body = incoming.body
    inner = read_field(body, "generateContentRequest")
    contents = read_contents(inner if isinstance(inner, dict) else body, model, "CountTokensRequest")
    tokens = estimate_tokens(list_texts(contents))
    details = [{"modality": "TEXT", "tokenCount": tokens}]
    return {"totalTokens": tokens, "promptTokensDetails": details}


def read_model(incoming: Incoming) -> str:
    """Return the model in a request's path; raises Refused."""
    model = incoming.path["model"]
    if not is_model(model):
        raise refuse("Requested entity was not found.", code=404)
    return model


def _read_object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = read_field(value, name)
    return found if isinstance(found, dict) else {}


def read_contents(body: Mapping[str, Any], model: str, kind: str) -> list[dict[str, Any]]:
    """Return the contents of a request; raises Refused."""
    contents = body.get("contents")
    if not contents:
        raise refuse(f"* {kind}.contents: contents is not specified", model)
    if not isinstance(contents, list) or not all(
        is_content(content) and (content.get("role") or "user") in ROLES for content in contents
    ):
        raise refuse("Please use a valid role: user, model, and a list of parts.", model)
    return contents


def is_content(value: object) -> bool:
    """Say whether a JSON value is an object with a list of parts."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("parts"), list)
        and all(isinstance(part, dict) for part in value["parts"])
    )


def list_texts(contents: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the texts of contents."""
    return [
        part["text"] for content in contents for part in content["parts"] if isinstance(part.get("text"), str)
    ]


def _check_results(contents: Sequence[Mapping[str, Any]], model: str) -> None:
    """Raise Refused unless each turn of calls is followed by as many results, which are named objects."""
    called = 0
    for content in contents:
        results = [found for part in content["parts"] if (found := read_field(part, "functionResponse"))]
        if not all(
            isinstance(result, dict)
            and isinstance(result.get("name"), str)
            and isinstance(result.get("response"), dict)
            for result in results
        ):
            raise refuse("* GenerateContentRequest.contents.parts.function_response: [FIELD_INVALID]", model)
        if (results or called) and len(results) != called:
            raise refuse(
                "Please ensure that the number of function response parts is equal to the number of function "
                "call parts of the function call turn.",
                model,
            )
        called = sum(1 for part in content["parts"] if read_field(part, "functionCall"))


def _check_sampling(config: Mapping[str, Any], model: str) -> None:
    for name, most in (("temperature", 2), ("topP", 1)):
        value = read_field(config, name)
        if value is not None and not is_number(value, 0, most):
            raise refuse(f"Invalid value at 'generation_config.{name}': it must be from 0 to {most}", model)
    if read_field(config, "responseLogprobs"):
        raise refuse("Logprobs is not enabled for this model", model)


def _read_json_text(config: Mapping[str, Any]) -> str | None:
    if read_field(config, "responseMimeType") != JSON_MIME_TYPE:
        return None
    schema = read_field(config, "responseSchema") or read_field(config, "responseJsonSchema")
    return ANY_JSON if schema is None else json.dumps(make_value(schema))


def _read_tool(body: Mapping[str, Any], contents: Sequence[Mapping[str, Any]], model: str) -> Tool | None:
    """Return the first function that is declared, unless the conversation has a function's result already."""
    offered: dict[str, Any] = {}
    tools = body.get("tools") or []
    if not isinstance(tools, list):
        raise refuse("Invalid value at 'tools'", model)
    for tool in tools:
        declared = read_field(tool, "functionDeclarations") if isinstance(tool, dict) else None
        for function in declared if isinstance(declared, list) else ():
            name = function.get("name") if isinstance(function, dict) else None
            if not isinstance(name, str) or not name or len(offered) >= MAX_FUNCTIONS:
                raise refuse(
                    "* GenerateContentRequest.tools.function_declarations.name: [FIELD_INVALID]", model
                )
            offered[name] = read_field(function, "parameters") or read_field(function, "parametersJsonSchema")
    config = _read_object(_read_object(body, "toolConfig"), "functionCallingConfig")
    mode, allowed = config.get("mode", "AUTO"), read_field(config, "allowedFunctionNames")
    if not isinstance(allowed, list) or not allowed:
        allowed = list(offered)
    has_result = any(read_field(part, "functionResponse") for part in contents[-1]["parts"])
    name = next((name for name in offered if name in allowed), None)
    if name is None or mode == "NONE" or (mode == "AUTO" and has_result):
        return None
    return Tool(name=name, arguments=json.dumps(make_value(offered[name]) or {}))


def _response(answer: Answer, text: str, *, ends: bool) -> dict[str, Any]:
    tool = answer.request.tool
    if tool is None:
        part: dict[str, Any] = {"text": text}
    else:
        part = sign(
            {"functionCall": {"name": tool.name, "args": json.loads(tool.arguments)}}, answer.request.model
        )
    candidate: dict[str, Any] = {"content": {"parts": [part], "role": "model"}}
    usage: dict[str, Any] = {
        "promptTokenCount": answer.prompt_tokens,
        "totalTokenCount": answer.prompt_tokens,
    }
    if ends:
        candidate["finishReason"] = "MAX_TOKENS" if answer.truncated else "STOP"
        usage["candidatesTokenCount"] = answer.completion_tokens
        usage["totalTokenCount"] += answer.completion_tokens
    return {
        "candidates": [candidate | {"index": index} for index in range(answer.request.choices)],
        "usageMetadata": usage,
        "modelVersion": answer.request.model,
        "responseId": answer.id,
    }


def _event(data: bytes) -> bytes:
    return write_event(data, newline=b"\r\n")
