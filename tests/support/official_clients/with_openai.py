"""What OpenAI's client is asked to do."""

from __future__ import annotations

import json
from functools import partial

import openai

from support.official_clients.failing_chats import fail_chat
from support.official_clients.trial import MODEL, Lacks, Stub

ASKED = [{"role": "user", "content": "Is it on fire? Say so as JSON."}]
PARAMETERS = {
    "type": "object",
    "properties": {"place": {"type": "string"}, "floor": {"type": "integer"}},
    "required": ["place", "floor"],
    "additionalProperties": False,
}
TOOLS = [{"type": "function", "function": {"name": "look", "parameters": PARAMETERS}}]
FLAT_TOOLS = [{"type": "function", "name": "look", "parameters": PARAMETERS, "strict": False}]
ERRORS = {
    "rate_limit": (openai.RateLimitError,),
    "auth": (openai.AuthenticationError,),
    "server_error": (openai.InternalServerError,),
    "context_overflow": (openai.BadRequestError,),
    "invalid_request": (openai.BadRequestError,),
    "network": (openai.APIConnectionError,),
    "timeout": (openai.APITimeoutError,),
    "unknown": (openai.APIError, ValueError),
}
CODES = {
    "rate_limit": "rate_limit_exceeded",
    "auth": "invalid_api_key",
    "context_overflow": "context_length_exceeded",
}


def sync(stub: Stub, **options: object) -> openai.OpenAI:
    """Return a client that asks once."""
    return openai.OpenAI(base_url=f"{stub.url}/v1", api_key=stub.key, max_retries=0, **options)


def aio(stub: Stub, **options: object) -> openai.AsyncOpenAI:
    """Return an asynchronous client that asks once."""
    return openai.AsyncOpenAI(base_url=f"{stub.url}/v1", api_key=stub.key, max_retries=0, **options)


def demand_responses() -> None:
    """Raise Lacks where the client has no responses yet."""
    if not hasattr(openai.OpenAI, "responses"):
        import openai.resources as resources

        if not hasattr(resources, "responses"):
            raise Lacks


def try_chat(stub: Stub) -> None:
    """A plain chat has an answer, its usage, and the request's id."""
    with sync(stub) as client:
        answer = client.chat.completions.create(model=MODEL, messages=ASKED, temperature=0.5)
        assert answer.choices[0].message.content
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
        assert answer._request_id.startswith("req_")
        raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=ASKED)
        assert int(raw.headers["x-ratelimit-remaining-requests"]) > 0


async def try_chat_async(stub: Stub) -> None:
    """The asynchronous client gets the same."""
    async with aio(stub) as client:
        answer = await client.chat.completions.create(model=MODEL, messages=ASKED)
        assert answer.choices[0].message.content


def try_chat_streamed(stub: Stub) -> None:
    """A stream has deltas, a reason for its end, and its usage when it is asked for."""
    with sync(stub) as client:
        stream = client.chat.completions.create(
            model=MODEL, messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.completion_tokens > 0


async def try_chat_streamed_async(stub: Stub) -> None:
    """The asynchronous client streams too."""
    async with aio(stub) as client:
        stream = await client.chat.completions.create(model=MODEL, messages=ASKED, stream=True)
        assert len([chunk async for chunk in stream]) > 2


def try_choices(stub: Stub) -> None:
    """As many choices as are asked for, plain and streamed."""
    with sync(stub) as client:
        answer = client.chat.completions.create(model=MODEL, messages=ASKED, n=3)
        assert [choice.index for choice in answer.choices] == [0, 1, 2]
        stream = client.chat.completions.create(model=MODEL, messages=ASKED, n=2, stream=True)
        assert {choice.index for chunk in stream for choice in chunk.choices} == {0, 1}


def try_json(stub: Stub) -> None:
    """JSON mode answers JSON; a schema is kept."""
    with sync(stub) as client:
        answer = client.chat.completions.create(
            model=MODEL, messages=ASKED, response_format={"type": "json_object"}
        )
        assert isinstance(json.loads(answer.choices[0].message.content), dict)
        form = {"type": "json_schema", "json_schema": {"name": "fire", "schema": PARAMETERS, "strict": True}}
        answer = client.chat.completions.create(model=MODEL, messages=ASKED, response_format=form)
        assert set(json.loads(answer.choices[0].message.content)) == {"place", "floor"}


def try_tools(stub: Stub) -> None:
    """An offered tool is called, and answered about once its result is there."""
    with sync(stub) as client:
        answer = client.chat.completions.create(model=MODEL, messages=ASKED, tools=TOOLS)
        (call,) = answer.choices[0].message.tool_calls
        assert answer.choices[0].finish_reason == "tool_calls"
        assert set(json.loads(call.function.arguments)) == {"place", "floor"}
        result = {"role": "tool", "tool_call_id": call.id, "content": "yes"}
        talk = [*ASKED, answer.choices[0].message, result]
        answer = client.chat.completions.create(model=MODEL, messages=talk, tools=TOOLS)
        assert answer.choices[0].message.content


def try_tools_streamed(stub: Stub) -> None:
    """The arguments of a streamed call come in pieces."""
    with sync(stub) as client:
        stream = client.chat.completions.create(
            model=MODEL, messages=ASKED, tools=TOOLS, tool_choice="required", stream=True
        )
        calls = [
            call for chunk in stream for choice in chunk.choices for call in choice.delta.tool_calls or ()
        ]
    assert calls[0].function.name == "look"
    assert json.loads("".join(call.function.arguments for call in calls))


def try_logprobs(stub: Stub) -> None:
    """Log probabilities are refused."""
    with sync(stub) as client:
        try:
            client.chat.completions.create(model=MODEL, messages=ASKED, logprobs=True)
        except openai.PermissionDeniedError:
            return
    raise AssertionError("they were not refused")


def try_unknown_route(stub: Stub) -> None:
    """A route that is not served is not found."""
    with sync(stub) as client:
        try:
            client.files.list()
        except openai.NotFoundError as met:
            assert met.type == "invalid_request_error"
            return
    raise AssertionError("it was found")


def try_models(stub: Stub) -> None:
    """Models are listed and found; another is not."""
    with sync(stub) as client:
        client.chat.completions.create(model=MODEL, messages=ASKED)
        assert MODEL in [model.id for model in client.models.list()]
        assert client.models.retrieve(MODEL).id == MODEL
        try:
            client.models.retrieve("nobody")
        except openai.NotFoundError as met:
            assert met.code == "model_not_found"
            return
    raise AssertionError("it was found")


def try_embeddings(stub: Stub) -> None:
    """Each text has a vector, as long as is asked for."""
    with sync(stub) as client:
        answer = client.embeddings.create(model=MODEL, input=["fire", "smoke"], dimensions=8)
        assert [len(item.embedding) for item in answer.data] == [8, 8]
        assert answer.usage.total_tokens > 0


async def try_embeddings_async(stub: Stub) -> None:
    """The asynchronous client gets them too."""
    async with aio(stub) as client:
        assert (await client.embeddings.create(model=MODEL, input="fire")).data[0].embedding


def try_responses(stub: Stub) -> None:
    """A response has text and usage; instructions are repeated."""
    demand_responses()
    with sync(stub) as client:
        answer = client.responses.create(model=MODEL, input="Is it on fire?", instructions="Be brief")
        assert answer.output_text
        assert (answer.status, answer.instructions) == ("completed", "Be brief")
        assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


async def try_responses_async(stub: Stub) -> None:
    """The asynchronous client gets them too, as JSON of a schema."""
    demand_responses()
    form = {"type": "json_schema", "name": "fire", "schema": PARAMETERS}
    async with aio(stub) as client:
        answer = await client.responses.create(model=MODEL, input=ASKED, text={"format": form})
        assert set(json.loads(answer.output_text)) == {"place", "floor"}


def try_responses_streamed(stub: Stub) -> None:
    """The client puts the events together to the whole response."""
    demand_responses()
    with sync(stub) as client:
        events = list(client.responses.create(model=MODEL, input=ASKED, stream=True))
        said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        assert events[-1].type == "response.completed"
        assert events[-1].response.output_text == said
        assert [event.sequence_number for event in events] == list(range(len(events)))
        with client.responses.stream(model=MODEL, input=ASKED) as stream:
            assert stream.get_final_response().output_text == said


def try_responses_tools(stub: Stub) -> None:
    """An offered tool is called, plain and streamed."""
    demand_responses()
    with sync(stub) as client:
        answer = client.responses.create(model=MODEL, input=ASKED, tools=FLAT_TOOLS)
        (call,) = answer.output
        assert (call.type, call.name, set(json.loads(call.arguments))) == (
            "function_call",
            "look",
            {"place", "floor"},
        )
        with client.responses.stream(model=MODEL, input=ASKED, tools=FLAT_TOOLS) as stream:
            assert stream.get_final_response().output[0].name == "look"
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "yes"}
        answer = client.responses.create(model=MODEL, input=[*ASKED, result], tools=FLAT_TOOLS)
        assert answer.output_text


def fail(stub: Stub, model: str, way: str) -> object:
    """Ask a model that fails."""
    return fail_chat(partial(sync, stub), partial(aio, stub), ASKED, model, way)


def check_failure(error: str, met: BaseException) -> None:
    """Look at what the exception says besides its class."""
    if error in CODES:
        assert met.code == CODES[error]
        assert met.request_id.startswith("req_")
    if error == "rate_limit":
        assert met.response.headers["retry-after"] == "1"
