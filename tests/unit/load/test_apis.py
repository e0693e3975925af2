"""Calls of APIs other than chat completions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alertdrill.load.calls import Calls, read_calls
from alertdrill.load.errors import BadPlan
from alertdrill.load.fields import Fields
from alertdrill.load.script import OrdinaryScript, Request

OPTIONS = {"models": ["a", "b"], "key": "k", "prompt_chars": 20}


def ask(index: int = 0, **options: Any) -> tuple[Request, dict[str, Any]]:
    """Return a request of these options, and its body."""
    request = OrdinaryScript(read_calls(Fields(OPTIONS | options, "options"))).request(index)
    return request, json.loads(request.body or "")


def test_chat_is_asked_for_unless_another_api_is() -> None:
    """As it was before there were others."""
    request, body = ask()
    assert (request.path, request.headers, request.token_header) == ("/v1/chat/completions", {}, "")
    assert (body["model"], body["messages"][0]["content"]) == ("a", "Explain in plain wor")


def test_embeddings_are_asked_for_with_a_text_alone() -> None:
    """There are no messages, no limit and no stream."""
    request, body = ask(1, api="embeddings")
    assert request.path == "/v1/embeddings"
    assert body == {"model": "b", "input": "Explain in plain wor"}


def test_messages_are_asked_for_as_anthropics_clients_do() -> None:
    """With the version that it wants, and the key in the header of older clients too."""
    request, body = ask(api="messages", stream_share=1, max_tokens=7)
    assert request.path == "/v1/messages"
    assert (dict(request.headers), request.token_header) == (
        {"anthropic-version": "2023-06-01"},
        "x-api-key",
    )
    assert body == {
        "model": "a",
        "messages": [{"role": "user", "content": "Explain in plain wor"}],
        "max_tokens": 7,
        "stream": True,
    }


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"api": "images"}, "options: api must be one of chat, embeddings, messages, not 'images'"),
        ({"api": "embeddings", "stream_share": 0.5}, "options: embeddings have no stream_share"),
        ({"api": "embeddings", "max_tokens": 5}, "options: embeddings have no max_tokens"),
    ],
)
def test_what_an_api_does_not_have_is_refused(options: dict[str, Any], sentence: str) -> None:
    """Nothing that is asked for is left out in silence."""
    with pytest.raises(BadPlan, match=sentence):
        read_calls(Fields(OPTIONS | options, "options"))


def test_a_scenario_may_have_one_api_only() -> None:
    """What changes chat completions cannot change embeddings."""
    with pytest.raises(BadPlan, match="api must be one of chat, not 'messages'"):
        read_calls(Fields(OPTIONS | {"api": "messages"}, "options"), apis=("chat",))


def test_what_is_assumed_is_there_when_it_is_required() -> None:
    """A target has one key for all, which no load profile has to name, and which may be named."""
    nameless = {"models": ["a"]}
    assumed = {"key": "target"}

    def read(options: dict[str, Any], **how: bool) -> Calls:
        fields = Fields(options, "options", assumed)
        calls = read_calls(fields, **how)
        fields.end()
        return calls

    assert read(nameless).key == "target"
    assert read(nameless | {"key": "k"}).key == "k"
    assert read(nameless, has_key=False).key is None
