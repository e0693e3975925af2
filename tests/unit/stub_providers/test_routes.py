"""What is served besides completions, and the headers of answers, as plain HTTP has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

ASKED = {"role": "user", "content": "a"}


async def call(
    client: Any, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
) -> tuple[int, Any, str]:
    """Return status, headers and text of a request."""
    url = f"http://{client.stub.listen}{path}"
    options = {"headers": client.stub.headers() if headers is None else headers}
    async with client.session.request(method, url, json=body, **options) as response:
        return response.status, response.headers, await response.text()


@pytest.mark.parametrize(
    ("dialect", "page"),
    [
        ("openai", '"type":"invalid_request_error"'),
        ("anthropic", '"type":"not_found_error"'),
        ("gemini", "<!DOCTYPE html>"),
        ("ollama", "404 page not found"),
    ],
)
async def test_an_unknown_route_answers_as_the_provider_does(
    stubs: Any, connect: Any, dialect: str, page: str
) -> None:
    """In the error's shape, as a page, or as a sentence."""
    status, headers, text = await call(connect(stubs[dialect]), "POST", "/v1/nothing/here", {})
    assert status == 404
    assert page in text
    assert headers["Content-Type"].startswith("application/json") == text.startswith("{")


async def test_each_answer_of_openai_has_an_id_and_what_is_left(openai: Any) -> None:
    """Good ones have the rate limits too; those of a refusal are not told."""
    _, first, _ = await openai.ask("ids")
    _, second, _ = await openai.ask("ids", stream=True)
    assert first["x-request-id"] != second["x-request-id"]
    assert int(first["x-ratelimit-remaining-tokens"]) == int(first["x-ratelimit-limit-tokens"]) - 68
    _, refused, _ = await openai.ask("ids", n=0)
    assert refused["x-request-id"].startswith("req_")
    assert "x-ratelimit-limit-tokens" not in refused


async def test_the_ids_of_a_stub_are_the_same_in_each_run(start: Any, connect: Any) -> None:
    """They follow from its name and the order of calls."""
    seen = []
    for _ in range(2):
        with start("openai") as stub:
            _, headers, text = await connect(stub).ask("m")
            seen.append((headers["x-request-id"], json.loads(text)["id"]))
    assert seen[0] == seen[1]


async def test_an_error_of_anthropic_repeats_the_requests_id(anthropic: Any) -> None:
    """In the body as in the header."""
    _, headers, text = await anthropic.ask("ids", max_tokens=0)
    assert json.loads(text)["request_id"] == headers["request-id"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"temperature": 1.0}, "temperature: Extra inputs are not permitted"),
        ({"top_k": 5}, "top_k: Extra inputs are not permitted"),
        (
            {
                "messages": [
                    {"role": "user", "content": "a"},
                    {"role": "assistant", "content": [{"type": "document"}]},
                ]
            },
            "document blocks are not permitted",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a", "citations": [1]}]}]},
            "citations: Extra inputs are not permitted",
        ),
    ],
)
async def test_the_newest_version_of_anthropic_refuses_what_the_one_before_takes(
    anthropic: Any, change: dict[str, Any], sentence: str
) -> None:
    """The header says which version is spoken."""
    body = anthropic.stub.body("versions") | change
    for version, expected in (("2026-10-21", 400), ("2023-06-01", 200), ("1999-01-01", 400)):
        headers = anthropic.stub.headers() | {"anthropic-version": version}
        status, _, text = await anthropic.post(body, headers=headers)
        assert status == expected, text
        assert (sentence in text) == (version == "2026-10-21")


BAD: list[tuple[str, str, dict[str, Any], str]] = [
    ("openai", "/v1/chat/completions", {"n": 129}, "'n'"),
    ("openai", "/v1/chat/completions", {"temperature": 3}, "temperature"),
    ("openai", "/v1/chat/completions", {"tools": [{"type": "function"}]}, "tools[0].function.name"),
    ("openai", "/v1/chat/completions", {"tools": [5]}, "tools[0].type"),
    ("openai", "/v1/chat/completions", {"tool_choice": "required"}, "tool_choice"),
    ("openai", "/v1/chat/completions", {"response_format": {"type": "xml"}}, "response_format.type"),
    ("openai", "/v1/chat/completions", {"response_format": {"type": "json_object"}}, "the word 'json'"),
    ("openai", "/v1/chat/completions", {"response_format": {"type": "json_schema"}}, "json_schema"),
    ("openai", "/v1/chat/completions", {"messages": [{"role": "boss", "content": "x"}]}, "roles"),
    ("openai", "/v1/chat/completions", {"top_logprobs": 2}, "top_logprobs"),
    ("openai", "/v1/responses", {}, "input"),
    ("openai", "/v1/responses", {"input": [5]}, "input"),
    ("openai", "/v1/responses", {"input": "x", "max_output_tokens": 3}, "max_output_tokens"),
    ("openai", "/v1/responses", {"input": "x", "text": 5}, "text"),
    ("anthropic", "/v1/messages", {"tools": [{"name": "look"}]}, "tools.0.input_schema"),
    ("anthropic", "/v1/messages", {"tool_choice": {"type": "any"}}, "tool_choice"),
    ("anthropic", "/v1/messages", {"system": 5}, "system"),
    ("anthropic", "/v1/messages/count_tokens", {"messages": []}, "messages"),
    (
        "gemini",
        "/v1/models/m:generateContent",
        {"generationConfig": {"candidateCount": 9}},
        "candidate_count",
    ),
    ("gemini", "/v1/models/m:generateContent", {"generationConfig": {"temperature": "warm"}}, "temperature"),
    ("gemini", "/v1/models/m:generateContent", {"tools": 5}, "tools"),
    ("gemini", "/v1/models/m:generateContent", {"tools": [{"functionDeclarations": [{}]}]}, "name"),
    ("gemini", "/v1/models/m:countTokens", {"contents": 5}, "valid role"),
    ("gemini", "/v1/models/m:embedContent", {"content": "x"}, "content"),
    ("gemini", "/v1/models/m:batchEmbedContents", {"requests": []}, "requests"),
    ("ollama", "/api/generate", {"prompt": 5}, "prompt"),
    ("ollama", "/api/chat", {"tools": [{}]}, "tools"),
    ("ollama", "/api/chat", {"format": 5}, "format"),
    ("ollama", "/api/embed", {"input": [""]}, "input"),
    ("ollama", "/api/embed", {"input": ["x"], "dimensions": 10**9}, "dimensions"),
    ("ollama", "/api/embeddings", {"prompt": []}, "prompt"),
    ("ollama", "/api/show", {"model": 5}, "model"),
]


@pytest.mark.parametrize(("dialect", "path", "change", "names"), BAD)
async def test_a_bad_field_is_named(
    stubs: Any, connect: Any, dialect: str, path: str, change: dict[str, Any], names: str
) -> None:
    """With 400, in the provider's shape."""
    client = connect(stubs[dialect])
    body = client.stub.body("bad-field")
    if dialect == "gemini":
        body = {name: value for name, value in body.items() if name == "contents"}
    if dialect == "openai" and "responses" in path:
        body = {"model": "bad-field"}
    status, _, text = await call(client, "POST", path, body | change)
    assert (status, names in text) == (400, True), text


async def test_gemini_takes_the_key_in_the_address(gemini: Any) -> None:
    """As older programs send it."""
    status, _, _ = await call(gemini, "GET", "/v1/models?key=provider-key", headers={})
    assert status == 200
    status, _, _ = await call(gemini, "GET", "/v1/models?key=another", headers={})
    assert status == 400


async def test_choices_are_paid_for_each(openai: Any) -> None:
    """The usage is that of all of them."""
    await openai.tell("three", completion_tokens=10)
    _, _, text = await openai.ask("three", n=3)
    assert json.loads(text)["usage"]["completion_tokens"] == 30


async def test_numbers_that_json_has_not_are_refused(openai: Any) -> None:
    """NaN is no JSON to any provider."""
    raw = b'{"model": "m", "messages": [{"role": "user", "content": "x"}], "temperature": NaN}'
    status, _, _ = await openai.post(None, json=None, data=raw)
    assert status == 400
