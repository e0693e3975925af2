"""OpenAI's embeddings."""

from __future__ import annotations

import base64
from array import array
from functools import lru_cache
from typing import Any

from stub_providers.dialects.dialect import Answer, ChatRequest, Incoming, Unstreamed
from stub_providers.dialects.openai.errors import refuse
from stub_providers.dialects.texts import (
    DIMENSIONS,
    MAX_DIMENSIONS,
    estimate_tokens,
    is_count,
    is_model,
    make_vector,
)

MAX_INPUTS = 2_048
MAX_NUMBERS = 1_000_000
"""Of all vectors of one answer."""


class Embeddings(Unstreamed):
    """Embeddings as OpenAI serves them, all alike."""

    path = "/v1/embeddings"

    def read(self, incoming: Incoming) -> ChatRequest:
        """Validate a request; raises Refused."""
        body = incoming.body
        model = body.get("model")
        if not is_model(model):
            raise refuse("you must provide a model parameter")
        texts = body.get("input")
        if isinstance(texts, list) and texts and all(is_count(token, 0) for token in texts):
            texts = [texts]  # one text, as tokens
        texts = [texts] if isinstance(texts, str) else texts
        if (
            not isinstance(texts, list)
            or not 1 <= len(texts) <= MAX_INPUTS
            or not all(isinstance(text, str | list) and text for text in texts)
        ):
            raise refuse("'$.input' is invalid.", model, param="input")
        dimensions = body.get("dimensions", DIMENSIONS)
        if not is_count(dimensions, 1, MAX_DIMENSIONS) or dimensions * len(texts) > MAX_NUMBERS:
            raise refuse("Invalid value for 'dimensions'.", model, param="dimensions")
        encoding = body.get("encoding_format", "float")
        if encoding not in ("float", "base64"):
            raise refuse("Invalid value for 'encoding_format'.", model, param="encoding_format")
        tokens = sum(len(text) for text in texts if isinstance(text, list))
        words = [text for text in texts if isinstance(text, str)]
        return ChatRequest(
            model=model,
            prompt_tokens=tokens + (estimate_tokens(words) if words else 0),
            embeddings=len(texts),
            dimensions=dimensions,
            is_base64=encoding == "base64",
        )

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return a list of `embedding` objects."""
        asked = answer.request
        vector = _encode(asked.dimensions) if asked.is_base64 else make_vector(asked.dimensions)
        return {
            "object": "list",
            "data": [
                {"object": "embedding", "index": index, "embedding": vector}
                for index in range(asked.embeddings)
            ],
            "model": asked.model,
            "usage": {"prompt_tokens": answer.prompt_tokens, "total_tokens": answer.prompt_tokens},
        }


@lru_cache(maxsize=16)
def _encode(dimensions: int) -> str:
    return base64.b64encode(array("f", make_vector(dimensions)).tobytes()).decode()
