"""OpenAI's chat completions, which OpenRouter and others speak too.

Formats: https://platform.openai.com/docs/api-reference/chat and /docs/guides/error-codes;
https://openrouter.ai/docs/api-reference/errors (errors may come with status 200, `code` being a status).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alertdrill.gateway.answers import Chunk, Completion, UpstreamFailed, Usage, classify_status, count_tokens
from alertdrill.gateway.chat import ChatRequest
from alertdrill.gateway.dialects.dialect import read_event_data, read_finish_reason, read_object, read_text
from alertdrill.gateway.events import ErrorClass

CLASS_OF_CODE: Mapping[str, ErrorClass] = {
    "context_length_exceeded": "context_overflow",
    "insufficient_quota": "rate_limit",
    "invalid_api_key": "auth",
    "invalid_request_error": "invalid_request",
    "rate_limit_exceeded": "rate_limit",
    "server_error": "server_error",
}
OVERFLOW_PHRASES = ("maximum context length", "context window")


class OpenAI:
    """The dialect `openai`."""

    def write_path(self, _model: str, _chat: ChatRequest) -> str:
        """Return the one path of all chats."""
        return "/v1/chat/completions"

    def write_headers(self, api_key: str) -> Mapping[str, str]:
        """Return the bearer token."""
        return {"Authorization": f"Bearer {api_key}"}

    def write_body(self, model: str, chat: ChatRequest) -> Mapping[str, Any]:
        """Return a chat completion request; a stream always states its usage, which the costs need."""
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": message.role, "content": message.text} for message in chat.messages],
        }
        if chat.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        options = {
            "max_completion_tokens": chat.max_tokens,
            "temperature": chat.temperature,
            "top_p": chat.top_p,
            "stop": list(chat.stop) or None,
        }
        return body | {name: value for name, value in options.items() if value is not None}

    def read_completion(self, document: Any) -> Completion:
        """Return the only choice of a chat completion."""
        self._raise_error(document)
        choice = document["choices"][0]
        return Completion(
            text=read_text(choice["message"].get("content")),
            finish_reason=read_finish_reason(choice.get("finish_reason"), "length") or "stop",
            usage=_read_usage(document["usage"]),
        )

    def start_stream(self) -> _Stream:
        """Return a reader of chat completion chunks."""
        return _Stream(self)

    def classify(self, status: int, document: object) -> ErrorClass:
        """Return the class by the code, where the status leaves more than one."""
        error = document.get("error") if isinstance(document, dict) else None
        if not isinstance(error, dict):
            return classify_status(status)
        code, kind, message = error.get("code"), error.get("type"), error.get("message")
        if status in (200, 400, 413):
            if code == "context_length_exceeded":
                return "context_overflow"
            if isinstance(message, str) and any(phrase in message.lower() for phrase in OVERFLOW_PHRASES):
                return "context_overflow"
        if status != 200:
            return classify_status(status)
        if isinstance(code, int):
            return classify_status(code)
        return CLASS_OF_CODE.get(str(code)) or CLASS_OF_CODE.get(str(kind)) or "unknown"

    def _raise_error(self, document: Mapping[str, Any]) -> None:
        if document.get("error") is not None:
            raise UpstreamFailed(self.classify(200, document), "the provider answered with an error")


class _Stream:
    def __init__(self, dialect: OpenAI) -> None:
        self._dialect = dialect
        self.done = False

    def read(self, line: bytes) -> Chunk | None:
        data = read_event_data(line)
        if data is None:
            return None
        if data == b"[DONE]":
            self.done = True
            return None
        document = read_object(data)
        self._dialect._raise_error(document)
        usage = _read_usage(document["usage"]) if document.get("usage") else None
        choice = document["choices"][0] if document["choices"] else {}
        text = read_text(choice.get("delta", {}).get("content"))
        finish_reason = read_finish_reason(choice.get("finish_reason"), "length")
        if not text and finish_reason is None and usage is None:
            return None
        return Chunk(text=text, finish_reason=finish_reason, usage=usage)


def _read_usage(usage: Mapping[str, Any]) -> Usage:
    return Usage(
        prompt_tokens=count_tokens(usage["prompt_tokens"]),
        completion_tokens=count_tokens(usage["completion_tokens"]),
    )
