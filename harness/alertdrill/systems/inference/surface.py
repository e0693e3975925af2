"""The metrics of the inference service, moved by the events of `alertdrill.gateway.inference`.

The series of a device exist from the start, at 0, and those of a request's possible errors from the request
on: Prometheus does not see the first increment of a series that is born by it. Their number is bounded:
models, versions and devices come from deployments.yml, what is not deployed is `unknown`, keys are issued.
"""

from __future__ import annotations

from functools import singledispatchmethod

from prometheus_client import CollectorRegistry, disable_created_metrics

from alertdrill.gateway.events import DomainEvent, State
from alertdrill.gateway.inference.events import (
    UNKNOWN,
    DeviceLoaded,
    DeviceOpened,
    DeviceTimedOut,
    ErrorType,
    InferenceFailed,
    InferenceFinished,
    InferenceRequested,
    QueueChanged,
)
from alertdrill.systems.metrics import Counter, Gauge, Histogram

JOB = "inference"
BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)
REQUEST = ("model", "version", "tenant")
DEPLOYED_FAILS: tuple[ErrorType, ...] = ("timeout", "inference_error")
UNKNOWN_FAILS: tuple[ErrorType, ...] = ("model_not_found",)

disable_created_metrics()  # type: ignore[no-untyped-call]  # its documentation names none; this is global


class Surface:
    """The registry of the inference service, apart from the global one, and what moves it."""

    def __init__(self, _state: State) -> None:
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "inference_requests", "Inference requests, counted before execution.", REQUEST, registry=registry
        )
        self._errors = Counter(
            "inference_errors",
            "Inference requests that failed.",
            ("model", "version", "error_type", "tenant"),
            registry=registry,
        )
        self._latency = Histogram(
            "inference_latency_seconds",
            "End-to-end latency: preprocessor, validator, model, postprocessor.",
            REQUEST,
            buckets=BUCKETS_S,
            registry=registry,
        )
        self._inflight = Gauge(
            "executor_inflight", "Inference calls that execute now.", ("device",), registry=registry
        )
        self._timeouts = Counter(
            "executor_timeouts", "Inference calls that the executor ended.", ("device",), registry=registry
        )
        self._depth = Gauge(
            "job_queue_depth", "Jobs that are pending.", ("model", "version"), registry=registry
        )

    @singledispatchmethod
    def observe(self, event: DomainEvent) -> None:
        """Move what an event moves; events that this system has no metric for move nothing."""

    @observe.register
    def _(self, event: InferenceRequested) -> None:
        self._requests.labels(event.model, event.version, event.tenant).inc()
        for error_type in UNKNOWN_FAILS if event.version == UNKNOWN else DEPLOYED_FAILS:
            self._errors.labels(event.model, event.version, error_type, event.tenant)

    @observe.register
    def _(self, event: InferenceFailed) -> None:
        self._errors.labels(event.model, event.version, event.error_type, event.tenant).inc()

    @observe.register
    def _(self, event: InferenceFinished) -> None:
        self._latency.labels(event.model, event.version, event.tenant).observe(event.latency_s)

    @observe.register
    def _(self, event: DeviceOpened) -> None:
        self._inflight.labels(event.device).set(0)
        self._timeouts.labels(event.device)

    @observe.register
    def _(self, event: DeviceLoaded) -> None:
        self._inflight.labels(event.device).set(event.inflight)

    @observe.register
    def _(self, event: DeviceTimedOut) -> None:
        self._timeouts.labels(event.device).inc()

    @observe.register
    def _(self, event: QueueChanged) -> None:
        self._depth.labels(event.model, event.version).set(event.pending)
