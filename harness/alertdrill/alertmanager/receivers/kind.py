"""What a kind of receiver knows: its part of a config, its way to the pager, how its service answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alertdrill.alertmanager.addresses import TEXT_TAG, Address, parse_path
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt, is_same_key
from alertdrill.alertmanager.schema import Fields
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card
from alertdrill.core.expectation import Integration


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """Fields of which an integration must have one, of its own or in `global`."""

    own: tuple[str, ...]
    shared: tuple[str, ...] = ()

    def is_met(self, config: Mapping[str, Any], top: Mapping[str, Any]) -> bool:
        """Return whether an integration has one; secrets were forgotten, but that there was one is known."""
        return any(config.get(key) for key in self.own) or any(top.get(key) for key in self.shared)

    def say_missing(self) -> str:
        """Say that there is none: `has no api_url, and global no slack_api_url`."""
        return f"has no {self.own[0]}" + (f", and global no {self.shared[0]}" if self.shared else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingAnswers:
    """What a service answers when it is told to fail."""

    rate_limit: Answer
    error: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class RateBound:
    """How many notifications an inbox takes in a minute of rule time, and what it answers to more."""

    per_minute: int
    answer: Answer
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came: `path` is still quoted, `query` follows it, headers have names in lower case.

    `host` is whom the client asked for, without a port.
    """

    method: str
    path: str
    query: str = ""
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def shows(self, header: str, wanted: str) -> bool:
        """Say whether a header is as wanted, in a time that tells nothing of how far it is."""
        return is_same_key(self.headers.get(header, ""), wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """The inbox that a request is for, whether the request has its key, and what reads the body."""

    address: Address
    is_open: bool
    read: Callable[[bytes], Attempt]


def _write_sentence(status: int, sentence: str) -> Answer:
    return Answer(status=status, body=sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpContract:
    """How a service is called: with which methods, and which inbox a request and the pager's token lead to.

    `find_inbox` raises ValueError where there is none. `write_refusal` is how the service says a status and a
    sentence about a request that is no notification. `hosts` are where Alertmanager calls the service
    whatever its config says; it is led to the pager by a proxy, and the path names no inbox there.
    """

    methods: tuple[str, ...] = ("POST",)
    find_inbox: Callable[[Request, str], Inbox]
    write_refusal: Callable[[int, str], Answer] = _write_sentence
    hosts: tuple[str, ...] = ()


Point = Callable[[Mapping[str, Any], Address, Target], dict[str, Any]]
"""Gives what takes the place of addresses and secrets, given what is stated, the inbox and the pager."""


def tag_text(integration: Integration, *, url: str, text: str) -> Point:
    """Return what points a service's `url` at an inbox, and puts the tag in front of a `text`.

    Where none is stated, that is Alertmanager's default template, which is named after both.
    """

    def point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
        shown = stated.get(text, f'{{{{ template "{integration}.default.{text}" . }}}}')
        return {
            url: f"{target.url}/{address.path}",
            "http_config": target.connect(address),
            text: f"{TEXT_TAG}{shown}",
        }

    return point


def make_bearer_inbox(
    request: Request, token: str, read: Callable[[Address, bytes], Attempt], path: str | None = None
) -> Inbox:
    """Return the inbox that a path names, opened by the pager's token; raises ValueError where it is none.

    So is every inbox whose service has a secret in its address, or takes any `Authorization`.
    """
    address = parse_path(request.path if path is None else path)
    return Inbox(
        address=address,
        is_open=request.shows("authorization", f"Bearer {token}"),
        read=lambda body: read(address, body),
    )


def make_bearer_contract(
    read: Callable[[Address, bytes], Attempt], write_refusal: Callable[[int, str], Answer] = _write_sentence
) -> HttpContract:
    """Return the contract of a service that has one address, which is the secret."""
    return HttpContract(
        find_inbox=lambda request, token: make_bearer_inbox(request, token, read),
        write_refusal=write_refusal,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverKind:
    """One kind of receiver.

    `fields` are those of its section, `shared_fields` those that `global` has for it. Of these `inherits`
    names the ones that `point` is told where the section has none of its own. Each of `required` must be met,
    and `unsupported_fields` are those that the pager cannot stand in for, each with a sentence. `point` gives
    what takes the place of addresses and secrets, given what is stated, the inbox and the pager. Without
    `http`, it is delivered to by SMTP. `show` returns how a notification looks there, given an attempt's
    payload.
    """

    integration: Integration
    fields: Fields
    shared_fields: Fields = field(default_factory=dict)
    inherits: Mapping[str, str] = field(default_factory=dict)
    required: tuple[Required, ...]
    unsupported_fields: Mapping[str, str] = field(default_factory=dict)
    point: Point
    failing: FailingAnswers
    rate_bound: RateBound | None = None
    http: HttpContract | None
    show: Callable[[Mapping[str, Any]], Card]

    @property
    def section(self) -> str:
        """What its list in a receiver of the config is called."""
        return f"{self.integration}_configs"
