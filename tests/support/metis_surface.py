"""Metis's surface after some events, and the events that most tests of it need."""

from __future__ import annotations

from decimal import Decimal

from prometheus_client import generate_latest

from alertdrill.gateway.events import (
    CallFinished,
    RouteDecided,
)
from alertdrill.systems.metis.surface import (
    Surface,
)
from support.fixed_gauges import FixedGauges
from support.samples import read

MATCHED = RouteDecided(
    slot="pattern_store", provider="openai", model="gpt-4o", latency_s=0.001, fingerprint_version="v2"
)


def call(status: str = "ok", **fields: object) -> CallFinished:
    """Return a finished call."""
    given = {
        "provider": "openai",
        "model": "gpt-4o",
        "key_id": "k1",
        "status": status,
        "latency_s": 31.0,
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "cost_usd": Decimal("0.25") if status == "ok" else Decimal(0),
    }
    return CallFinished(**(given | fields))


def expose(surface: Surface) -> str:
    """Return a surface's exposition."""
    return generate_latest(surface.registry).decode()


def observe(*events: object) -> dict[str, float]:
    """Return the samples of a new surface after some events."""
    surface = Surface(FixedGauges())
    for event in events:
        surface.observe(event)
    return read(expose(surface))
