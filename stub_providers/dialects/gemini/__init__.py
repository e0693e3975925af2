"""The Gemini dialect, under `/v1` and `/v1beta`: content, streamed too, token counts, embeddings and models.

Shapes after Google's API reference (generateContent, streamGenerateContent, countTokens, embedContent,
batchEmbedContents, models, google.rpc.Status). Without `alt=sse` Google streams one JSON array; that is not
served here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from yarl import URL

from stub_providers.dialects.dialect import Answer, Endpoint, Failure, Incoming, Lookup
from stub_providers.dialects.gemini.content import MODELS, GenerateContent, count_tokens
from stub_providers.dialects.gemini.embeddings import BatchEmbedContents, EmbedContent
from stub_providers.dialects.gemini.errors import FAILURES, limit, make_failure, refuse
from stub_providers.limits import Standing
from stub_providers.strikes import ErrorClass

NO_PAGE = "<!DOCTYPE html>\n<html lang=en><title>Error 404 (Not Found)!!1</title><p>404.</html>\n"


class Gemini:
    """Google's routes, errors and headers."""

    models: tuple[str, ...] = ()
    endpoints: Sequence[Endpoint] = (
        GenerateContent("generateContent"),
        GenerateContent("streamGenerateContent"),
        EmbedContent(),
        BatchEmbedContents(),
    )
    lookups: Sequence[Lookup] = ()
    failures: Mapping[ErrorClass, Failure] = FAILURES
    unreadable_body = make_failure(400, "Invalid JSON payload received.")
    oversized_body = make_failure(413, "Request payload size exceeds the limit.")

    def __init__(self) -> None:
        self.lookups = (
            Lookup(path=f"{MODELS}/{{model:.+}}:countTokens", method="POST", answer=count_tokens),
            Lookup(path=f"{MODELS}/{{call:.+}}", method="POST", answer=_refuse_method),
            Lookup(path=MODELS, answer=_list_models),
            Lookup(path=f"{MODELS}/{{model:.+}}", answer=_find_model),
        )

    def refusal(self, status: int, message: str) -> Failure:
        """Return a google.rpc.Status; of what is no route at all, the page of Google's front end."""
        if status == 404:
            return Failure(status=status, payload=NO_PAGE, content_type="text/html")
        return make_failure(status, message)

    def presented_key(self, url: URL, headers: Mapping[str, str]) -> str:
        """Return the `x-goog-api-key`, or else the `key` of the address."""
        return str(headers.get("x-goog-api-key") or url.query.get("key", ""))

    def limit(self, standing: Standing) -> Failure:
        """Return a google.rpc.Status with the quota, and when to try again."""
        return limit(standing)

    def write_headers(self, _request_id: str, answer: Answer | None) -> dict[str, str]:
        """Return how long an answer took; Google tells neither ids nor rate limits."""
        if answer is None:
            return {}
        return {"Server-Timing": f"gfet4t7; dur={round(answer.latency_s * 1000)}"}


def _refuse_method(_incoming: Incoming, _models: Sequence[str]) -> NoReturn:
    raise refuse("Requested entity was not found.", code=404)


def _describe_model(name: str) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens", "embedContent"],
    }


def _list_models(_incoming: Incoming, models: Sequence[str]) -> dict[str, Any]:
    """Return the listing of these models, on one page."""
    return {"models": [_describe_model(name) for name in models]}


def _find_model(incoming: Incoming, models: Sequence[str]) -> dict[str, Any]:
    name = incoming.path["model"]
    if name not in models:
        raise refuse("Model is not found for this API version.", code=404)
    return _describe_model(name)
