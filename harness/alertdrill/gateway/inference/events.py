"""What happens in inference. Latencies are seconds of rule time.

Models, versions and devices come from deployments.yml, tenants from issued keys; what is asked for and is not
deployed is `UNKNOWN`, whatever the client called it, so that clients cannot make series.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from alertdrill.gateway.events import DomainEvent

ErrorType = Literal["model_not_found", "timeout", "inference_error"]
UNKNOWN = "unknown"
"""Stands for every model, and every version of a model, that is not deployed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOpened(DomainEvent):
    """The executor has a device; it runs nothing yet."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLoaded(DomainEvent):
    """A device runs so many calls from now on."""

    device: str
    inflight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTimedOut(DomainEvent):
    """A device ended a call that took too long."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceRequested(DomainEvent):
    """A request is about to be executed; it may yet fail."""

    model: str
    version: str
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceFailed(DomainEvent):
    """A request failed; told once for each request that does."""

    model: str
    version: str
    tenant: str
    error_type: ErrorType


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceFinished(DomainEvent):
    """A request that had a pipeline is over, well or not; its wait for a slot is in `latency_s`."""

    model: str
    version: str
    tenant: str
    latency_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChanged(DomainEvent):
    """So many jobs of a model are pending from now on."""

    model: str
    version: str
    pending: int
