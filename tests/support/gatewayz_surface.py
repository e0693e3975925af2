"""Gatewayz's surface after some events, and an event of each kind that moves it."""

from __future__ import annotations

from decimal import Decimal

from prometheus_client import generate_latest

from alertdrill.gateway.accounts.events import (
    AccountsCounted,
    BalanceSet,
    CacheLookedUp,
    CacheResized,
    CreditsSpent,
    ProviderChecked,
    QueueChanged,
    RateLimitChecked,
)
from alertdrill.gateway.events import CallFinished, ConnectionsChanged, QueryFinished, RequestFinished
from alertdrill.systems.gatewayz.surface import Surface
from support.fixed_gauges import FixedGauges
from support.samples import read


def request(**fields: object) -> RequestFinished:
    """Return a finished request."""
    given = {
        "method": "POST",
        "endpoint": "/v1/chat/completions",
        "status": 200,
        "latency_s": 31.0,
        "failure": None,
        "key_id": "k1",
        "user": None,
        "team": None,
    }
    return RequestFinished(**(given | fields))


def call(status: str = "ok") -> CallFinished:
    """Return a finished call."""
    return CallFinished(
        provider="openrouter",
        model="mistral-large",
        key_id="k1",
        status=status,
        latency_s=3.0,
        prompt_tokens=10,
        completion_tokens=5,
        cost_usd=Decimal("0.25"),
    )


def spend(user: str) -> CreditsSpent:
    """Return a charge of a quarter of a credit."""
    return CreditsSpent(
        user=user,
        provider="openrouter",
        model="mistral-large",
        credits=Decimal("0.25"),
        balance=Decimal(9),
    )


EVERYTHING = (
    request(),
    call(),
    spend("ann"),
    BalanceSet(user="ann", balance=Decimal(9)),
    AccountsCounted(trials_active=4, trials_expired=1, subscriptions=2),
    RateLimitChecked(key_id="k1", remaining=7.5, is_limited=False),
    CacheLookedUp(cache="response", is_hit=True),
    CacheResized(cache="response", size_bytes=512),
    ProviderChecked(provider="ollama", is_available=True, error_ratio=0.25, response_time_s=1.5),
    QueueChanged(provider="openrouter", model="mistral-large", waiting=6),
    QueryFinished(table="keys", operation="insert", latency_s=0.002),
    ConnectionsChanged(kind="provider", change=1),
)


def expose(surface: Surface) -> str:
    """Return a surface's exposition."""
    return generate_latest(surface.registry).decode()


def observe(*events: object) -> dict[str, float]:
    """Return the samples of a new surface after some events."""
    surface = Surface(FixedGauges())
    for event in events:
        surface.observe(event)
    return read(expose(surface))
