"""What happens in the gateway, as values: the only thing that a system's surface hears of it.

Latencies are seconds of rule time. Every label-like field is bounded: providers and models come from
models.yml, key ids from issued keys, users and teams from issued keys and limits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

ErrorClass = Literal[
    "rate_limit",
    "auth",
    "server_error",
    "network",
    "context_overflow",
    "timeout",
    "invalid_request",
    "unknown",
]
CallStatus = Literal["ok"] | ErrorClass
AuthReason = Literal["missing_token", "invalid_token", "key_revoked"]
IdentityKind = Literal["key", "user", "team"]
Slot = Literal[
    "explicit_model",
    "key_pin",
    "workspace_default",
    "pattern_store",
    "provider_health",
    "fallback",
    "global_default",
]
"""Which policy won a routing decision, in order of the slots 1 to 7; see `harness.gateway.routing`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFinished:
    """One attempt at a provider is over; `latency_s` runs to the last byte of the provider's answer."""

    provider: str
    model: str
    key_id: str | None
    status: CallStatus
    latency_s: float
    prompt_tokens: int
    completion_tokens: int
    cost_usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteDecided:
    """A model was chosen for a request, at first or as a fallback."""

    slot: Slot
    provider: str
    model: str
    latency_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthFailed:
    """A request was turned away; the prefix is of the token's SHA-256, None without a token."""

    reason: AuthReason
    token_hash_prefix: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaUsed:
    """The largest share of any of an identity's limits that is used up, from 0 to 1."""

    kind: IdentityKind
    identity: str
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaExceeded:
    """A request was refused because this identity has used up a limit."""

    kind: IdentityKind
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyIssued:
    """A key exists from now on."""

    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked:
    """A key is refused from now on."""

    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotated:
    """A key has a successor, and is itself accepted for `grace_s` more."""

    key_id: str
    successor_id: str
    grace_s: float


DomainEvent = (
    CallFinished | RouteDecided | AuthFailed | QuotaUsed | QuotaExceeded | KeyIssued | KeyRevoked | KeyRotated
)
Listener = Callable[[DomainEvent], None]


class State(Protocol):
    """What a surface polls at each scrape; every method is quick and never blocks."""

    def keys_active(self) -> int:
        """Return how many keys are accepted now."""

    def keys_revoked(self) -> int:
        """Return how many issued keys are not accepted any more."""

    def wal_bytes(self) -> int:
        """Return the size of the trace database's write-ahead log; 0 if there is none."""
