"""OpenAI's own client, through the gateway, before stubs of four dialects."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.fake_providers import STREAMED, break_after
from support.late_imports import LateModule
from support.stubbed_gateway import DEMAND_TOOLS, MODELS, Stubbed

from alertdrill.gateway.events import CallFinished
from stub_providers.behaviour import Behaviour
from stub_providers.distributions import Constant
from stub_providers.strikes import Next, OneError

pytestmark = pytest.mark.usefixtures("trust_one_authority")
openai = LateModule("openai")
ASKED = [{"role": "user", "content": "Is it on fire? Say so as JSON."}]
SCHEMA = {
    "type": "object",
    "properties": {"place": {"type": "string"}, "floor": {"type": "integer"}},
    "required": ["place", "floor"],
    "additionalProperties": False,
}
TOOLS = [{"type": "function", "function": {"name": "look", "description": "Look.", "parameters": SCHEMA}}]
FORMAT = {"type": "json_schema", "json_schema": {"name": "fire", "schema": SCHEMA, "strict": True}}


@pytest.fixture
async def client(stubbed: Stubbed) -> AsyncIterator[Any]:
    """Yield a client that asks once, with a key of the gateway."""
    token = await stubbed.gateway.issue(id="k1")
    async with openai.AsyncOpenAI(base_url=f"{stubbed.url}/v1", api_key=token, max_retries=0) as client:
        yield client


@pytest.mark.parametrize("provider", MODELS)
async def test_a_chat_is_answered(client, stubbed, provider):
    """Whatever its provider speaks, an answer has text, a reason for its end and its usage."""
    answer = await client.chat.completions.create(model=MODELS[provider], messages=ASKED, temperature=0.5)
    (choice,) = answer.choices
    assert choice.message.content
    assert choice.finish_reason == "stop"
    (call,) = stubbed.gateway.heard(CallFinished)
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (
        call.prompt_tokens,
        call.completion_tokens,
    )


@pytest.mark.parametrize("provider", MODELS)
async def test_a_stream_has_its_usage_last(client, provider):
    """Deltas come to a text, and `include_usage` adds a chunk without choices."""
    stream = await client.chat.completions.create(
        model=MODELS[provider], messages=ASKED, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert (
        chunks[-1].usage.total_tokens == chunks[-1].usage.prompt_tokens + chunks[-1].usage.completion_tokens
    )


@pytest.mark.parametrize("provider", MODELS)
async def test_a_tool_is_called_and_its_result_answered(client, provider):
    """The conversation of a tool goes through: offered, called, its result told, answered."""
    model = MODELS[provider]
    answer = await client.chat.completions.create(model=model, messages=ASKED, tools=TOOLS)
    (choice,) = answer.choices
    (call,) = choice.message.tool_calls
    assert (choice.finish_reason, choice.message.content, call.function.name) == ("tool_calls", None, "look")
    assert set(json.loads(call.function.arguments)) == {"place", "floor"}
    talk = [*ASKED, choice.message, {"role": "tool", "tool_call_id": call.id, "content": "yes"}]
    answer = await client.chat.completions.create(model=model, messages=talk, tools=TOOLS)
    assert answer.choices[0].message.content
    assert answer.choices[0].message.tool_calls is None


@pytest.mark.parametrize("provider", MODELS)
async def test_a_streamed_tool_call_comes_in_pieces(client, provider):
    """The client puts the call together, as it would from OpenAI."""
    choice = "required" if provider in DEMAND_TOOLS else "auto"
    async with client.chat.completions.stream(
        model=MODELS[provider], messages=ASKED, tools=TOOLS, tool_choice=choice
    ) as stream:
        final = await stream.get_final_completion()
    (choice,) = final.choices
    (call,) = choice.message.tool_calls
    assert (choice.finish_reason, call.function.name, call.id != "") == ("tool_calls", "look", True)
    assert set(json.loads(call.function.arguments)) == {"place", "floor"}


@pytest.mark.parametrize("provider", MODELS)
async def test_no_tool_is_called_where_none_may_be(client, provider):
    """`none` is answered in words, though there are tools."""
    answer = await client.chat.completions.create(
        model=MODELS[provider], messages=ASKED, tools=TOOLS, tool_choice="none"
    )
    assert answer.choices[0].message.content
    assert answer.choices[0].message.tool_calls is None


@pytest.mark.parametrize("provider", DEMAND_TOOLS)
async def test_a_named_tool_is_called(client, provider):
    """Though it is not the first; who can be told so calls one at a time."""
    named = {"type": "function", "function": {"name": "listen"}}
    one = {} if provider == "google" else {"parallel_tool_calls": False}
    answer = await client.chat.completions.create(
        model=MODELS[provider], messages=ASKED, tools=[*TOOLS, named], tool_choice=named, **one
    )
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["listen"]


@pytest.mark.parametrize("provider", MODELS)
async def test_calls_have_ids_that_no_other_has(client, provider):
    """Also where the provider gives none: two answers of one conversation never share one."""
    answers = [
        await client.chat.completions.create(model=MODELS[provider], messages=ASKED, tools=TOOLS)
        for _ in range(2)
    ]
    first, second = (answer.choices[0].message.tool_calls[0].id for answer in answers)
    assert first != second


@pytest.mark.parametrize("provider", MODELS)
async def test_the_result_of_no_call_is_refused(client, stubbed, provider):
    """A tool's message whose id no call before it has is a 400, as it is with OpenAI."""
    talk = [*ASKED, {"role": "tool", "tool_call_id": "nobody's", "content": "yes"}]
    with pytest.raises(openai.BadRequestError, match="nobody's") as met:
        await client.chat.completions.create(model=MODELS[provider], messages=talk, tools=TOOLS)
    assert met.value.param == "messages"
    assert stubbed.gateway.heard(CallFinished) == []


@pytest.mark.parametrize("provider", MODELS)
async def test_a_schema_is_kept(client, provider):
    """An answer with a schema is JSON of it, from each provider."""
    answer = await client.chat.completions.create(
        model=MODELS[provider], messages=ASKED, response_format=FORMAT
    )
    assert set(json.loads(answer.choices[0].message.content)) == {"place", "floor"}


@pytest.mark.parametrize("provider", ["openai", "ollama", "google"])
async def test_json_mode_answers_an_object(client, provider):
    """JSON mode reaches all who have one."""
    answer = await client.chat.completions.create(
        model=MODELS[provider], messages=ASKED, response_format={"type": "json_object"}
    )
    assert isinstance(json.loads(answer.choices[0].message.content), dict)


async def test_choices_are_as_many_as_asked_for(client, stubbed):
    """Plain and streamed; the tokens of all are charged."""
    answer = await client.chat.completions.create(model="gpt-4o", messages=ASKED, n=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert all(choice.message.content for choice in answer.choices)
    assert stubbed.gateway.heard(CallFinished)[0].completion_tokens == answer.usage.completion_tokens
    stream = await client.chat.completions.create(model="gpt-4o", messages=ASKED, n=2, stream=True)
    said = {0: "", 1: ""}
    async for chunk in stream:
        for choice in chunk.choices:
            said[choice.index] += choice.delta.content or ""
    assert said[0] == said[1] != ""


@pytest.mark.parametrize(
    ("provider", "asked", "param"),
    [
        ("ollama", {"tools": TOOLS, "tool_choice": "required"}, "tool_choice"),
        ("ollama", {"tools": TOOLS, "parallel_tool_calls": False}, "parallel_tool_calls"),
        ("google", {"tools": TOOLS, "parallel_tool_calls": False}, "parallel_tool_calls"),
        ("ollama", {"n": 2}, "n"),
        ("anthropic", {"n": 2}, "n"),
        ("anthropic", {"response_format": {"type": "json_object"}}, "response_format"),
        ("anthropic", {"seed": 1}, "seed"),
        ("google", {"frequency_penalty": 0.5}, "frequency_penalty"),
        ("openai", {"logprobs": True}, "logprobs"),
        ("openai", {"logit_bias": {"1": 5}}, "logit_bias"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_what_a_provider_cannot_is_refused_by_name(client, stubbed, provider, asked, param, stream):
    """A request that needs more than its provider's dialect has is a 400 that says so; nothing is called."""
    with pytest.raises(openai.BadRequestError) as met:
        await client.chat.completions.create(
            model=MODELS[provider], messages=ASKED, stream=stream, extra_body=asked
        )
    assert met.value.param == param
    assert stubbed.gateway.heard(CallFinished) == []


async def test_no_fallback_lacks_what_a_request_needs(client, stubbed):
    """A request for several choices whose provider fails does not end at one that would give but one."""
    stubbed.engines["openai"].tell(
        "gpt-4o",
        Behaviour(latency=Constant(s=0.0), errors=OneError(error="server_error", when=Next(count=2))),
    )
    with pytest.raises(openai.InternalServerError):
        await client.chat.completions.create(model="gpt-4o", messages=ASKED, n=2)
    answer = await client.chat.completions.create(model="gpt-4o", messages=ASKED)
    assert answer.model == "llama3.2"


@pytest.mark.parametrize(
    ("error", "raised", "code"),
    [
        ("rate_limit", "RateLimitError", "rate_limit"),
        ("auth", "InternalServerError", "auth"),
        ("server_error", "InternalServerError", "server_error"),
        ("context_overflow", "BadRequestError", "context_length_exceeded"),
        ("invalid_request", "BadRequestError", "invalid_request"),
        ("network", "InternalServerError", "network"),
        ("unknown", "InternalServerError", "unknown"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_failure_is_the_clients_own_exception(client, stubbed, error, raised, code, stream):
    """When no provider answers, the class of the first failure decides which exception is raised."""
    failing = Behaviour(latency=Constant(s=0.0), errors=OneError(error=error, when=Next(count=9)))
    for model, provider in (("gpt-4o", "openai"), ("llama3.2", "ollama")):
        stubbed.engines[provider].tell(model, failing)
    with pytest.raises(getattr(openai, raised)) as met:
        await client.chat.completions.create(model="gpt-4o", messages=ASKED, stream=stream)
    assert met.value.code == code


async def test_a_stream_that_breaks_off_is_the_clients_own_exception(providers, start_gateway):
    """An error within a stream is raised while it is read."""
    gateway = await start_gateway(openai=providers["openai"].url)
    providers["openai"].script.append(break_after(STREAMED["openai"][:2]))
    url = str(gateway.client.make_url("/v1"))
    async with openai.AsyncOpenAI(base_url=url, api_key="the-admin-token", max_retries=0) as client:
        stream = await client.chat.completions.create(model="gpt-4o", messages=ASKED, stream=True)
        assert (await anext(stream)).choices[0].delta.content == "Hello "
        with pytest.raises(openai.APIError, match="could not be reached"):
            await anext(stream)


async def test_a_wrong_key_and_a_wrong_model_are_said(client):
    """Who is not let in, and who asks for what there is not, gets the exception of it."""
    with pytest.raises(openai.NotFoundError) as met:
        await client.chat.completions.create(model="nobody", messages=ASKED)
    assert met.value.code == "model_not_found"
    stranger = client.with_options(api_key="adk-wrong")
    with pytest.raises(openai.AuthenticationError):
        await stranger.chat.completions.create(model="gpt-4o", messages=ASKED)
    with pytest.raises(openai.AuthenticationError):
        await stranger.embeddings.create(model="text-embedding-3-small", input="fire")


@pytest.mark.parametrize("encoding", ["float", "base64"])
async def test_embeddings_are_made_and_charged(client, stubbed, encoding):
    """Each text has a vector as long as is asked for; the call costs its prompt."""
    answer = await client.embeddings.create(
        model="text-embedding-3-small", input=["fire", "smoke"], dimensions=8, encoding_format=encoding
    )
    assert len(answer.data) == 2
    assert answer.data[0].object == "embedding"
    (call,) = stubbed.gateway.heard(CallFinished)
    assert (call.model, call.key_id, call.status) == ("text-embedding-3-small", "k1", "ok")
    assert (call.prompt_tokens, call.completion_tokens) == (answer.usage.total_tokens, 0)
    assert call.cost_usd > 0


async def test_the_client_decodes_embeddings_itself(client):
    """Left to itself the client asks for base64, and gets numbers out of it."""
    answer = await client.embeddings.create(model="text-embedding-3-large", input="fire", dimensions=4)
    assert [type(number) for number in answer.data[0].embedding] == [float] * 4


@pytest.mark.parametrize(
    ("asked", "raised"),
    [
        ({"model": "nobody", "input": "x"}, "NotFoundError"),
        ({"model": "gpt-4o", "input": "x"}, "BadRequestError"),
        ({"model": "text-embedding-3-small", "input": []}, "BadRequestError"),
        ({"model": "text-embedding-3-small", "input": [""]}, "BadRequestError"),
        ({"model": "text-embedding-3-small", "input": ["x"] * 2049}, "BadRequestError"),
        ({"model": "text-embedding-3-small", "input": "x", "dimensions": 0}, "BadRequestError"),
    ],
)
async def test_unusable_embeddings_are_refused(client, stubbed, asked, raised):
    """What is no request for embeddings, or for a model that makes none, is not called."""
    with pytest.raises(getattr(openai, raised)):
        await client.embeddings.create(**asked)
    assert stubbed.gateway.heard(CallFinished) == []


async def test_a_model_for_embeddings_does_not_chat(client):
    """It is none of the models that are routed to."""
    with pytest.raises(openai.NotFoundError):
        await client.chat.completions.create(model="text-embedding-3-small", messages=ASKED)


async def test_models_are_listed_and_found(client):
    """Those for embeddings too; another is not found."""
    names = [model.id async for model in client.models.list()]
    assert {"openai:gpt-4o", "openai:text-embedding-3-small"} <= set(names)
    assert (await client.models.retrieve("openai:gpt-4o")).owned_by == "openai"
    assert (await client.models.retrieve("text-embedding-3-small")).id == "openai:text-embedding-3-small"
    with pytest.raises(openai.NotFoundError) as met:
        await client.models.retrieve("nobody")
    assert met.value.code == "model_not_found"
