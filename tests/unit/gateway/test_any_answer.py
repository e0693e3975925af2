"""Whatever a provider answers, it is understood or is a failure of its own, and what goes on is JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from alertdrill.gateway.answers import Completion, UpstreamFailed
from alertdrill.gateway.dialects import DIALECTS
from alertdrill.gateway.messages.replies import EventWriter, write_message
from alertdrill.gateway.models import SHIPPED, read_catalogue
from alertdrill.gateway.replies import StreamWriter, write_completion
from alertdrill.gateway.upstream import MALFORMED

ROUNDS = 800
MODEL = read_catalogue(SHIPPED, ["openai"]).models["openai:gpt-4o"]
GIVEN = {"place": "hall", "floor": 2}
CALL = {"id": "1", "function": {"name": "look", "arguments": GIVEN}}
WRITTEN = {
    "id": "1",
    "index": 0,
    "type": "function",
    "function": {"name": "look", "arguments": json.dumps(GIVEN)},
}
USED = {"prompt_tokens": 3, "completion_tokens": 2}
WHOLE: dict[str, Any] = {
    "openai": {
        "choices": [
            {"message": {"content": "Hm.", "tool_calls": [WRITTEN, WRITTEN]}, "finish_reason": "tool_calls"}
        ],
        "usage": USED,
    },
    "anthropic": {
        "content": [
            {"type": "text", "text": "Hm."},
            {"type": "tool_use", "id": "1", "name": "look", "input": GIVEN},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 3, "output_tokens": 2},
    },
    "gemini": {
        "candidates": [
            {
                "content": {
                    "parts": [
                        {"text": "Hm.", "thought": True},
                        {"text": "Hm."},
                        {"functionCall": {"name": "look", "args": GIVEN}},
                        {"functionCall": {"id": "1", "name": "look"}},
                    ]
                },
                "finishReason": "STOP",
            }
        ],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2},
    },
    "ollama": {
        "message": {"content": "Hm.", "tool_calls": [CALL, {"function": {"name": "look"}}]},
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 3,
        "eval_count": 2,
    },
}
PIECES: dict[str, list[Any]] = {
    "openai": [{"choices": [{"index": 0, "delta": {"content": "Hm.", "tool_calls": [WRITTEN]}}]}],
    "anthropic": [
        {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 0}}},
        {"type": "content_block_start", "content_block": {"type": "tool_use", "id": "1", "name": "look"}},
        {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "{}"}},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}},
    ],
    "gemini": [WHOLE["gemini"], WHOLE["gemini"]],
    "ollama": [WHOLE["ollama"] | {"done": False}, WHOLE["ollama"]],
}
NOT_A_NUMBER = float("nan"), '{"x": NaN}'
ODD: tuple[Any, ...] = (None, True, 0, -1, 2.5, 10**30, "", "x", [], {}, [None], [[]], {"": 0}, *NOT_A_NUMBER)


def bend(value: Any, rng: random.Random) -> Any:
    """Return a value with something odd in it, at any depth."""
    if rng.random() < 0.04:
        return rng.choice(ODD)
    if isinstance(value, dict):
        return {name: bend(inner, rng) for name, inner in value.items() if rng.random() > 0.03}
    if isinstance(value, list):
        return [bend(inner, rng) for inner in value]
    return value


def survives(read: Callable[[], Any]) -> Any:
    """Return what is read, or None where that is a failure of the provider."""
    try:
        return read()
    except (UpstreamFailed, *MALFORMED):
        return None


@pytest.mark.parametrize("name", DIALECTS)
def test_an_answer_with_calls_is_understood(name: str) -> None:
    """Each call has an id, a name and the text of an object; the answer ends with calls of tools."""
    completion = DIALECTS[name].read_completion(WHOLE[name])
    assert (completion.text, completion.finish_reason) == ("Hm.", "tool_calls")
    assert {call.name for call in completion.calls} == {"look"}
    assert all(call.id for call in completion.calls)
    assert json.loads(completion.calls[0].arguments) == GIVEN


@pytest.mark.parametrize("name", ["gemini", "ollama"])
def test_the_calls_of_a_stream_are_numbered(name: str) -> None:
    """Calls that come in several events have an index each, and ids where the provider gave none."""
    reader = DIALECTS[name].start_stream()
    prefix = b"data: " if name == "gemini" else b""
    chunks = [reader.read(prefix + json.dumps(piece).encode()) for piece in PIECES[name]]
    pieces = [piece for chunk in chunks if chunk for piece in chunk.calls]
    assert [piece.index for piece in pieces] == [0, 1, 2, 3]
    assert all(piece.id and piece.name == "look" for piece in pieces)
    assert [chunk.finish_reason for chunk in chunks if chunk][-1] == "tool_calls"


@pytest.mark.parametrize("name", DIALECTS)
def test_an_answer_that_was_cut_off_says_so(name: str) -> None:
    """A limit of tokens is the reason, also where tools were called."""
    words = {"tool_calls": "length", "tool_use": "max_tokens", "STOP": "MAX_TOKENS", "stop": "length"}
    text = json.dumps(WHOLE[name])
    for said, cut in words.items():
        text = text.replace(f'"{said}"}}', f'"{cut}"}}').replace(f'reason": "{said}"', f'reason": "{cut}"')
    assert DIALECTS[name].read_completion(json.loads(text)).finish_reason == "length"


@pytest.mark.parametrize("name", DIALECTS)
def test_any_answer_is_understood_or_a_failure(name: str) -> None:
    """No field of any type ends in an error of another kind; what goes on has no NaN."""
    dialect, rng, understood = DIALECTS[name], random.Random(name), 0  # noqa: S311 - repeatable, no secret
    for _ in range(ROUNDS):
        bent = bend(WHOLE[name], rng)
        completion = survives(lambda bent=bent: dialect.read_completion(bent))
        if isinstance(completion, Completion):
            understood += 1
            # OpenAI's arguments are a text that a model has written, and may be any.
            if name != "openai":
                assert all(isinstance(json.loads(call.arguments), dict) for call in completion.calls)
            json.dumps(write_completion(MODEL, completion), allow_nan=False)
            json.dumps(write_message(MODEL, completion), allow_nan=False)
    assert understood > ROUNDS / 20


@pytest.mark.parametrize("name", DIALECTS)
def test_any_stream_is_understood_or_a_failure(name: str) -> None:
    """The same of events, as clients of both kinds are sent them."""
    dialect, rng, understood = DIALECTS[name], random.Random(name), 0  # noqa: S311 - repeatable, no secret
    prefix = b"" if name == "ollama" else b"data: "
    for _ in range(ROUNDS // 2):
        reader = dialect.start_stream()
        writers = StreamWriter(MODEL, include_usage=True), EventWriter(MODEL)
        for piece in PIECES[name]:
            line = prefix + json.dumps(bend(piece, rng)).encode()
            chunk = survives(lambda reader=reader, line=line: reader.read(line))
            if chunk is not None:
                understood += 1
                assert all(writer.write(chunk) is not None for writer in writers)
    assert understood > ROUNDS / 20
