"""The signatures of Gemini's thoughts go to the client with a call, and come back with it unchanged."""

from __future__ import annotations

from typing import Any

import pytest
from support.late_imports import LateModule
from support.running_gateway import ADMIN
from support.stubbed_gateway import Stubbed

pytestmark = pytest.mark.usefixtures("trust_one_authority")
anthropic, openai = LateModule("anthropic"), LateModule("openai")
MODEL = "gemini-3-flash-preview"
ASKED: list[Any] = [{"role": "user", "content": "Is it on fire?"}]
SCHEMA = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
TOOLS = [{"type": "function", "function": {"name": "look", "parameters": SCHEMA}}]
CHAT = {"model": MODEL, "tools": TOOLS}


async def post(stubbed: Stubbed, path: str, **body: object) -> tuple[int, dict[str, Any]]:
    """Return the status and the document of an answer."""
    answer = await stubbed.gateway.client.post(path, headers=ADMIN, json=body)
    return answer.status, await answer.json()


async def call_tool(stubbed: Stubbed) -> dict[str, Any]:
    """Return the message in which a model calls a tool."""
    status, answer = await post(stubbed, "/v1/chat/completions", messages=ASKED, **CHAT)
    assert status == 200, answer
    return answer["choices"][0]["message"]


def tell(message: dict[str, Any]) -> list[Any]:
    """Return the conversation with the result of a message's only call."""
    (call,) = message["tool_calls"]
    return [*ASKED, message, {"role": "tool", "tool_call_id": call["id"], "content": "no"}]


@pytest.mark.parametrize("streamed", [False, True])
async def test_openais_client_carries_it(stubbed, streamed):
    """Its objects keep fields that they do not know, and send them back."""
    async with openai.AsyncOpenAI(base_url=f"{stubbed.url}/v1", api_key="the-admin-token") as client:
        if streamed:
            async with client.chat.completions.stream(messages=ASKED, **CHAT) as stream:
                message = (await stream.get_final_completion()).choices[0].message
        else:
            message = (await client.chat.completions.create(messages=ASKED, **CHAT)).choices[0].message
        (call,) = message.tool_calls
        assert call.extra_content["google"]["thought_signature"]
        talk = [*ASKED, message, {"role": "tool", "tool_call_id": call.id, "content": "no"}]
        answer = await client.chat.completions.create(messages=talk, **CHAT)
    assert answer.choices[0].message.content


@pytest.mark.parametrize("streamed", [False, True])
async def test_anthropics_client_carries_it(stubbed, streamed):
    """A block of its answer is given back as it came."""
    chat = {"model": MODEL, "max_tokens": 100, "tools": [{"name": "look", "input_schema": SCHEMA}]}
    async with anthropic.AsyncAnthropic(base_url=stubbed.url, api_key="the-admin-token") as client:
        if streamed:
            async with client.messages.stream(messages=ASKED, **chat) as stream:
                message = await stream.get_final_message()
        else:
            message = await client.messages.create(messages=ASKED, **chat)
        (block,) = message.content
        assert block.extra_content["google"]["thought_signature"]
        result = {"type": "tool_result", "tool_use_id": block.id, "content": "no"}
        talk = [
            *ASKED,
            {"role": "assistant", "content": message.content},
            {"role": "user", "content": [result]},
        ]
        answer = await client.messages.create(messages=talk, **chat)
    assert answer.content[0].text


async def test_what_a_client_leaves_out_is_told_by_gemini(stubbed):
    """The provider's own 400, with the name of the call."""
    message = await call_tool(stubbed)
    del message["tool_calls"][0]["extra_content"]
    status, answer = await post(stubbed, "/v1/chat/completions", messages=tell(message), **CHAT)
    assert status == 400
    assert "missing a thought_signature" in answer["error"]["message"]
    assert "`default_api:look` , position 2" in answer["error"]["message"]


async def test_what_a_client_changes_is_refused_by_gemini(stubbed):
    """Another's signature is none."""
    message = await call_tool(stubbed)
    message["tool_calls"][0]["extra_content"]["google"]["thought_signature"] += "x"
    status, answer = await post(stubbed, "/v1/chat/completions", messages=tell(message), **CHAT)
    assert (status, "Corrupted" in answer["error"]["message"]) == (400, True)


async def test_a_turn_that_is_over_is_not_looked_at(stubbed):
    """Once the user has spoken again, calls before that need none."""
    message = await call_tool(stubbed)
    del message["tool_calls"][0]["extra_content"]
    talk = [*tell(message), {"role": "assistant", "content": "No."}, *ASKED]
    status, answer = await post(stubbed, "/v1/chat/completions", messages=talk, **CHAT)
    assert status == 200, answer


@pytest.mark.parametrize("signature", [5, "", "x" * 65_537])
async def test_what_is_no_signature_is_named(stubbed, signature):
    """The gateway says where it stands."""
    message = await call_tool(stubbed)
    message["tool_calls"][0]["extra_content"]["google"]["thought_signature"] = signature
    status, answer = await post(stubbed, "/v1/chat/completions", messages=tell(message), **CHAT)
    place = "messages[1].tool_calls[0].extra_content.google.thought_signature"
    assert (status, answer["error"]["param"]) == (400, place)


@pytest.mark.parametrize("model", ["gpt-4o", "claude-haiku-4-5", "gemini-2.5-flash"])
async def test_others_are_gone_on_with(stubbed, model):
    """A conversation that Gemini began goes on elsewhere, whatever is left in it."""
    message = await call_tool(stubbed)
    status, answer = await post(
        stubbed, "/v1/chat/completions", messages=tell(message), model=model, tools=TOOLS
    )
    assert status == 200, answer
