"""What JSON has not (NaN, Infinity) is refused with the client's own 400, and never passed on."""

from __future__ import annotations

import json

import pytest
from support.running_gateway import ADMIN
from support.stubbed_gateway import open_stubbed

from stub_providers.behaviour import Behaviour
from stub_providers.distributions import Constant

NOT_JSON = ("NaN", "Infinity", "-Infinity", "1e999", "-1e999")
AT_ONCE = Behaviour(latency=Constant(s=0.0))


def chat(**fields: object) -> dict[str, object]:
    """Return a chat completion request."""
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}], **fields}


@pytest.mark.parametrize("number", NOT_JSON)
async def test_a_body_with_no_number_of_json_is_refused(start_gateway, number):
    """Wherever it stands: a schema is passed on as it came."""
    tool = {"type": "function", "function": {"name": "f", "parameters": {"maximum": "HERE"}}}
    texts = {
        "/v1/chat/completions": json.dumps(chat(tools=[tool])),
        "/v1/messages": json.dumps(
            {"model": "gpt-4o", "max_tokens": 9, "messages": [{"role": "user", "content": "HERE"}]}
        ),
        "/v1/embeddings": json.dumps({"model": "text-embedding-3-small", "input": ["HERE"]}),
    }
    async with open_stubbed(start_gateway, AT_ONCE) as stubbed:
        for path, text in texts.items():
            answer = await stubbed.gateway.client.post(
                path, headers=ADMIN, data=text.replace('"HERE"', number)
            )
            error = (await answer.json())["error"]
            assert (answer.status, error["type"]) == (400, "invalid_request_error"), path
            assert "JSON" in error["message"]
        assert not stubbed.gateway.events or all(
            type(event).__name__ != "CallFinished" for event in stubbed.gateway.events
        )


@pytest.mark.parametrize("number", NOT_JSON)
@pytest.mark.parametrize("model", ["gpt-4o", "claude-haiku-4-5", "gemini-2.5-flash"])
async def test_arguments_with_no_number_of_json_are_refused(start_gateway, number, model):
    """They are a text in the text, which OpenAI passes on as such, and others as what it states."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": f'{{"x": {number}}}'}}
    messages = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "1"},
    ]
    async with open_stubbed(start_gateway, AT_ONCE) as stubbed:
        answer = await stubbed.gateway.client.post(
            "/v1/chat/completions", headers=ADMIN, json=chat(model=model, messages=messages)
        )
        error = (await answer.json())["error"]
    assert answer.status == 400
    assert error["param"] == "messages[1].tool_calls[0].function.arguments"


async def test_numbers_that_are_large_are_taken(start_gateway):
    """What a float can hold is a number."""
    text = json.dumps(chat(metadata={"x": "HERE"})).replace('"HERE"', "1e308")
    async with open_stubbed(start_gateway, AT_ONCE) as stubbed:
        answer = await stubbed.gateway.client.post("/v1/chat/completions", headers=ADMIN, data=text)
        assert answer.status == 200, await answer.text()
