"""What happens to accounts, caches, the queue and the providers' health, as values.

Credits are exact; 1 credit is 0.01 USD. Times are seconds of rule time. Users and keys are those of issued
keys and of accounts, whose number is bounded; caches, providers and models are the gateway's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from alertdrill.gateway.events import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsSpent(DomainEvent):
    """A call was charged to a user; `balance` is what is left, below 0 if calls in flight overdrew it."""

    user: str
    provider: str
    model: str
    credits: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceSet(DomainEvent):
    """An account was opened, or the operator gave it this balance."""

    user: str
    balance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsCounted(DomainEvent):
    """How many accounts there are now of each kind."""

    trials_active: int
    trials_expired: int
    subscriptions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitChecked(DomainEvent):
    """A key asked for one request more; `remaining` requests could follow at once."""

    key_id: str
    remaining: float
    is_limited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheLookedUp(DomainEvent):
    """A cache was asked for an entry."""

    cache: str
    is_hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheResized(DomainEvent):
    """A cache's entries take this many bytes now."""

    cache: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChanged(DomainEvent):
    """A call began or ceased to wait for a slot of a model; so many wait now."""

    provider: str
    model: str
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderChecked(DomainEvent):
    """How a provider did in its most recent calls; `response_time_s` is their mean latency."""

    provider: str
    is_available: bool
    error_ratio: float
    response_time_s: float
