"""What Anthropic's client is asked to do."""

from __future__ import annotations

import anthropic

from support.official_clients.trial import MODEL, TOO_LONG_S, Lacks, Stub

ASKED = {"max_tokens": 100, "messages": [{"role": "user", "content": "Is it on fire?"}]}
SCHEMA = {
    "type": "object",
    "properties": {"place": {"type": "string"}, "floor": {"type": "integer"}},
    "required": ["place", "floor"],
}
TOOLS = [{"name": "look", "description": "Look there.", "input_schema": SCHEMA}]
ERRORS = {
    "rate_limit": (anthropic.RateLimitError,),
    "auth": (anthropic.AuthenticationError,),
    "server_error": (anthropic.InternalServerError,),
    "context_overflow": (anthropic.BadRequestError,),
    "invalid_request": (anthropic.BadRequestError,),
    "network": (anthropic.APIConnectionError,),
    "timeout": (anthropic.APITimeoutError,),
    "unknown": (anthropic.APIError, ValueError),
}
TYPES = {"rate_limit": "rate_limit_error", "auth": "authentication_error", "server_error": "overloaded_error"}


def sync(stub: Stub) -> anthropic.Anthropic:
    """Return a client that asks once."""
    return anthropic.Anthropic(base_url=stub.url, api_key=stub.key, max_retries=0)


def aio(stub: Stub) -> anthropic.AsyncAnthropic:
    """Return an asynchronous client that asks once."""
    return anthropic.AsyncAnthropic(base_url=stub.url, api_key=stub.key, max_retries=0)


def try_message(stub: Stub) -> None:
    """A plain message has text, usage, and the request's id."""
    with sync(stub) as client:
        answer = client.messages.create(model=MODEL, system="Be brief", **ASKED)
        assert answer.content[0].text
        assert answer.stop_reason == "end_turn"
        assert answer.usage.input_tokens > 0
        assert answer.usage.output_tokens > 0
        assert answer._request_id.startswith("req_")
        raw = client.messages.with_raw_response.create(model=MODEL, **ASKED)
        assert int(raw.headers["anthropic-ratelimit-requests-remaining"]) > 0


async def try_message_async(stub: Stub) -> None:
    """The asynchronous client gets the same."""
    async with aio(stub) as client:
        assert (await client.messages.create(model=MODEL, **ASKED)).content[0].text


def try_message_streamed(stub: Stub) -> None:
    """The client puts the events together to the whole message."""
    with sync(stub) as client:
        assert len(list(client.messages.create(model=MODEL, stream=True, **ASKED))) > 4
        with client.messages.stream(model=MODEL, **ASKED) as stream:
            said = "".join(stream.text_stream)
            final = stream.get_final_message()
    assert final.content[0].text == said
    assert final.usage.output_tokens > 1


async def try_message_streamed_async(stub: Stub) -> None:
    """The asynchronous client streams too."""
    async with aio(stub) as client, client.messages.stream(model=MODEL, **ASKED) as stream:
        assert (await stream.get_final_message()).content[0].text


def try_both_keys(stub: Stub) -> None:
    """A bearer token is as good as an API key."""
    with anthropic.Anthropic(base_url=stub.url, auth_token=stub.key, max_retries=0) as client:
        assert client.messages.create(model=MODEL, **ASKED).content
    older = {"X-Api-Key": stub.key}
    with anthropic.Anthropic(
        base_url=stub.url, auth_token="another", default_headers=older, max_retries=0
    ) as client:
        assert client.messages.create(model=MODEL, **ASKED).content


def try_tools(stub: Stub) -> None:
    """An offered tool is called, and answered about once its result is there."""
    with sync(stub) as client:
        answer = client.messages.create(model=MODEL, tools=TOOLS, **ASKED)
        (block,) = answer.content
        assert (answer.stop_reason, block.name, set(block.input)) == ("tool_use", "look", {"place", "floor"})
        result = {"type": "tool_result", "tool_use_id": block.id, "content": "yes"}
        talk = [
            *ASKED["messages"],
            {"role": "assistant", "content": [block.model_dump(exclude_none=True)]},
            {"role": "user", "content": [result]},
        ]
        answer = client.messages.create(model=MODEL, max_tokens=100, tools=TOOLS, messages=talk)
        assert answer.content[0].text


def try_tools_streamed(stub: Stub) -> None:
    """The client puts a tool's input together."""
    with (
        sync(stub) as client,
        client.messages.stream(model=MODEL, tools=TOOLS, tool_choice={"type": "any"}, **ASKED) as stream,
    ):
        final = stream.get_final_message()
    assert set(final.content[0].input) == {"place", "floor"}


def try_count_tokens(stub: Stub) -> None:
    """Tokens are counted as a message has them."""
    with sync(stub) as client:
        if not hasattr(client.messages, "count_tokens"):
            raise Lacks
        counted = client.messages.count_tokens(model=MODEL, messages=ASKED["messages"]).input_tokens
        assert counted == client.messages.create(model=MODEL, **ASKED).usage.input_tokens


async def try_count_tokens_async(stub: Stub) -> None:
    """The asynchronous client counts too."""
    async with aio(stub) as client:
        if not hasattr(client.messages, "count_tokens"):
            raise Lacks
        assert (await client.messages.count_tokens(model=MODEL, messages=ASKED["messages"])).input_tokens


def try_models(stub: Stub) -> None:
    """Models are listed by the page, and found; another is not."""
    with sync(stub) as client:
        if not hasattr(client, "models"):
            raise Lacks
        for name in (MODEL, "second-model"):
            client.messages.create(model=name, **ASKED)
        names = [model.id for model in client.models.list(limit=1)]
        assert {MODEL, "second-model"} <= set(names)
        assert len(names) == len(set(names))
        assert client.models.retrieve(MODEL).id == MODEL
        try:
            client.models.retrieve("nobody")
        except anthropic.NotFoundError:
            return
    raise AssertionError("it was found")


def try_unknown_route(stub: Stub) -> None:
    """A route that is not served is not found."""
    with sync(stub) as client:
        try:
            client.post("/v1/complete", body={}, cast_to=object)
        except anthropic.NotFoundError as met:
            assert met.body["error"]["type"] == "not_found_error"
            return
    raise AssertionError("it was found")


def try_sampling(stub: Stub) -> None:
    """The newest version of the API has no temperature; the one before has."""
    with sync(stub) as client:
        newest = str(client.default_headers["anthropic-version"]) > "2023-06-01"
        try:
            client.messages.create(model=MODEL, extra_body={"temperature": 0.5}, **ASKED)
        except anthropic.BadRequestError as met:
            assert newest
            assert "temperature: Extra inputs are not permitted" in str(met)
        else:
            assert not newest


def fail(stub: Stub, model: str, way: str) -> object:
    """Ask a model that fails."""
    asked = {**ASKED, "model": model, "timeout": TOO_LONG_S if "timeout" in model else 10}
    if way.startswith("async"):
        return fail_async(stub, asked, way.endswith("streamed"))
    with sync(stub) as client:
        if way == "plain":
            return client.messages.create(**asked).content[0].text
        with client.messages.stream(**asked) as stream:
            return stream.get_final_message()


async def fail_async(stub: Stub, asked: dict[str, object], stream: bool) -> object:
    """Ask a model that fails, asynchronously."""
    async with aio(stub) as client:
        if not stream:
            return (await client.messages.create(**asked)).content[0].text
        async with client.messages.stream(**asked) as events:
            return await events.get_final_message()


def check_failure(error: str, met: BaseException) -> None:
    """Look at what the exception says besides its class."""
    if error in TYPES:
        assert met.body["error"]["type"] == TYPES[error]
        assert met.body["request_id"] == met.response.headers["request-id"]
    if error == "rate_limit":
        assert met.response.headers["retry-after"] == "1"
