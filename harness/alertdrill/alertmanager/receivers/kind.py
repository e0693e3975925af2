"""What a kind of receiver knows: its part of a config, its way to the pager, how its service answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt
from alertdrill.alertmanager.schema import Fields
from alertdrill.alertmanager.target import Target
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
class Inbox:
    """The inbox that a request is for, the `Authorization` that it wants, and what reads the body."""

    address: Address
    authorization: str = field(repr=False)
    read: Callable[[bytes], Attempt]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpContract:
    """How a service is called: with which methods, and which inbox a method, a path and the token lead to.

    `find_inbox` raises ValueError where there is none. `write_refusal` is how the service says a sentence
    about a request that is no notification.
    """

    methods: tuple[str, ...] = ("POST",)
    find_inbox: Callable[[str, str, str], Inbox]
    write_refusal: Callable[[str], Mapping[str, Any] | str] = str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverKind:
    """One kind of receiver.

    `fields` are those of its section, `shared_fields` those that `global` has for it; each of `required` must
    be met, and `unsupported_fields` are those that the pager cannot stand in for, each with a sentence.
    `point` returns what takes the place of addresses and secrets, given what is stated, the inbox and the
    pager. Without `http`, it is delivered to by SMTP.
    """

    integration: Integration
    fields: Fields
    shared_fields: Fields = field(default_factory=dict)
    required: tuple[Required, ...]
    unsupported_fields: Mapping[str, str] = field(default_factory=dict)
    point: Callable[[Mapping[str, Any], Address, Target], dict[str, Any]]
    failing: FailingAnswers
    rate_bound: RateBound | None = None
    http: HttpContract | None

    @property
    def section(self) -> str:
        """What its list in a receiver of the config is called."""
        return f"{self.integration}_configs"
