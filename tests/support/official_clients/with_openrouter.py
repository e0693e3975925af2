"""What OpenAI's client is asked to do with OpenRouter, which has it in its own documentation."""

from __future__ import annotations

from functools import partial

import openai

from support.official_clients.failing_chats import fail_chat
from support.official_clients.trial import MODEL, Stub

ASKED = [{"role": "user", "content": "Is it on fire?"}]
ERRORS = {
    "rate_limit": (openai.RateLimitError,),
    "auth": (openai.AuthenticationError,),
    "server_error": (openai.APIError,),
    "context_overflow": (openai.BadRequestError,),
    "invalid_request": (openai.BadRequestError,),
    "network": (openai.APIConnectionError,),
    "timeout": (openai.APITimeoutError,),
    "unknown": (openai.APIError, ValueError),
}


def sync(stub: Stub) -> openai.OpenAI:
    """Return a client that asks once."""
    return openai.OpenAI(base_url=f"{stub.url}/api/v1", api_key=stub.key, max_retries=0)


def aio(stub: Stub) -> openai.AsyncOpenAI:
    """Return an asynchronous client that asks once."""
    return openai.AsyncOpenAI(base_url=f"{stub.url}/api/v1", api_key=stub.key, max_retries=0)


def try_chat(stub: Stub) -> None:
    """A plain chat has an answer, what it cost, and who made it."""
    with sync(stub) as client:
        answer = client.chat.completions.create(model=MODEL, messages=ASKED)
    assert answer.choices[0].message.content
    assert answer.usage.model_extra["cost"] > 0
    assert answer.model_extra["provider"]


async def try_chat_async(stub: Stub) -> None:
    """The asynchronous client gets the same."""
    async with aio(stub) as client:
        answer = await client.chat.completions.create(model=MODEL, messages=ASKED)
        assert answer.choices[0].message.content


def try_chat_streamed(stub: Stub) -> None:
    """Comments are passed over; the last chunk has the usage, asked for or not."""
    with sync(stub) as client:
        chunks = list(client.chat.completions.create(model=MODEL, messages=ASKED, stream=True))
    assert "".join(chunk.choices[0].delta.content for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.model_extra["cost"] > 0


def try_key_and_credits(stub: Stub) -> None:
    """The key and what is left on it can be looked at."""
    with sync(stub) as client:
        key = client.get("/key", cast_to=object)
        assert key["data"]["label"]
        assert client.get("/credits", cast_to=object)["data"]["total_credits"] > 0


def try_models(stub: Stub) -> None:
    """Models are listed with their prices."""
    with sync(stub) as client:
        client.chat.completions.create(model=MODEL, messages=ASKED)
        assert MODEL in [model.id for model in client.models.list()]


def try_an_error_after_the_first_token(stub: Stub) -> None:
    """An upstream that fails breaks a stream off that has begun with status 200."""
    stub.tell("breaks-off", errors={"class": "server_error", "share": 1})
    got = []
    with sync(stub) as client:
        try:
            for chunk in client.chat.completions.create(model="breaks-off", messages=ASKED, stream=True):
                got.append(chunk)
        except openai.APIError as met:
            assert not isinstance(met, openai.APIStatusError)
            assert (str(met.code), "".join(chunk.choices[0].delta.content for chunk in got) != "") == (
                "502",
                True,
            )
            return
    raise AssertionError("it did not break off")


def try_unknown_route(stub: Stub) -> None:
    """A route that is not served is not found."""
    with sync(stub) as client:
        try:
            client.files.list()
        except openai.NotFoundError as met:
            assert str(met.code) == "404"
            return
    raise AssertionError("it was found")


def fail(stub: Stub, model: str, way: str) -> object:
    """Ask a model that fails."""
    return fail_chat(partial(sync, stub), partial(aio, stub), ASKED, model, way)


def check_failure(error: str, met: BaseException) -> None:
    """Look at what the exception says besides its class."""
    if error == "rate_limit":
        assert met.response.headers["retry-after"] == "1"
        assert str(met.code) == "429"
