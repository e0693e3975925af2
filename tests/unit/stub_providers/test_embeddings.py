"""Embeddings, as OpenAI serves them."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

URL = "http://{listen}/v1/embeddings"


async def embed(client: Any, **body: Any) -> tuple[int, Any]:
    """Ask for embeddings; return status and JSON."""
    url = URL.format(listen=client.stub.listen)
    async with client.session.post(url, json=body, headers=client.stub.headers()) as response:
        return response.status, json.loads(await response.text())


async def test_each_text_has_a_vector(openai: Any) -> None:
    """Of length 1, with the tokens of all texts as usage; the ledger counts one call."""
    status, answer = await embed(openai, model="e-two", input=["fire", "smoke and fire"])
    assert (status, answer["object"], answer["model"]) == (200, "list", "e-two")
    assert [(item["object"], item["index"]) for item in answer["data"]] == [
        ("embedding", 0),
        ("embedding", 1),
    ]
    for item in answer["data"]:
        assert sum(value * value for value in item["embedding"]) == pytest.approx(1)
    assert answer["usage"] == {"prompt_tokens": 5, "total_tokens": 5}
    assert await openai.counts("e-two") == {"ok": 1}


async def test_dimensions_and_encoding_are_as_asked(openai: Any) -> None:
    """OpenAI's own client asks for base64."""
    _, answer = await embed(openai, model="e-b64", input="fire", dimensions=4, encoding_format="base64")
    (item,) = answer["data"]
    assert struct.unpack("<4f", base64.b64decode(item["embedding"])) == (0.5, 0.5, 0.5, 0.5)


async def test_embeddings_fail_as_completions_do(openai: Any) -> None:
    """A behaviour is a model's, whatever it is asked for."""
    await openai.tell("e-bad", errors={"class": "rate_limit", "share": 1})
    status, answer = await embed(openai, model="e-bad", input="fire")
    assert (status, answer["error"]["code"]) == (429, "rate_limit_exceeded")


@pytest.mark.parametrize(
    "body",
    [
        {"input": "fire"},
        {"model": "e-odd"},
        {"model": "e-odd", "input": ""},
        {"model": "e-odd", "input": []},
        {"model": "e-odd", "input": [""]},
        {"model": "e-odd", "input": [{}]},
        {"model": "e-odd", "input": "fire", "dimensions": 0},
        {"model": "e-odd", "input": "fire", "dimensions": 10**9},
    ],
)
async def test_what_cannot_be_embedded_is_refused(openai: Any, body: dict[str, Any]) -> None:
    """With 400, as OpenAI does."""
    assert (await embed(openai, **body))[0] == 400


async def test_who_has_no_embeddings_says_so(anthropic: Any) -> None:
    """The route is not there."""
    assert (await embed(anthropic, model="e", input="fire"))[0] == 404
