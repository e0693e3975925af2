"""Anthropic's own client, through the gateway, before stubs of four dialects."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.fake_providers import STREAMED, break_after
from support.late_imports import LateModule
from support.stubbed_gateway import DEMAND_TOOLS, MODELS, Stubbed

from alertdrill.gateway.events import AuthFailed, CallFinished, RequestFinished
from stub_providers.behaviour import Behaviour
from stub_providers.distributions import Constant
from stub_providers.strikes import Next, OneError

pytestmark = pytest.mark.usefixtures("trust_one_authority")
anthropic = LateModule("anthropic")
TALK = [{"role": "user", "content": "Is it on fire?"}]
ASKED = {"max_tokens": 100, "messages": TALK}
SCHEMA = {
    "type": "object",
    "properties": {"place": {"type": "string"}, "floor": {"type": "integer"}},
    "required": ["place", "floor"],
}
TOOLS = [{"name": "look", "description": "Look there.", "input_schema": SCHEMA}]


@pytest.fixture
async def client(stubbed: Stubbed) -> AsyncIterator[Any]:
    """Yield a client that asks once, with a key of the gateway."""
    token = await stubbed.gateway.issue(id="k1")
    async with anthropic.AsyncAnthropic(base_url=stubbed.url, api_key=token, max_retries=0) as client:
        yield client


@pytest.mark.parametrize("provider", MODELS)
async def test_a_message_is_answered(client, stubbed, provider):
    """Whatever its provider speaks, a message has text, a reason for its end, and its tokens."""
    answer = await client.messages.create(model=MODELS[provider], system="Be brief", **ASKED)
    (block,) = answer.content
    assert block.text
    assert (answer.type, answer.role, answer.stop_reason) == ("message", "assistant", "end_turn")
    (call,) = stubbed.gateway.heard(CallFinished)
    assert (call.provider, call.key_id) == (provider, "k1")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (
        call.prompt_tokens,
        call.completion_tokens,
    )


@pytest.mark.parametrize("provider", MODELS)
async def test_a_stream_comes_to_the_same_message(client, stubbed, provider):
    """The client puts the events together to a whole message with its tokens."""
    async with client.messages.stream(model=MODELS[provider], **ASKED) as stream:
        said = "".join([text async for text in stream.text_stream])
        final = await stream.get_final_message()
    assert final.content[0].text == said != ""
    (call,) = stubbed.gateway.heard(CallFinished)
    assert (final.stop_reason, final.usage.output_tokens) == ("end_turn", call.completion_tokens)
    assert final.usage.input_tokens == call.prompt_tokens


async def test_events_come_in_anthropics_order(client):
    """A stream has a message's start, each block's start, deltas and stop, and the message's end."""
    stream = await client.messages.create(model="gpt-4o", stream=True, **ASKED)
    kinds = [event.type async for event in stream]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert set(kinds[2:-3]) == {"content_block_delta"}
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]


@pytest.mark.parametrize("provider", MODELS)
async def test_a_tool_is_called_and_its_result_answered(client, provider):
    """The conversation of a tool goes through: offered, called, its result told, answered."""
    model = MODELS[provider]
    answer = await client.messages.create(model=model, tools=TOOLS, **ASKED)
    (block,) = answer.content
    assert (answer.stop_reason, block.name, set(block.input)) == ("tool_use", "look", {"place", "floor"})
    result = {"type": "tool_result", "tool_use_id": block.id, "content": "yes", "is_error": True}
    talk = [
        *TALK,
        {"role": "assistant", "content": [block.model_dump(exclude_none=True)]},
        {"role": "user", "content": [result]},
    ]
    answer = await client.messages.create(model=model, max_tokens=100, tools=TOOLS, messages=talk)
    assert answer.content[0].text


@pytest.mark.parametrize("provider", DEMAND_TOOLS)
async def test_a_streamed_tool_call_is_put_together(client, provider):
    """Its input comes in pieces of JSON; the choice of a tool is kept."""
    one = {} if provider == "google" else {"disable_parallel_tool_use": True}
    async with client.messages.stream(
        model=MODELS[provider],
        tools=[{"name": "listen", "input_schema": {"type": "object"}}, *TOOLS],
        tool_choice={"type": "tool", "name": "look", **one},
        **ASKED,
    ) as stream:
        final = await stream.get_final_message()
    (block,) = final.content
    assert (final.stop_reason, block.name, set(block.input)) == ("tool_use", "look", {"place", "floor"})


@pytest.mark.parametrize("provider", MODELS)
async def test_a_schema_is_kept(client, provider):
    """An answer with a schema is JSON of it, from each provider."""
    form = {"type": "json_schema", "schema": SCHEMA}
    answer = await client.messages.create(
        model=MODELS[provider], extra_body={"output_config": {"format": form}}, **ASKED
    )
    assert '"place"' in answer.content[0].text


async def test_tokens_are_counted_as_a_message_has_them(client, stubbed):
    """The provider is asked, and it is no call of a model; who does not count is a 400."""
    counted = await client.messages.count_tokens(model="claude-haiku-4-5", messages=TALK)
    assert stubbed.gateway.heard(CallFinished) == []
    answer = await client.messages.create(model="claude-haiku-4-5", **ASKED)
    assert counted.input_tokens == answer.usage.input_tokens
    with pytest.raises(anthropic.BadRequestError, match="does not say how many tokens"):
        await client.messages.count_tokens(model="gpt-4o", messages=TALK)


async def test_both_keys_are_taken(client, stubbed):
    """A key comes as `x-api-key` or as a bearer token; where there are both, the former counts."""
    token = client.api_key
    for options in (
        {"auth_token": token},
        {"auth_token": "another", "default_headers": {"X-Api-Key": token}},
    ):
        async with anthropic.AsyncAnthropic(base_url=stubbed.url, max_retries=0, **options) as other:
            assert (await other.messages.create(model="gpt-4o", **ASKED)).content
    assert {call.key_id for call in stubbed.gateway.heard(CallFinished)} == {"k1"}


@pytest.mark.parametrize("header", ["X-Api-Key", "Authorization"])
async def test_a_wrong_key_is_the_clients_own_exception(stubbed, header):
    """Both ways tell the same of who was turned away."""
    value = "wrong" if header == "X-Api-Key" else "Bearer wrong"
    async with anthropic.AsyncAnthropic(
        base_url=stubbed.url, auth_token="wrong", default_headers={header: value}, max_retries=0
    ) as client:
        with pytest.raises(anthropic.AuthenticationError) as met:
            await client.messages.create(model="gpt-4o", **ASKED)
    assert met.value.body["error"]["type"] == "authentication_error"
    assert [event.reason for event in stubbed.gateway.heard(AuthFailed)] == ["invalid_token"]


@pytest.mark.parametrize(
    ("error", "raised", "kind"),
    [
        ("rate_limit", "RateLimitError", "rate_limit_error"),
        ("auth", "InternalServerError", "overloaded_error"),
        ("server_error", "InternalServerError", "api_error"),
        ("context_overflow", "BadRequestError", "invalid_request_error"),
        ("invalid_request", "BadRequestError", "invalid_request_error"),
        ("network", "InternalServerError", "overloaded_error"),
        ("unknown", "InternalServerError", "api_error"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_failure_is_the_clients_own_exception(client, stubbed, error, raised, kind, stream):
    """When no provider answers, the class of the first failure decides which exception is raised."""
    failing = Behaviour(latency=Constant(s=0.0), errors=OneError(error=error, when=Next(count=9)))
    for model, provider in (("claude-haiku-4-5", "anthropic"), ("llama3.2", "ollama")):
        stubbed.engines[provider].tell(model, failing)
    with pytest.raises(getattr(anthropic, raised)) as met:
        await client.messages.create(model="claude-haiku-4-5", stream=stream, **ASKED)
    assert met.value.body["error"]["type"] == kind
    (event,) = stubbed.gateway.heard(RequestFinished)
    assert (event.endpoint, event.failure is None) == ("/v1/messages", False)


async def test_a_stream_that_breaks_off_is_the_clients_own_exception(providers, start_gateway):
    """An `error` event is raised while the stream is read."""
    gateway = await start_gateway()
    providers["openai"].script.append(break_after(STREAMED["openai"][:2]))
    url = str(gateway.client.make_url("")).rstrip("/")
    async with anthropic.AsyncAnthropic(base_url=url, api_key="the-admin-token", max_retries=0) as client:
        stream = await client.messages.create(model="gpt-4o", stream=True, **ASKED)
        with pytest.raises(anthropic.APIStatusError, match="could not be reached"):
            [event async for event in stream]


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"model": "ollama:llama3.2", "tools": TOOLS, "tool_choice": {"type": "any"}}, "a call of a tool"),
        (
            {
                "model": "gemini-2.5-flash",
                "tools": TOOLS,
                "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
            },
            "parallel_tool_calls",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "x"}]}
                ]
            },
            "messages",
        ),
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "messages.0.content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": "x"}]}]},
            "messages.0.content.0.tool_use_id",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "a"}]}]},
            "messages.0.content.input",
        ),
        ({"system": 5}, "system"),
        ({"temperature": 1.5}, "temperature"),
        ({"top_k": 5}, "top_k"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "thinking"),
        ({"stop_sequences": "x" * 300}, "stop_sequences"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools.0.type"),
        ({"tools": [{"name": "look"}]}, "tools.0.input_schema"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"tool_choice": {"type": "perhaps"}}, "tool_choice.type"),
        ({"output_config": {"format": {"type": "xml"}}}, "output_config.format"),
        ({"output_config": {"effort": "high"}}, "output_config"),
        ({"model": ""}, "model"),
    ],
)
async def test_an_unusable_request_is_refused_by_name(client, stubbed, asked, named):
    """What cannot be read, or cannot be passed on, is a 400 that names it; nothing is called."""
    document = {"model": "gpt-4o", **ASKED} | asked
    with pytest.raises(anthropic.BadRequestError) as met:
        await client.post("/v1/messages", body=document, cast_to=object)
    message = met.value.body["error"]["message"]
    assert message.startswith(f"{named} ") or f"asked for {named}" in message
    assert stubbed.gateway.heard(CallFinished) == []


async def test_an_unknown_model_is_not_found(client):
    """The error has Anthropic's shape and type."""
    with pytest.raises(anthropic.NotFoundError) as met:
        await client.messages.create(model="nobody", **ASKED)
    assert met.value.body["error"]["type"] == "not_found_error"


async def test_models_are_listed_as_anthropic_lists_them(client):
    """Who says a version of Anthropic's API gets its page."""
    names = [model.id async for model in client.models.list()]
    assert {"anthropic:claude-haiku-4-5", "openai:gpt-4o"} <= set(names)
