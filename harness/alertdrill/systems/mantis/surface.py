"""Mantis's metrics: runs over the predict API, and chat that is passed through.

Label sets are born at their first increment, as in the real system; Prometheus therefore does not see the
first increment of a new label set. Tenants are bounded by issued keys, models by models.yml. A request
without a valid key has no tenant and moves nothing; requests with the admin token are the tenant `operator`.
"""

from __future__ import annotations

from functools import singledispatchmethod

from prometheus_client import CollectorRegistry, disable_created_metrics

from alertdrill.gateway.events import DomainEvent, RequestFinished, State
from alertdrill.gateway.runs.events import PredictAnswered, RunEnded, RunRejected, RunsInFlight
from alertdrill.systems.metrics import Counter, Gauge, Histogram

JOB = "mantis"
OPERATOR = "operator"
CHAT = "/v1/chat/completions"
UNAUTHORIZED = 401
UNREACHED = frozenset({"network", "timeout"})
"""Failures of a provider that it has not stated itself, with a status."""
DURATION_BUCKETS_S = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600)
COST_BUCKETS_USD = (0.01, 0.05, 0.10, 0.25, 0.50, 1, 2.5, 5, 10, 25)
TENANT = "tenant_id"
RUN = (TENANT, "model", "status")

disable_created_metrics()  # type: ignore[no-untyped-call]  # the real system exports none; this is global


class Surface:
    """Mantis's registry, and what moves it; it polls nothing."""

    def __init__(self, _state: State) -> None:
        self.registry = registry = CollectorRegistry()
        self._predicts = Counter(
            "mantis_predict_requests",
            "Predict requests by mode and outcome.",
            (TENANT, "mode", "outcome"),
            registry=registry,
        )
        self._chats = Counter(
            "mantis_chat_completions",
            "Chat completions passed through, by outcome.",
            (TENANT, "outcome"),
            registry=registry,
        )
        self._durations = Histogram(
            "mantis_run_duration_seconds",
            "Time of runs from start to end.",
            RUN,
            buckets=DURATION_BUCKETS_S,
            registry=registry,
        )
        self._costs = Histogram(
            "mantis_run_cost_usd",
            "Cost of runs in US dollars.",
            RUN,
            buckets=COST_BUCKETS_USD,
            registry=registry,
        )
        self._in_flight = Gauge(
            "mantis_concurrent_runs", "Currently in-flight runs.", (TENANT,), registry=registry
        )
        self._rejections = Counter(
            "mantis_rate_limit_rejections",
            "Runs that were not started because of a cap.",
            (TENANT, "kind"),
            registry=registry,
        )

    @singledispatchmethod
    def observe(self, event: DomainEvent) -> None:
        """Move what an event moves; events that Mantis has no metric for move nothing."""

    @observe.register
    def _(self, event: PredictAnswered) -> None:
        self._predicts.labels(event.tenant, event.mode, event.outcome).inc()

    @observe.register
    def _(self, event: RunRejected) -> None:
        self._rejections.labels(event.tenant, event.cap).inc()

    @observe.register
    def _(self, event: RunsInFlight) -> None:
        self._in_flight.labels(event.tenant).set(event.runs)

    @observe.register
    def _(self, event: RunEnded) -> None:
        labels = (event.tenant, event.model, event.status)
        self._durations.labels(*labels).observe(event.duration_s)
        self._costs.labels(*labels).observe(float(event.cost_usd))

    @observe.register
    def _(self, event: RequestFinished) -> None:
        if event.endpoint != CHAT or (event.key_id is None and event.status == UNAUTHORIZED):
            return
        tenant = event.team or event.user or event.key_id or OPERATOR
        self._chats.labels(tenant, _read_outcome(event)).inc()


def _read_outcome(event: RequestFinished) -> str:
    """Return a chat completion's outcome; a good status with a failure is a stream that broke off."""
    if event.status < 400:
        return "ok" if event.failure is None else "upstream_error"
    if event.failure in UNREACHED:
        return "upstream_error"
    return "status_4xx" if event.status < 500 else "status_5xx"
