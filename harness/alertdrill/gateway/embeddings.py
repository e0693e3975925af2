"""What a client asks for embeddings.

Format: https://platform.openai.com/docs/api-reference/embeddings/create.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alertdrill.gateway.chat import read_model
from alertdrill.gateway.problems import Problem, refuse_parameter

MAX_INPUTS = 2048
MAX_DIMENSIONS = 8192
ENCODINGS = ("float", "base64")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRequest:
    """A validated request; `fields` are those that the provider gets, all but the model."""

    model: str
    fields: Mapping[str, Any]


def parse_embeddings(document: object) -> EmbeddingRequest:
    """Return the request in a JSON document; raises Problem (400) naming the parameter."""
    if not isinstance(document, dict):
        raise Problem(400, "the body must be a JSON object")
    model = read_model(document.get("model"))
    if model is None:
        raise refuse_parameter("model", "must be given")
    if not _is_input(document.get("input")):
        raise refuse_parameter("input", f"must be a text, or 1 to {MAX_INPUTS} texts, or their tokens")
    dimensions = document.get("dimensions")
    if dimensions is not None and (not _is_count(dimensions) or not 0 < dimensions <= MAX_DIMENSIONS):
        raise refuse_parameter("dimensions", f"must be a whole number from 1 to {MAX_DIMENSIONS}")
    encoding = document.get("encoding_format")
    if encoding is not None and encoding not in ENCODINGS:
        raise refuse_parameter("encoding_format", f"must be one of {', '.join(ENCODINGS)}")
    names = ("input", "dimensions", "encoding_format")
    return EmbeddingRequest(
        model=model, fields={name: document[name] for name in names if document.get(name) is not None}
    )


def _is_input(value: object) -> bool:
    if isinstance(value, str):
        return bool(value)
    if not isinstance(value, list) or not value:
        return False
    if all(_is_count(token) for token in value):
        return True
    return len(value) <= MAX_INPUTS and all(
        (isinstance(text, str) and text) or (isinstance(text, list) and text and all(map(_is_count, text)))
        for text in value
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
