"""What happens to runs, as values; tenants are bounded by issued keys, models by models.yml."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from alertdrill.gateway.events import DomainEvent

Mode = Literal["run", "status", "result", "logs", "cancel"]
Outcome = Literal["ok", "bad_request", "rate_limited", "denied_allowlist", "idempotent_hit", "error"]
EndStatus = Literal["succeeded", "failed", "refused", "cancelled"]
"""How a run ends. `failed`: a provider failed. `refused`: its own request or quota was at fault."""
Cap = Literal["rate", "concurrent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictAnswered(DomainEvent):
    """A predict request of an admitted caller was answered; one for each such request.

    A request whose mode cannot be read counts as the mode that it would default to, `run`.
    """

    tenant: str
    mode: Mode
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRejected(DomainEvent):
    """A run was not started because its tenant has reached a cap."""

    tenant: str
    cap: Cap


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsInFlight(DomainEvent):
    """How many runs of a tenant are in flight from now on."""

    tenant: str
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(DomainEvent):
    """A run is over; the duration is rule time from its start, the cost that of all its calls."""

    tenant: str
    model: str
    status: EndStatus
    duration_s: float
    cost_usd: Decimal
