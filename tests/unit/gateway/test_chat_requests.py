"""What a chat request may be; everything else is refused by name, and nothing is called."""

from __future__ import annotations

import json
from io import BytesIO

import pytest

from alertdrill.gateway.chat import Message, parse_chat
from alertdrill.gateway.events import CallFinished
from alertdrill.gateway.problems import Problem

HELLO = [{"role": "user", "content": "hello"}]
LOOK = {"type": "function", "function": {"name": "look"}}


def make_call(arguments):
    """Return a call of a tool, as a client gives it back."""
    return {"id": "1", "type": "function", "function": {"name": "look", "arguments": arguments}}


def test_parts_and_roles_are_understood():
    """Text parts are joined, and `developer` is another word for `system`."""
    chat = parse_chat(
        {
            "messages": [
                {"role": "developer", "content": "Be kind"},
                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            ],
            "max_tokens": 1,
            "max_completion_tokens": 2,
            "user": "somebody",
        }
    )
    assert chat.messages == (Message(role="system", text="Be kind"), Message(role="user", text="ab"))
    assert (chat.max_tokens, chat.model, chat.stream) == (2, None, False)


@pytest.mark.parametrize(
    ("document", "param"),
    [
        ([], None),
        ("x", None),
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": HELLO * 1001}, "messages"),
        ({"messages": ["hello"]}, "messages[0]"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"messages": HELLO, "model": 5}, "model"),
        ({"messages": HELLO, "model": ""}, "model"),
        ({"messages": HELLO, "model": "x" * 129}, "model"),
        ({"messages": HELLO, "stream": "yes"}, "stream"),
        ({"messages": HELLO, "stream_options": True}, "stream_options"),
        ({"messages": HELLO, "stream_options": {"include_usage": 1}}, "include_usage"),
        ({"messages": HELLO, "max_tokens": 0}, "max_tokens"),
        ({"messages": HELLO, "max_tokens": True}, "max_tokens"),
        ({"messages": HELLO, "max_completion_tokens": 10**9}, "max_completion_tokens"),
        ({"messages": HELLO, "temperature": 2.1}, "temperature"),
        ({"messages": HELLO, "temperature": float("nan")}, "temperature"),
        ({"messages": HELLO, "top_p": -1}, "top_p"),
        ({"messages": HELLO, "stop": ["a"] * 5}, "stop"),
        ({"messages": HELLO, "stop": ""}, "stop"),
        ({"messages": HELLO, "stop": {"a": 1}}, "stop"),
        ({"messages": HELLO, "n": 0}, "n"),
        ({"messages": HELLO, "n": 17}, "n"),
        ({"messages": HELLO, "n": True}, "n"),
        ({"messages": HELLO, "tools": {}}, "tools"),
        ({"messages": HELLO, "tools": [LOOK] * 129}, "tools"),
        ({"messages": HELLO, "tools": [LOOK, LOOK]}, "tools"),
        ({"messages": HELLO, "tools": [{}]}, "tools[0].type"),
        ({"messages": HELLO, "tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"messages": HELLO, "tools": [{"type": "function"}]}, "tools[0].function"),
        (
            {"messages": HELLO, "tools": [{"type": "function", "function": {"name": "a b"}}]},
            "tools[0].function.name",
        ),
        (
            {"messages": HELLO, "tools": [{"type": "function", "function": {"name": "a", "parameters": 1}}]},
            "tools[0].function.parameters",
        ),
        ({"messages": HELLO, "tool_choice": "required"}, "tool_choice"),
        ({"messages": HELLO, "tools": [LOOK], "tool_choice": "perhaps"}, "tool_choice"),
        (
            {
                "messages": HELLO,
                "tools": [LOOK],
                "tool_choice": {"type": "function", "function": {"name": "see"}},
            },
            "tool_choice",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "1"}]}, *HELLO]},
            "messages[0].tool_calls[0]",
        ),
        *(
            (
                {"messages": [{"role": "assistant", "tool_calls": [make_call(arguments)]}, *HELLO]},
                "messages[0].tool_calls[0].function.arguments",
            )
            for arguments in ("[]", '{"x": NaN}', '{"x": -Infinity}', '{"x": 1e999}')
        ),
        ({"messages": [*HELLO, {"role": "tool", "content": "x"}]}, "messages[1].tool_call_id"),
        ({"messages": HELLO, "response_format": {"type": "xml"}}, "response_format.type"),
        ({"messages": HELLO, "response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"messages": HELLO, "seed": "x"}, "seed"),
        ({"messages": HELLO, "presence_penalty": 3}, "presence_penalty"),
        ({"messages": HELLO, "reasoning_effort": "Very much"}, "reasoning_effort"),
        ({"messages": HELLO, "logprobs": True}, "logprobs"),
        ({"messages": HELLO, "functions": [{"name": "look"}]}, "functions"),
        ({"messages": HELLO, "modalities": ["text", "audio"]}, "modalities"),
    ],
)
def test_unusable_request_is_refused_by_name(document, param):
    """The error says which parameter cannot be used."""
    with pytest.raises(Problem) as caught:
        parse_chat(document)
    assert (caught.value.status, caught.value.document["error"]["param"]) == (400, param)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        # Python reads these numbers, and no provider does.
        *(
            (b'{"messages": [{"role": "user", "content": "x"}], "metadata": {"x": %s}}' % number, 400)
            for number in (b"NaN", b"-Infinity", b"1e999")
        ),
        (json.dumps({"messages": [{"role": "user", "content": "x" * 2**20}]}).encode(), 413),
    ],
)
async def test_unreadable_and_oversized_bodies_are_refused(gateway, body, status):
    """Bodies are JSON of at most 1 MiB; the refusal is OpenAI-shaped, and no call is made."""
    headers = {"Authorization": f"Bearer {await gateway.issue()}", "Content-Type": "application/json"}
    response = await gateway.client.post("/v1/chat/completions", headers=headers, data=BytesIO(body))
    assert response.status == status
    assert set((await response.json())["error"]) == {"message", "type", "param", "code"}
    assert gateway.heard(CallFinished) == []


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/v1/models", 405)])
async def test_unknown_routes_are_openai_shaped(gateway, method, path, status):
    """Routing errors look like all others."""
    response = await gateway.client.request(method, path)
    assert (response.status, (await response.json())["error"]["code"]) == (status, "no_such_route")
