"""What happens in the gateway, as values: the only thing that a system's surface hears of it.

Latencies are seconds of rule time. Every label-like field is bounded: providers and models come from
models.yml, key ids from issued keys, users and teams from issued keys and limits, endpoints from routes.
The events of a feature are in its own package (`alertdrill.gateway.runs.events` and its like).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from alertdrill.core.error_classes import ErrorClass

CallStatus = Literal["ok", "cancelled"] | ErrorClass
"""How an attempt ended: well, given up because nobody waits for it any more, or in a failure."""
AuthReason = Literal["missing_token", "invalid_token", "key_revoked"]
IdentityKind = Literal["key", "user", "team"]
ConnectionKind = Literal["db", "redis", "provider"]
"""`redis` is what operators know; here the cache is inside the gateway."""
Slot = Literal[
    "explicit_model",
    "key_pin",
    "workspace_default",
    "pattern_store",
    "provider_health",
    "fallback",
    "global_default",
]
"""Which policy won a routing decision, in order of the slots 1 to 7; see `alertdrill.gateway.routing`."""


class DomainEvent:
    """Something that happened; every event is one of these."""

    __slots__ = ()


Listener = Callable[[DomainEvent], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFinished(DomainEvent):
    """A client's request was answered; `endpoint` is the pattern of its route.

    `failure` is the code of the error that it was answered with, or that broke its stream off; a client that
    left before the end has status 499, as nginx says it, and `client_left`. Without a
    valid key, `key_id`, `user` and `team` are None, as they are for the operator.
    """

    method: str
    endpoint: str
    status: int
    latency_s: float
    failure: str | None
    key_id: str | None
    user: str | None
    team: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFinished(DomainEvent):
    """One attempt at a provider is over; `latency_s` runs to the last byte of the provider's answer."""

    provider: str
    model: str
    key_id: str | None
    status: CallStatus
    latency_s: float
    prompt_tokens: int
    completion_tokens: int
    cost_usd: Decimal

    @property
    def failed(self) -> bool:
        """Whether the provider failed; a call that was cancelled did not."""
        return self.status not in ("ok", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRetried(DomainEvent):
    """A call whose attempt failed is tried again at the same provider, for this reason."""

    provider: str
    model: str
    reason: ErrorClass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRefused(DomainEvent):
    """A client's connection was one too many, and is told so or closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteDecided(DomainEvent):
    """A model was chosen for a request, at first or as a fallback.

    `fingerprint_version` says how the request was compared with others, if the slot is `pattern_store`.
    """

    slot: Slot
    provider: str
    model: str
    latency_s: float
    fingerprint_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthFailed(DomainEvent):
    """A request was turned away; the prefix is of the token's SHA-256, None without a token."""

    reason: AuthReason
    token_hash_prefix: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaUsed(DomainEvent):
    """The largest share of any of an identity's limits that is used up, from 0 to 1."""

    kind: IdentityKind
    identity: str
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaExceeded(DomainEvent):
    """A request was refused because this identity has used up a limit."""

    kind: IdentityKind
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyIssued(DomainEvent):
    """A key exists from now on."""

    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked(DomainEvent):
    """A key is refused from now on."""

    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotated(DomainEvent):
    """A key has a successor, and is itself accepted for `grace_s` more."""

    key_id: str
    successor_id: str
    grace_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryFinished(DomainEvent):
    """A database was asked something, or was changed; heard in the thread that did it."""

    table: str
    operation: str
    latency_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionsChanged(DomainEvent):
    """One connection more (`change` 1) or fewer (-1) is in use; heard in the thread that uses it."""

    kind: ConnectionKind
    change: int


class State(Protocol):
    """What a surface polls at each scrape; every method is quick and never blocks."""

    def keys_active(self) -> int:
        """Return how many keys are accepted now."""

    def keys_revoked(self) -> int:
        """Return how many issued keys are not accepted any more."""

    def wal_bytes(self) -> int:
        """Return the size of the trace database's write-ahead log; 0 if there is none."""
