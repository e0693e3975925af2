"""Whatever JSON is sent to any route, it is refused or answered, and the answer is small."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from yarl import URL

from stub_providers.dialects import DIALECTS
from stub_providers.dialects.dialect import Answer, ChatRequest, Incoming, Refused
from stub_providers.dialects.texts import compose_pieces, encode, split_pieces

ROUNDS = 1_500
HEADERS = {"anthropic-version": "2026-10-21"}
URL_OF_ALL = URL("http://stub/?alt=sse&limit=x&after_id=y")
CALL = {"id": "1", "type": "function", "function": {"name": "look", "arguments": {}}}
GOOD_MESSAGES = [
    {"role": "user", "content": "Say it as JSON."},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "user", "content": "Say it again."},
]
GOOD: dict[str, Any] = {
    "model": "m",
    "messages": GOOD_MESSAGES,
    "max_tokens": 20,
    "input": "hello",
    "prompt": "hello",
    "contents": [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"output": "yes"}}}]},
    ],
    "content": {"parts": [{"text": "hi"}]},
    "requests": [{"content": {"parts": [{"text": "hi"}]}}],
    "tools": [
        {
            "type": "function",
            "name": "look",
            "function": {"name": "look", "parameters": {"type": "object"}},
            "input_schema": {"type": "object"},
            "functionDeclarations": [{"name": "look", "parameters": {"type": "OBJECT"}}],
        }
    ],
    "tool_choice": {"type": "function", "function": {"name": "look"}, "name": "look"},
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
    "text": {"format": {"type": "json_schema", "name": "a", "schema": {"type": "object"}}},
    "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
    "format": {"type": "object"},
    "generationConfig": {"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT"}},
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look"]}},
    "systemInstruction": {"parts": [{"text": "hi"}]},
    "options": {"num_predict": 5},
    "stream_options": {"include_usage": True},
    "system": [{"text": "hi"}],
    "dimensions": 8,
    "outputDimensionality": 8,
    "n": 2,
    "stream": True,
}
ODD: tuple[Any, ...] = (None, True, 0, -1, 2.5, 1e300, 10**30, "", "x", "json", [], {}, [None], [[]], {"": 0})


def bend(value: Any, rng: random.Random) -> Any:
    """Return a value with something odd in it, at any depth."""
    if rng.random() < 0.1:
        return rng.choice(ODD)
    if isinstance(value, dict):
        return {name: bend(inner, rng) for name, inner in value.items() if rng.random() > 0.03}
    if isinstance(value, list):
        return [bend(inner, rng) for inner in value]
    return value


def draw(rng: random.Random) -> dict[str, Any]:
    """Return a request of some of the fields that there are, most of them good."""
    kept = {name: value for name, value in GOOD.items() if rng.random() < 0.6}
    return {name: bend(value, rng) if rng.random() < 0.2 else value for name, value in kept.items()}


def make_answer(asked: ChatRequest, *, truncated: bool) -> Answer:
    """Return what a provider has made of a request."""
    text = asked.tool.arguments if asked.tool is not None else asked.json_text
    pieces = compose_pieces(20) if text is None else split_pieces(text[:5] if truncated else text)
    return Answer(
        request=asked,
        prompt_tokens=asked.prompt_tokens,
        completion_tokens=20 * asked.choices,
        truncated=truncated,
        latency_s=1.0,
        first_token_s=0.3,
        pieces=pieces,
        id="0" * 32,
        created_s=0.0,
    )


@pytest.mark.parametrize("name", DIALECTS)
def test_any_request_is_refused_or_answered(name: str) -> None:
    """No field of any type ends in an error of ours, and every answer is JSON that has no NaN."""
    dialect, rng, answered = DIALECTS[name], random.Random(name), 0  # noqa: S311 - repeatable, no secret
    refusals: set[int] = set()
    for number in range(ROUNDS):
        incoming = Incoming(url=URL_OF_ALL, headers=HEADERS, path={"model": "m"}, body=draw(rng))
        for lookup in dialect.lookups:
            try:
                encode(lookup.answer(incoming, ["m"]))
            except Refused as refused:
                refusals.add(refused.failure.status)
        for endpoint in dialect.endpoints:
            try:
                answer = make_answer(endpoint.read(incoming), truncated=number % 2 == 0)
            except Refused as refused:
                refusals.add(refused.failure.status)
                continue
            whole = json.dumps(endpoint.whole(answer), allow_nan=False)
            frames = endpoint.streamed(answer)
            assert len(whole) < 100_000
            assert bool(frames) or answer.request.embeddings
            assert len(frames) <= 5
            dialect.write_headers("0", answer)
            answered += 1
    assert answered > ROUNDS / 100
    assert refusals <= {400, 403, 404}
