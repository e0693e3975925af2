"""What a dialect is: how requests are read, and how answers and failures look on the wire."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol, TypeGuard

from yarl import URL

from stub_providers.behaviour import ErrorClass

JSON_TYPE = "application/json"
CHARS_PER_TOKEN = 4
MAX_MODEL_CHARS = 200
_MAX_PIECES = 4
_TEXT = (
    "The smoke detector in the hall was tested this morning and answered at once so the crew rolled up "
    "its hoses walked back to the station wrote down what it had seen and put the kettle on while the "
    "bell stayed silent for the rest of the day as it should when nothing burns and somebody has checked "
    "that it would ring"
)
_WORDS = tuple(_TEXT.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A chat request that passed its dialect's validation; `max_tokens` bounds the completion."""

    model: str
    prompt_tokens: int
    max_tokens: int | None
    stream: bool
    include_usage: bool = False
    embeddings: int = 0
    """How many texts are to be embedded; 0: this asks for a completion."""
    dimensions: int = 0
    is_base64: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An HTTP answer that says no."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A completion to be put on the wire; `pieces` joined are its text, `latency_s` is in rule time."""

    request: ChatRequest
    prompt_tokens: int
    completion_tokens: int
    truncated: bool
    latency_s: float
    pieces: tuple[str, ...]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created_s: float = field(default_factory=time.time)

    @property
    def text(self) -> str:
        """The completion's text."""
        return "".join(self.pieces)


class Refused(Exception):
    """A request that the dialect's validation turns down; `model` is what it named, if anything."""

    def __init__(self, failure: Failure, model: str = "") -> None:
        super().__init__(failure.body.decode())
        self.failure = failure
        self.model = model


class Embeddings(Protocol):
    """How a provider is asked for embeddings."""

    @property
    def path(self) -> str:
        """Where they are asked for."""

    def read(self, body: object) -> ChatRequest:
        """Validate a request; raises Refused."""

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the answer as one JSON object."""


class Dialect(Protocol):
    """One provider's wire format.

    `failures` has an HTTP answer for each error class that has one (not network, timeout, unknown);
    `auth` and `invalid_request` among them also serve a wrong key and a body that cannot be read.
    """

    @property
    def models(self) -> tuple[str, ...]:
        """The models that are listed when nobody said which."""

    @property
    def chat_path(self) -> str:
        """The pattern of where completions are asked for."""

    @property
    def embeddings(self) -> Embeddings | None:
        """How embeddings are asked for, None where there are none."""

    @property
    def models_path(self) -> str:
        """Where models are listed."""

    @property
    def stream_type(self) -> str:
        """The content type of a streamed answer."""

    @property
    def failures(self) -> Mapping[ErrorClass, Failure]:
        """The HTTP answers of the error classes."""

    @property
    def unreadable_body(self) -> Failure:
        """The answer to a body that is not JSON."""

    @property
    def oversized_body(self) -> Failure:
        """The answer to a body that is too large."""

    def refusal(self, status: int, message: str) -> Failure:
        """Return the answer to a request that cannot be taken at all: no such route, no HTTP, no encoding."""

    def presented_key(self, headers: Mapping[str, str]) -> str:
        """Return the key that a request presents, or an empty string."""

    def read(self, url: URL, headers: Mapping[str, str], body: object) -> ChatRequest:
        """Validate a chat request; raises Refused."""

    def model_list(self, models: Sequence[str]) -> dict[str, Any]:
        """Return the listing of these models."""

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the answer as one JSON object."""

    def streamed(self, answer: Answer) -> tuple[bytes, ...]:
        """Return the answer as the bytes to be sent with each of its pieces."""

    def broken_event(self, text: str) -> bytes:
        """Return a well-delimited stream event whose payload is `text`, which no client can read."""


def encode(payload: object) -> bytes:
    """Return compact JSON."""
    return json.dumps(payload, separators=(",", ":")).encode()


def estimate_tokens(texts: Iterable[str]) -> int:
    """Estimate the tokens of a prompt from its length, at least 1."""
    return max(1, -(-sum(map(len, texts)) // CHARS_PER_TOKEN))


def message_texts(messages: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Yield the texts of messages whose content is a string or a list of parts with `text`."""
    for message in messages:
        yield from content_texts(message.get("content"))


def content_texts(content: object) -> Iterable[str]:
    """Yield the texts of one content: a string, or a list of parts of which some have `text`."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                yield part["text"]


def is_count(value: object, least: int) -> bool:
    """Say whether a JSON value is a whole number of at least `least`."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_model(value: object) -> TypeGuard[str]:
    """Say whether a JSON value can be a model's name."""
    return isinstance(value, str) and 1 <= len(value) <= MAX_MODEL_CHARS and value.isprintable()


def are_messages(value: object) -> bool:
    """Say whether a JSON value is a list of objects that each have a role and a usable content."""
    return isinstance(value, list) and all(
        isinstance(message, dict)
        and isinstance(message.get("role"), str)
        and isinstance(message.get("content"), str | list | None)
        for message in value
    )


@lru_cache(maxsize=256)
def compose_pieces(completion_tokens: int) -> tuple[str, ...]:
    """Return a completion's text in at most four pieces, a word a token.

    The text ends after some 60 words however many tokens are counted: work stays bounded.
    """
    words = [f"{word} " for word in _WORDS[:completion_tokens]]
    size = max(1, -(-len(words) // _MAX_PIECES))
    return tuple("".join(words[at : at + size]) for at in range(0, len(words), size)) or ("",)
