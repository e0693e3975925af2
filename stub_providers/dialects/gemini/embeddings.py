"""Gemini's embeddings, of one content and of many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stub_providers.dialects.dialect import Answer, ChatRequest, Incoming, Unstreamed
from stub_providers.dialects.gemini.content import MODELS, is_content, list_texts, read_model
from stub_providers.dialects.gemini.errors import refuse
from stub_providers.dialects.gemini.fields import read_field
from stub_providers.dialects.texts import (
    DIMENSIONS,
    MAX_DIMENSIONS,
    estimate_tokens,
    is_count,
    make_vector,
)

MAX_CONTENTS = 100


class EmbedContent(Unstreamed):
    """The embedding of one content."""

    path = f"{MODELS}/{{model:.+}}:embedContent"

    def read(self, incoming: Incoming) -> ChatRequest:
        """Validate a request; raises Refused."""
        model = read_model(incoming)
        return _read([incoming.body], model)

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the vector."""
        return {"embedding": {"values": make_vector(answer.request.dimensions)}}


class BatchEmbedContents(Unstreamed):
    """The embeddings of many contents, which is what Google's own client asks for."""

    path = f"{MODELS}/{{model:.+}}:batchEmbedContents"

    def read(self, incoming: Incoming) -> ChatRequest:
        """Validate a request; raises Refused."""
        model = read_model(incoming)
        requests = incoming.body.get("requests")
        if not isinstance(requests, list) or not 1 <= len(requests) <= MAX_CONTENTS:
            raise refuse(f"* BatchEmbedContentsRequest.requests: from 1 to {MAX_CONTENTS} are allowed", model)
        return _read(requests, model)

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the vectors."""
        vector = {"values": make_vector(answer.request.dimensions)}
        return {"embeddings": [vector] * answer.request.embeddings}


def _read(requests: list[Any], model: str) -> ChatRequest:
    if not all(isinstance(one, dict) and is_content(one.get("content")) for one in requests):
        raise refuse("* EmbedContentRequest.content: contents is not specified", model)
    dimensions = _read_dimensions(requests[0], model)
    return ChatRequest(
        model=model,
        prompt_tokens=estimate_tokens(list_texts(one["content"] for one in requests)),
        embeddings=len(requests),
        dimensions=dimensions,
    )


def _read_dimensions(request: Mapping[str, Any], model: str) -> int:
    config = read_field(request, "embedContentConfig")
    nested = read_field(config, "outputDimensionality") if isinstance(config, dict) else None
    dimensions = read_field(request, "outputDimensionality") or nested or DIMENSIONS
    if not is_count(dimensions, 1, MAX_DIMENSIONS):
        raise refuse("Invalid value at 'output_dimensionality' (TYPE_INT32)", model)
    return dimensions
