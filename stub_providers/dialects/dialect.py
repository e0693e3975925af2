"""What a dialect is: how requests are read, and how answers and failures look on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from yarl import URL

from stub_providers.limits import Standing
from stub_providers.strikes import ErrorClass

JSON_TYPE = "application/json"
TEXT_TYPE = "text/plain"
EVENTS_TYPE = "text/event-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A request as it came: `path` has what its route names, `body` is its JSON."""

    url: URL
    headers: Mapping[str, str]
    path: Mapping[str, str]
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """The call of a tool that is answered: its name, and its arguments as JSON."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """A request for a completion or embeddings that passed validation; `max_tokens` bounds a completion."""

    model: str
    prompt_tokens: int
    max_tokens: int | None = None
    stream: bool = False
    include_usage: bool = False
    choices: int = 1
    """How many completions are asked for at once."""
    json_text: str | None = None
    """What is answered where JSON is asked for, instead of made-up sentences."""
    tool: Tool | None = None
    """What is called instead of an answer."""
    embeddings: int = 0
    """How many texts are to be embedded."""
    dimensions: int = 0
    is_base64: bool = False
    echo: Mapping[str, Any] = field(default_factory=dict)
    """What the answer repeats of the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An HTTP answer that says no; a text is sent as it is, what is not one as JSON.

    `id_field` names the field of the body that repeats the request's id, if there is one.
    """

    status: int
    payload: Mapping[str, Any] | str
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE
    id_field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer to be put on the wire; `latency_s` and `first_token_s` are in rule time.

    `standing` is what is left of its limits, if there are any, in the time of the client. `pieces` joined are
    the text of each choice, or the arguments of the tool that is called; the tokens are those of all choices.
    """

    request: ChatRequest
    prompt_tokens: int
    completion_tokens: int
    truncated: bool
    latency_s: float
    first_token_s: float
    standing: Standing | None = None
    pieces: tuple[str, ...]
    id: str
    created_s: float

    @property
    def text(self) -> str:
        """The completion's text."""
        return "".join(self.pieces)


class Refused(Exception):
    """A request that the dialect's validation turns down; `model` is what it named, if anything."""

    def __init__(self, failure: Failure, model: str = "") -> None:
        super().__init__(str(failure.payload))
        self.failure = failure
        self.model = model


class Endpoint(Protocol):
    """A route that answers as the behaviour of the model says, and is counted."""

    @property
    def path(self) -> str:
        """The pattern of its path; it is posted to."""

    @property
    def stream_type(self) -> str:
        """The content type of a streamed answer."""

    def read(self, incoming: Incoming) -> ChatRequest:
        """Validate a request; raises Refused."""

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return the answer as one JSON object."""

    def streamed(self, answer: Answer) -> tuple[bytes, ...]:
        """Return the answer as the bytes to be sent with each of its pieces."""

    def broken_event(self, text: str) -> bytes:
        """Return a well-delimited stream event whose payload is `text`, which no client can read."""

    def broken_off(self, answer: Answer, error: ErrorClass) -> tuple[bytes, ...]:
        """Return a stream that begins well and ends with this error; nothing if the provider has none."""


class Unstreamed:
    """What an endpoint that nobody can ask for a stream says of streams."""

    stream_type = JSON_TYPE

    def streamed(self, _answer: Answer) -> tuple[bytes, ...]:
        """Return nothing."""
        return ()

    def broken_event(self, text: str) -> bytes:
        """Return the text."""
        return text.encode()

    def broken_off(self, _answer: Answer, _error: ErrorClass) -> tuple[bytes, ...]:
        """Return nothing."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A route that answers at once, whatever the behaviour; `answer` gets the listed models too.

    `answer` raises Refused.
    """

    path: str
    answer: Callable[[Incoming, Sequence[str]], dict[str, Any]]
    method: str = "GET"


class Dialect(Protocol):
    """One provider's wire format.

    `failures` has an HTTP answer for each error class that has one (not network, timeout, unknown);
    `auth` and `invalid_request` among them also serve a wrong key and a body that cannot be read.
    """

    @property
    def models(self) -> tuple[str, ...]:
        """The models that are listed when nobody said which."""

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """Where answers are asked for."""

    @property
    def lookups(self) -> Sequence[Lookup]:
        """What is served besides."""

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

    def presented_key(self, url: URL, headers: Mapping[str, str]) -> str:
        """Return the key that a request presents, or an empty string."""

    def limit(self, standing: Standing) -> Failure:
        """Return the answer to a request that a limit refuses; times are those of the client."""

    def write_headers(self, request_id: str, answer: Answer | None) -> dict[str, str]:
        """Return the headers of an answer, good or bad; what is left of rate limits stands in good ones."""
