"""Streamed answers, read as they come."""

from __future__ import annotations

import json
from itertools import count

import pytest

from alertdrill.load.streams import find_token_instants, list_gaps, read_pieces
from alertdrill.load.token_times import TokenTimes

CHAT = [
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]},
    {"choices": [{"index": 0, "delta": {"content": "one"}}]},
    {"choices": [{"index": 0, "delta": {"content": " two"}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"completion_tokens": 2}},
]


class Lines:
    """A body that comes line by line."""

    def __init__(self, body: bytes) -> None:
        self._left = body

    def readline(self, sep: bytes) -> bytes:
        """Return a line that is ended."""
        line, end, left = self._left.partition(sep)
        if not end:
            return b""
        self._left = left
        return line + end

    def read(self) -> bytes:
        """Return what is left."""
        left, self._left = self._left, b""
        return left


def frame(documents):
    """Return documents as an event stream."""
    return b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in documents) + b"data: [DONE]\n\n"


def find(documents):
    """Return when tokens came, each line of data a second after the one before."""
    ticks = count(1)
    _, pieces = read_pieces(Lines(frame(documents)), lambda: float(next(ticks)))
    return find_token_instants(pieces)


def test_a_body_is_read_whole():
    """Nothing of it is lost, not even a line that nobody ended."""
    body = frame(CHAT) + b"data: {"
    assert read_pieces(Lines(body), lambda: 0.0)[0] == body


def test_the_first_token_is_the_first_piece_that_says_something():
    """Neither a role, nor an end, nor a count is one."""
    assert find(CHAT) == [2.0, 3.0]
    assert list_gaps([2.0, 3.0, 5.0]) == [1.0, 2.0]


@pytest.mark.parametrize(
    ("document", "has_tokens"),
    [
        ({"choices": [{"text": "one"}]}, True),
        ({"choices": [{"delta": {"tool_calls": [{"index": 0}]}}]}, True),
        ({"choices": [{"delta": {"reasoning_content": "hm"}}]}, True),
        ({"choices": [{"delta": {"content": None}}]}, False),
        ({"choices": [None, {"delta": 3}]}, False),
        ({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "one"}}, True),
        ({"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "{"}}, True),
        ({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, False),
        ({"type": "message_start", "message": {}}, False),
        ({"type": "response.output_text.delta", "delta": "one"}, True),
        ({"type": "response.completed", "response": {}}, False),
        ({"type": 3, "delta": "one"}, False),
        ([1], False),
        ("text", False),
    ],
)
def test_each_api_says_tokens_in_its_own_way(document, has_tokens):
    """OpenAI's three, Anthropic's, and what is none of them."""
    assert bool(find([document])) is has_tokens


def test_times_are_reported_and_shown_by_locust():
    """As request types of their own, whatever the report has room for."""
    shown = []
    times = TokenTimes()
    times.note("steady", 0.5, [0.1, 0.3], lambda *one: shown.append(one))
    times.note("steady", 0.7, [], lambda *one: shown.append(one))
    assert times.as_json() == {
        "steady": {
            "streams": 2,
            "first_token_p50_s": 0.5,
            "first_token_p99_s": 0.7,
            "between_tokens_p50_s": 0.1,
            "between_tokens_p99_s": 0.3,
        }
    }
    assert shown == [("TTFT", 0.5), ("ITL", 0.1), ("ITL", 0.3), ("TTFT", 0.7)]
