"""Metis's metrics: calls, costs, routing, keys, quotas, trace, sessions, tools, evaluations, patterns.

Label sets are born at their first increment, as in the real system, but for the three reasons of
authentication failures; Prometheus therefore does not see the first increment of a new label set.
Their number is bounded: models come from the catalogue, keys and identities are issued, tools are built in,
workspaces have a limit.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import singledispatchmethod
from typing import get_args

from prometheus_client import CollectorRegistry, disable_created_metrics

from alertdrill.core.key_ids import NO_KEY
from alertdrill.gateway.events import (
    AuthFailed,
    AuthReason,
    CallFinished,
    DomainEvent,
    QuotaExceeded,
    QuotaUsed,
    RouteDecided,
    State,
)
from alertdrill.gateway.sessions.events import (
    EmbeddingRead,
    EvalCompleted,
    SessionEnded,
    SessionOpened,
    ToolCalled,
    ToolCompleted,
    ToolFailed,
)
from alertdrill.systems.metrics import Counter, Gauge, Histogram

JOB = "metis-gateway"
CALL_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
ROUTING_BUCKETS_S = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1)
TOOL_BUCKETS_S = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
MODEL = ("provider", "model")
MAX_OPEN_CALLS = 1_024
UNKNOWN_TOOL = "unknown"
"""Stands for a tool whose call was forgotten before it ended."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # the real system exports none; this is global


class Surface:
    """Metis's registry, and what moves it."""

    def __init__(self, state: State) -> None:
        self.registry = registry = CollectorRegistry()
        self._calls = Counter(
            "metis_llm_calls", "LLM API calls by outcome.", (*MODEL, "status"), registry=registry
        )
        self._errors = Counter(
            "metis_llm_call_errors", "Failed LLM API calls.", (*MODEL, "error_class"), registry=registry
        )
        self._latency = Histogram(
            "metis_llm_call_latency_seconds",
            "Wall time of LLM API calls, failed ones included.",
            MODEL,
            buckets=CALL_BUCKETS_S,
            registry=registry,
        )
        self._cost = Counter("metis_llm_cost_usd", "Spend in US dollars.", MODEL, registry=registry)
        self._key_cost = Counter(
            "metis_gateway_key_cost_usd",
            "Spend in US dollars by gateway key.",
            ("gateway_key_id",),
            registry=registry,
        )
        self._routes = Counter(
            "metis_routing_decisions",
            "Routing decisions by the policy that won.",
            ("winning_slot", "chosen_model"),
            registry=registry,
        )
        self._routing_latency = Histogram(
            "metis_routing_decision_latency_seconds",
            "Wall time of the routing engine.",
            buckets=ROUTING_BUCKETS_S,
            registry=registry,
        )
        self._auth_failures = Counter(
            "metis_gateway_auth_failures",
            "Requests turned away at authentication.",
            ("reason",),
            registry=registry,
        )
        for reason in get_args(AuthReason):
            self._auth_failures.labels(reason)
        self._quota = Gauge(
            "metis_quota_used_ratio",
            "Most recent quota usage of an identity.",
            ("identity_kind", "identity_id"),
            registry=registry,
        )
        for name, text, poll in (
            ("metis_gateway_keys_active", "Keys that are accepted.", state.keys_active),
            ("metis_gateway_keys_revoked", "Keys that are not accepted any more.", state.keys_revoked),
            ("metis_trace_wal_bytes", "Size of the trace database's write-ahead log.", state.wal_bytes),
        ):
            Gauge(name, text, registry=registry).set_function(poll)
        self._make_session_metrics(registry)

    def _make_session_metrics(self, registry: CollectorRegistry) -> None:
        self._sessions = Gauge("metis_session_count", "Active in-memory sessions.", registry=registry)
        self._tool_latency = Histogram(
            "metis_tool_call_latency_seconds",
            "Wall time of tool calls, failed ones included.",
            ("tool_name",),
            buckets=TOOL_BUCKETS_S,
            registry=registry,
        )
        self._tool_failures = Counter(
            "metis_tool_failures", "Failed tool calls.", ("tool_name", "error_class"), registry=registry
        )
        self._open_calls: OrderedDict[int, str] = OrderedDict()
        self._verdicts = Counter(
            "metis_eval_verdicts", "Completed evaluations.", ("judge_kind", "subject_kind"), registry=registry
        )
        self._patterns = Counter(
            "metis_pattern_matches",
            "Routing decisions that the pattern store won.",
            ("chose_model", "fingerprint_version"),
            registry=registry,
        )
        self._embeddings = Gauge(
            "metis_pattern_embedding_cache_hit_ratio",
            "Share of embeddings that a workspace's cache had.",
            ("workspace_id",),
            registry=registry,
        )

    @singledispatchmethod
    def observe(self, event: DomainEvent) -> None:
        """Move what an event moves; events that Metis has no metric for move nothing."""

    @observe.register
    def _(self, event: CallFinished) -> None:
        model = (event.provider, event.model)
        self._calls.labels(*model, event.status).inc()
        self._latency.labels(*model).observe(event.latency_s)
        if event.failed:
            self._errors.labels(*model, event.status).inc()
        if event.status == "ok" or event.cost_usd:
            self._cost.labels(*model).inc(float(event.cost_usd))
            self._key_cost.labels(event.key_id or NO_KEY).inc(float(event.cost_usd))

    @observe.register
    def _(self, event: RouteDecided) -> None:
        self._routes.labels(event.slot, f"{event.provider}:{event.model}").inc()
        self._routing_latency.observe(event.latency_s)
        if event.fingerprint_version is not None:
            self._patterns.labels(f"{event.provider}:{event.model}", event.fingerprint_version).inc()

    @observe.register
    def _(self, event: AuthFailed) -> None:
        self._auth_failures.labels(event.reason).inc()

    @observe.register
    def _(self, event: QuotaUsed) -> None:
        self._quota.labels(event.kind, event.identity).set(event.ratio)

    @observe.register
    def _(self, event: QuotaExceeded) -> None:
        self._quota.labels(event.kind, event.identity).set(1)

    @observe.register
    def _(self, _event: SessionOpened) -> None:
        self._sessions.inc()

    @observe.register
    def _(self, _event: SessionEnded) -> None:
        self._sessions.dec()

    @observe.register
    def _(self, event: ToolCalled) -> None:
        self._open_calls[event.call_id] = event.tool_name
        if len(self._open_calls) > MAX_OPEN_CALLS:
            self._open_calls.popitem(last=False)

    @observe.register
    def _(self, event: ToolCompleted) -> None:
        self._end_call(event.call_id, event.latency_s)

    @observe.register
    def _(self, event: ToolFailed) -> None:
        self._tool_failures.labels(self._end_call(event.call_id, event.latency_s), event.error_class).inc()

    @observe.register
    def _(self, event: EvalCompleted) -> None:
        self._verdicts.labels(event.judge_kind, event.subject_kind).inc()

    @observe.register
    def _(self, event: EmbeddingRead) -> None:
        self._embeddings.labels(event.workspace).set(event.hit_ratio)

    def _end_call(self, call_id: int, latency_s: float) -> str:
        """Return the name of the tool that was called; how a call ends does not say it again."""
        tool_name = self._open_calls.pop(call_id, UNKNOWN_TOOL)
        self._tool_latency.labels(tool_name).observe(latency_s)
        return tool_name
