"""Good answers, plain and streamed, in each dialect's own shape."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from support.curl import perform

from alertdrill.cli.stub_examples import say_call

DATA = "data: "


def events(text: str) -> list[tuple[str | None, str]]:
    """Split server-sent events into (event, data)."""
    text = text.replace("\r\n", "\n")
    assert text.endswith("\n\n")
    parsed = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        lines = block.split("\n")
        name = lines[0].removeprefix("event: ") if lines[0].startswith("event: ") else None
        assert lines[-1].startswith(DATA)
        parsed.append((name, lines[-1].removeprefix(DATA)))
    return parsed


async def test_openai_answers_a_completion(openai: Any) -> None:
    """A plain OpenAI answer is a chat.completion with its usage."""
    status, headers, text = await openai.ask("o-plain")
    answer = json.loads(text)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert answer["id"].startswith("chatcmpl-")
    assert (answer["object"], answer["model"]) == ("chat.completion", "o-plain")
    assert answer["created"] == pytest.approx(time.time(), abs=60)
    choice = answer["choices"][0]
    assert (choice["index"], choice["finish_reason"]) == (0, "stop")
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"]
    assert answer["usage"] == {"prompt_tokens": 4, "completion_tokens": 64, "total_tokens": 68}


async def test_openai_streams_chunks(openai: Any) -> None:
    """A streamed OpenAI answer has the role, few content chunks, a finish reason, usage and [DONE]."""
    status, headers, text = await openai.ask("o-stream", stream=True, stream_options={"include_usage": True})
    assert (status, headers["Content-Type"]) == (200, "text/event-stream")
    *frames, (_, last) = events(text)
    assert last == "[DONE]"
    chunks = [json.loads(data) for _, data in frames]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    first, *contents, final, usage = chunks
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert 1 <= len(contents) <= 5
    assert all(chunk["choices"][0]["delta"]["content"] for chunk in contents)
    assert (final["choices"][0]["delta"], final["choices"][0]["finish_reason"]) == ({}, "stop")
    assert {chunk["usage"] for chunk in (first, *contents, final)} == {None}
    assert (usage["choices"], usage["usage"]["completion_tokens"]) == ([], 64)


async def test_openai_streams_usage_only_on_request(openai: Any) -> None:
    """Without include_usage no chunk speaks of usage."""
    _, _, text = await openai.ask("o-brief", stream=True)
    assert "usage" not in text
    assert text.endswith("data: [DONE]\n\n")


async def test_anthropic_answers_a_message(anthropic: Any) -> None:
    """A plain Anthropic answer is a message with its usage."""
    status, _, text = await anthropic.ask("a-plain", system="Be brief")
    answer = json.loads(text)
    assert status == 200
    assert answer.pop("id").startswith("msg_")
    (block,) = answer.pop("content")
    assert block["type"] == "text"
    assert block["text"]
    assert answer == {
        "type": "message",
        "role": "assistant",
        "model": "a-plain",
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 6, "output_tokens": 64},
    }


async def test_anthropic_streams_named_events(anthropic: Any) -> None:
    """A streamed Anthropic answer has the events from message_start to message_stop, with usage."""
    status, headers, text = await anthropic.ask("a-stream", stream=True)
    assert (status, headers["Content-Type"]) == (200, "text/event-stream")
    parsed = [(name, json.loads(data)) for name, data in events(text)]
    assert all(name == data["type"] for name, data in parsed)
    names = [name for name, _ in parsed]
    deltas = names.count("content_block_delta")
    assert 1 <= deltas <= 5
    assert names == [
        "message_start",
        "content_block_start",
        "ping",
        *["content_block_delta"] * deltas,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert parsed[0][1]["message"]["usage"]["input_tokens"] == 4
    assert parsed[3][1]["delta"]["type"] == "text_delta"
    assert parsed[-2][1]["delta"]["stop_reason"] == "end_turn"
    assert parsed[-2][1]["usage"] == {"output_tokens": 64}


async def test_gemini_generates_content(gemini: Any) -> None:
    """A plain Gemini answer has one candidate of the model's, with its usage."""
    system = {"parts": [{"text": "Be brief"}]}
    status, headers, text = await gemini.ask("g-plain", systemInstruction=system)
    answer = json.loads(text)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    (candidate,) = answer["candidates"]
    assert (candidate["index"], candidate["finishReason"], candidate["content"]["role"]) == (
        0,
        "STOP",
        "model",
    )
    assert candidate["content"]["parts"][0]["text"]
    assert (answer["modelVersion"], bool(answer["responseId"])) == ("g-plain", True)
    assert answer["usageMetadata"] == {
        "promptTokenCount": 6,
        "candidatesTokenCount": 64,
        "totalTokenCount": 70,
    }


async def test_gemini_streams_events_without_an_end_marker(gemini: Any) -> None:
    """Each event is a response of its own; only the last has a finish reason and the completion's count."""
    status, headers, text = await gemini.ask("g-stream", stream=True)
    assert (status, headers["Content-Type"]) == (200, "text/event-stream")
    responses = [json.loads(data) for _, data in events(text)]
    assert 1 <= len(responses) <= 5
    assert len({response["responseId"] for response in responses}) == 1
    assert all(response["candidates"][0]["content"]["parts"][0]["text"] for response in responses)
    reasons = [response["candidates"][0].get("finishReason") for response in responses]
    assert reasons == [None] * (len(responses) - 1) + ["STOP"]
    assert ["candidatesTokenCount" in response["usageMetadata"] for response in responses] == [
        reason is not None for reason in reasons
    ]


@pytest.mark.parametrize("call", ["m:predict", "m", ":generateContent"])
async def test_gemini_knows_some_methods(gemini: Any, call: str) -> None:
    """Another method, no method and no model are not found."""
    url = f"http://{gemini.stub.listen}/v1beta/models/{call}"
    async with gemini.session.post(url, json={}, headers=gemini.stub.headers()) as response:
        assert (response.status, (await response.json())["error"]["status"]) == (404, "NOT_FOUND")


async def test_ollama_answers_a_chat(ollama: Any) -> None:
    """A plain Ollama answer is one done object with counts and durations in rule time."""
    await ollama.tell("l-plain", latency={"kind": "constant", "s": 2})
    status, headers, text = await ollama.ask("l-plain")
    answer = json.loads(text)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert answer["message"]["role"] == "assistant"
    assert answer["message"]["content"]
    assert (answer["done"], answer["done_reason"]) == (True, "stop")
    assert (answer["prompt_eval_count"], answer["eval_count"]) == (4, 64)
    assert answer["total_duration"] == 2_000_000_000
    assert (
        answer["load_duration"] + answer["prompt_eval_duration"] + answer["eval_duration"]
        == answer["total_duration"]
    )


async def test_ollama_streams_unless_told_otherwise(ollama: Any) -> None:
    """Without `stream` Ollama sends a line for each piece and a final one with the counts."""
    body = ollama.stub.body("l-stream")
    del body["stream"]
    status, headers, text = await ollama.post(body)
    assert (status, headers["Content-Type"]) == (200, "application/x-ndjson")
    *pieces, final = [json.loads(line) for line in text.splitlines()]
    assert 1 <= len(pieces) <= 5
    assert all(piece["message"]["content"] and piece["done"] is False for piece in pieces)
    assert (final["done"], final["message"]["content"], final["eval_count"]) == (True, "", 64)


def said_and_counted(dialect: str, stream: bool, text: str) -> tuple[str, int, str]:
    """Return an answer's text, completion tokens and finish reason, from any dialect's wire."""
    if dialect == "ollama":
        lines = [json.loads(line) for line in text.splitlines()]
        said = "".join(line["message"]["content"] for line in lines)
        return said, lines[-1]["eval_count"], lines[-1]["done_reason"]
    if dialect == "gemini":
        parts = [json.loads(data) for _, data in events(text)] if stream else [json.loads(text)]
        said = "".join(part["candidates"][0]["content"]["parts"][0]["text"] for part in parts)
        last = parts[-1]
        return said, last["usageMetadata"]["candidatesTokenCount"], last["candidates"][0]["finishReason"]
    if not stream:
        answer = json.loads(text)
        if dialect == "openai":
            choice = answer["choices"][0]
            return choice["message"]["content"], answer["usage"]["completion_tokens"], choice["finish_reason"]
        return answer["content"][0]["text"], answer["usage"]["output_tokens"], answer["stop_reason"]
    data = [json.loads(data) for _, data in events(text) if data != "[DONE]"]
    if dialect == "openai":
        said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in data if chunk["choices"])
        return said, data[-1]["usage"]["completion_tokens"], data[-2]["choices"][0]["finish_reason"]
    said = "".join(event["delta"]["text"] for event in data if event["type"] == "content_block_delta")
    return said, data[-2]["usage"]["output_tokens"], data[-2]["delta"]["stop_reason"]


async def test_plain_and_streamed_say_the_same(client: Any) -> None:
    """A stream's pieces joined are the plain answer's text, with the same count and finish reason."""
    answers = []
    for stream in (False, True):
        options = {"stream_options": {"include_usage": True}} if stream else {}
        _, _, text = await client.ask("same", stream=stream, **options)
        answers.append(said_and_counted(client.stub.dialect, stream, text))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("tokens", [0, 1, 1_000_000])
async def test_told_tokens_are_on_the_wire(client: Any, tokens: int, stream: bool) -> None:
    """Completion tokens that were told are counted, and a million of them stay a short answer."""
    await client.tell("told-tokens", completion_tokens=tokens)
    options = {"stream_options": {"include_usage": True}} if stream else {}
    _, _, text = await client.ask("told-tokens", stream=stream, **options)
    said, counted, _ = said_and_counted(client.stub.dialect, stream, text)
    assert counted == tokens
    assert bool(said) == bool(tokens)
    assert len(text) < 5_000


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("dialect", "limit", "reason"),
    [
        ("openai", {"max_tokens": 5}, "length"),
        ("openai", {"max_tokens": 99, "max_completion_tokens": 5}, "length"),
        ("anthropic", {"max_tokens": 5}, "max_tokens"),
        ("gemini", {"generationConfig": {"maxOutputTokens": 5}}, "MAX_TOKENS"),
        ("ollama", {"options": {"num_predict": 5}}, "length"),
    ],
)
async def test_the_requests_limit_bounds_the_completion(
    stubs: Any, connect: Any, dialect: str, limit: dict[str, Any], reason: str, stream: bool
) -> None:
    """Each dialect's own limit cuts the completion and is given as the reason."""
    options = limit | ({"stream_options": {"include_usage": True}} if stream else {})
    _, _, text = await connect(stubs[dialect]).ask("short-of-tokens", stream=stream, **options)
    assert said_and_counted(dialect, stream, text)[1:] == (5, reason)


async def test_prompt_tokens_follow_the_text(openai: Any) -> None:
    """A prompt of parts is estimated at four characters a token."""
    content = [{"type": "text", "text": "x" * 400}, {"type": "image_url", "image_url": {"url": "data:"}}]
    _, _, text = await openai.ask("long", messages=[{"role": "user", "content": content}])
    assert json.loads(text)["usage"]["prompt_tokens"] == 100


@pytest.mark.parametrize("stream", [False, True])
async def test_latency_is_in_rule_time(client: Any, stream: bool) -> None:
    """A latency of 20 s takes a fifth of a second at speed 100."""
    await client.tell("slow", latency={"kind": "constant", "s": 20})
    started_s = time.monotonic()
    await client.ask("slow", stream=stream)
    assert 0.19 < time.monotonic() - started_s < 2


async def test_a_stream_starts_before_it_ends(client: Any) -> None:
    """The first piece arrives well before the last."""
    await client.tell("early", latency={"kind": "constant", "s": 100})
    path, body = client.stub.split(client.stub.body("early", stream=True))
    url = f"http://{client.stub.listen}{path}"
    async with client.session.post(url, json=body, headers=client.stub.headers()) as response:
        await response.content.readany()
        first_s = time.monotonic()
        await response.read()
    assert time.monotonic() - first_s > 0.4


@pytest.mark.parametrize(
    ("dialect", "path", "names"),
    [
        ("openai", "/v1/models", lambda listing: [model["id"] for model in listing["data"]]),
        ("anthropic", "/v1/models", lambda listing: [model["id"] for model in listing["data"]]),
        (
            "gemini",
            "/v1beta/models",
            lambda listing: [model["name"].removeprefix("models/") for model in listing["models"]],
        ),
        ("ollama", "/api/tags", lambda listing: [model["name"] for model in listing["models"]]),
    ],
)
async def test_models_are_listed(stubs: Any, connect: Any, dialect: str, path: str, names: Any) -> None:
    """The listing names the models that were told of or asked for, and not the default."""
    client = connect(stubs[dialect])
    await client.tell("listed/told")
    await client.ask("listed-asked")
    url = f"http://{client.stub.listen}{path}"
    async with client.session.get(url, headers=client.stub.headers()) as response:
        listed = names(await response.json())
    assert {"listed/told", "listed-asked"} <= set(listed)
    assert "*" not in listed
    async with client.session.get(url) as response:
        assert response.status == (400 if dialect == "gemini" else 401)


def test_what_is_printed_asks_for_a_completion(stubs: Any, start: Any) -> None:
    """`alertdrill stub` prints a command for each dialect, which is answered."""
    with start("vllm") as vllm:
        for dialect, stub in (stubs | {"vllm": vllm}).items():
            command = say_call(dialect, f"http://{stub.listen}", key_env="KEY", model="o-printed")
            status, text = perform(command, {"KEY": "provider-key"})
            assert (status, json.loads(text) != {}) == (200, True), dialect
