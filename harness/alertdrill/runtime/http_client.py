"""A component's HTTP API, asked from outside: bounded in time and size, its secrets in no message.

What is asked of Prometheus is its HTTP API (Prometheus documentation, "HTTP API"); Thanos, Mimir and
VictoriaMetrics answer the same, and say in `warnings` or `isPartial` when an answer is incomplete.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests

from alertdrill.core.rule import Labels
from alertdrill.core.wording import printable
from alertdrill.errors import ComponentFailed, ComponentSilent, LimitReached, RequestRefused
from alertdrill.runtime.http_deadline import make_session
from alertdrill.runtime.limits import find_limit_of
from alertdrill.runtime.nesting import load_json

TIMEOUT_S = 10.0
"""How long a server may be silent."""
ANSWER_WITHIN_S = 60.0
"""How long a whole answer may take."""
MAX_ANSWER_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
QUOTED_CHARACTERS = 200
"""How much of an answer that is an error is shown."""
SHORTEST_SECRET = 6
"""Of `Bearer TOKEN` a server may echo the token alone, which is kept quiet; a shorter word is none."""
ANNOTATION = "PromQL "
"""A warning that starts with this is about the expression; any other says that data is missing."""

T = TypeVar("T")
Sample = tuple[float, float]
Series = tuple[Labels, tuple[Sample, ...]]


class AnswerTooLarge(ComponentFailed):
    """A component's answer is larger than `MAX_ANSWER_BYTES`: ask for less at once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of an answer."""

    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """Return the document that the body is; raises ValueError if it is none."""
        return load_json(self.body)


class Api:
    """A component's HTTP API: what it answers, or ComponentFailed naming it.

    `headers` are sent with every request; their values are secrets. `params` are sent with every query.
    `authorities` is a file that its certificate is checked with, None for the system's.
    """

    def __init__(
        self,
        name: str,
        url: str,
        token: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        authorities: Path | None = None,
    ) -> None:
        self._name = name
        self._url = url.rstrip("/")
        self._params = dict(params or {})
        self._session = make_session(ANSWER_WITHIN_S)
        if authorities is not None:
            self._session.verify = str(authorities)
        self._session.headers.update(headers or {})
        self._secrets = [value for value in (headers or {}).values() if value]
        words = [word for value in self._secrets for word in value.split()[1:]]
        self._secrets += [word for word in words if len(word) >= SHORTEST_SECRET]
        if token is not None:
            self._session.headers["Authorization"] = f"Bearer {token}"
            self._secrets.append(token)

    @property
    def where(self) -> str:
        """What is asked, and its address, for messages."""
        return f"{self._name} at {self._url}"

    def get(self, path: str, **params: str) -> Answer:
        """Return the answer to a GET.

        Raises RequestRefused unless it is a 2xx, and ComponentFailed when there is none. A redirect is not
        followed: the headers are meant for this server only.
        """
        return self._ask("GET", path, params=params)

    def post(self, path: str, document: Any) -> Answer:
        """Return the answer to a POST of a document, sent as JSON; raises as `get` does."""
        return self._ask("POST", path, document=document)

    def post_bytes(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the answer to a POST of bytes, which the headers describe; raises as `get` does."""
        return self._ask("POST", path, body=body, headers=headers)

    def put(self, path: str, document: Any) -> Answer:
        """Return the answer to a PUT of a document, sent as JSON; raises as `get` does."""
        return self._ask("PUT", path, document=document)

    def put_bytes(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the answer to a PUT of bytes, which the headers describe; raises as `get` does."""
        return self._ask("PUT", path, body=body, headers=headers)

    def delete(self, path: str, **params: str) -> Answer:
        """Return the answer to a DELETE; raises as `get` does."""
        return self._ask("DELETE", path, params=params)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        document: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        give_up_at = time.monotonic() + ANSWER_WITHIN_S
        read = bytearray()
        try:
            with self._session.request(
                method,
                self._url + path,
                params=params,
                json=document,
                data=body,
                headers=headers,
                timeout=TIMEOUT_S,
                stream=True,
                allow_redirects=False,
            ) as response:
                for chunk in response.iter_content(CHUNK_BYTES):
                    read += chunk
                    if len(read) > MAX_ANSWER_BYTES:
                        raise AnswerTooLarge(
                            f"{self._name} at {self._url} answered more than "
                            f"{MAX_ANSWER_BYTES // 1024**2} MiB to {path}"
                        )
        except requests.RequestException as error:
            if time.monotonic() >= give_up_at:
                raise ComponentSilent(
                    f"{self._name} at {self._url} took more than {ANSWER_WITHIN_S:.0f} s to answer {path}"
                ) from error
            cause = find_cause(error)
            if limit := find_limit_of(cause):
                raise LimitReached(f"{self._name} at {self._url} cannot be reached: {limit}") from error
            silent = isinstance(error, requests.Timeout) or isinstance(cause, TimeoutError)
            why = f"nothing came for {TIMEOUT_S:g} s" if silent else self._redact(say_cause(cause))
            raise ComponentSilent(f"{self._name} at {self._url} cannot be reached: {why}") from error
        answer = Answer(bytes(read))
        if not 200 <= response.status_code < 300:
            quoted = self._redact(answer.text)[:QUOTED_CHARACTERS] or printable(response.reason)
            raise RequestRefused(
                f"{self._name} at {self._url} answered {response.status_code} to {path}: {quoted}",
                status=response.status_code,
            )
        return answer

    def query(self, path: str, **params: str) -> list[Series]:
        """Return the series that a Prometheus query API path answers, samples as (epoch seconds, value).

        Raises ComponentFailed as well for what is no such answer, or says of itself that it is incomplete.
        """
        return self.query_as(_read_series, path, **params)

    def query_as(self, read: Callable[[Any], T], path: str, **params: str) -> list[T]:
        """Return what `read` makes of each series that a Prometheus query API path answers.

        Raises as `query` does, also where `read` raises LookupError, TypeError or ValueError.
        """
        answer = self.get(path, **self._params, **params)
        try:
            document = answer.json()
            series = [read(item) for item in document["data"]["result"]]
            gaps = [text for text in document.get("warnings") or () if not text.startswith(ANNOTATION)]
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ComponentFailed(
                f"{self._name} at {self._url} answered {path} with something that is not an answer of "
                f"Prometheus's HTTP API: {self._redact(answer.text)[:QUOTED_CHARACTERS]}"
            ) from error
        if gaps or document.get("isPartial"):
            why = self._redact("; ".join(gaps))[:QUOTED_CHARACTERS] or "isPartial"
            raise ComponentFailed(f"{self._name} at {self._url} gave an incomplete answer: {why}")
        return series

    def _redact(self, text: str) -> str:
        """Return a text as one printable line without the secrets, which a server may echo."""
        for secret in sorted(self._secrets, key=len, reverse=True):  # one may have another in it
            text = text.replace(secret, "…")
        return printable(" ".join(text.split()))


def _read_series(item: Any) -> Series:
    """Return a series of a query API's answer."""
    samples = item.get("values") or [item["value"]]
    return item["metric"], tuple((float(at), float(value)) for at, value in samples)


def find_cause(error: BaseException) -> BaseException:
    """Return the end of the chain of causes, which is where the operating system comes in."""
    cause = error
    while (deeper := cause.__cause__ or cause.__context__) is not None:
        cause = deeper
    return cause


def say_cause(cause: BaseException) -> str:
    """Return what the operating system says of it, or else the error itself, which may quote a server."""
    said = cause.strerror if isinstance(cause, OSError) else None
    return printable(said or str(cause)) or type(cause).__name__
