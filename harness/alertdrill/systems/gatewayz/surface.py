"""Gatewayz's metrics: requests, inference, tokens and credits, databases, caches, providers, accounts.

The two labels whose values clients make, `user_id` and `api_key_id`, have at most MAX_NAMED values and
`other`: whoever comes later is counted, but not named, and has no gauge, since one cannot be shared.
"""

from __future__ import annotations

from functools import singledispatchmethod

from prometheus_client import CollectorRegistry, disable_created_metrics

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
from alertdrill.gateway.events import (
    CallFinished,
    ConnectionsChanged,
    DomainEvent,
    QueryFinished,
    RequestFinished,
    State,
)
from alertdrill.systems.metrics import Counter, Gauge, Histogram

JOB = "gatewayz-api"
MAX_NAMED = 100
OTHER = "other"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
REQUEST_BUCKETS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
QUERY_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
MODEL = ("provider", "model")

disable_created_metrics()  # type: ignore[no-untyped-call]  # this is global, and every system wants it


class Names:
    """The first MAX_NAMED names that come; every later one is `other`."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def bound(self, name: str) -> str:
        """Return the name, or `other` if there are too many."""
        if name not in self._known:
            if len(self._known) >= MAX_NAMED:
                return OTHER
            self._known.add(name)
        return name


class Surface:
    """Gatewayz's registry, and what moves it; queries and connections may be told from any thread."""

    def __init__(self, state: State) -> None:
        self.registry = CollectorRegistry()
        self._users, self._keys = Names(), Names()
        self._make_traffic_metrics()
        self._make_inner_metrics()
        self._make_account_metrics(state)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)

    def _make_traffic_metrics(self) -> None:
        self._requests = self._counter(
            "http_requests", "HTTP requests answered.", "method", "endpoint", "status"
        )
        self._request_s = self._histogram(
            "http_request_duration_seconds",
            "Time to answer HTTP requests, streams to their end.",
            REQUEST_BUCKETS_S,
            "method",
            "endpoint",
        )
        self._calls = self._counter(
            "model_inference_requests", "Attempts at providers by outcome.", *MODEL, "status"
        )
        self._call_s = self._histogram(
            "model_inference_duration_seconds",
            "Duration of attempts at providers, failed ones included.",
            REQUEST_BUCKETS_S,
            *MODEL,
        )
        self._tokens = self._counter("tokens_used", "Tokens used.", *MODEL, "type")
        self._credits = self._counter("credits_used", "Credits charged.", *MODEL, "user_id")

    def _make_inner_metrics(self) -> None:
        self._queries = self._counter("database_queries", "Database queries.", "table", "operation")
        self._query_s = self._histogram(
            "database_query_duration_seconds",
            "Duration of database queries.",
            QUERY_BUCKETS_S,
            "table",
            "operation",
        )
        self._hits = self._counter("cache_hits", "Cache lookups that found an entry.", "cache_name")
        self._misses = self._counter("cache_misses", "Cache lookups that found none.", "cache_name")
        self._cache_size = self._gauge("cache_size_bytes", "Size of a cache's entries.", "cache_name")
        self._available = self._gauge(
            "provider_availability", "Whether a provider can be reached (1) or not (0).", "provider"
        )
        self._error_ratio = self._gauge(
            "provider_error_rate", "Share of a provider's recent calls that failed.", "provider"
        )
        self._response_s = self._gauge(
            "provider_response_time_seconds", "Mean duration of a provider's recent calls.", "provider"
        )
        self._connections = self._gauge("active_connections", "Connections in use.", "type")
        for kind in ("db", "redis", "provider"):
            self._connections.labels(kind)
        self._waiting = self._gauge("queue_size", "Calls that wait for a slot of their model.", *MODEL)

    def _make_account_metrics(self, state: State) -> None:
        self._limited = self._counter(
            "rate_limited_requests", "Requests refused by the rate limit.", "api_key_id"
        )
        self._remaining = self._gauge(
            "current_rate_limit", "Requests that a key could send at once.", "api_key_id"
        )
        self._usage = self._counter(
            "api_key_usage", "Requests with a valid key by outcome.", "api_key_id", "status"
        )
        keys = self._gauge("active_api_keys", "Issued keys by whether they are accepted.", "status")
        keys.labels("active").set_function(state.keys_active)
        keys.labels("inactive").set_function(state.keys_revoked)
        self._balance = self._gauge("user_credit_balance", "Credits that a user has left.", "user_id")
        self._trials = self._gauge("trial_active", "Trials by whether they are over.", "status")
        for status in ("active", "expired"):
            self._trials.labels(status)
        self._subscriptions = self._gauge("subscription_count", "Accounts that have subscribed.")

    @singledispatchmethod
    def observe(self, event: DomainEvent) -> None:
        """Move what an event moves; events that Gatewayz has no metric for move nothing."""

    @observe.register
    def _(self, event: RequestFinished) -> None:
        method = event.method if event.method in METHODS else OTHER
        self._requests.labels(method, event.endpoint, str(event.status)).inc()
        self._request_s.labels(method, event.endpoint).observe(event.latency_s)
        if event.key_id is None:
            return
        if event.failure == "rate_limited":
            outcome = "rate_limited"
        else:
            outcome = "error" if event.failure is not None or event.status >= 400 else "success"
        self._usage.labels(self._keys.bound(event.key_id), outcome).inc()

    @observe.register
    def _(self, event: CallFinished) -> None:
        model = (event.provider, event.model)
        self._calls.labels(*model, event.status).inc()
        self._call_s.labels(*model).observe(event.latency_s)
        self._tokens.labels(*model, "input").inc(event.prompt_tokens)
        self._tokens.labels(*model, "output").inc(event.completion_tokens)

    @observe.register
    def _(self, event: CreditsSpent) -> None:
        user = self._users.bound(event.user)
        self._credits.labels(event.provider, event.model, user).inc(float(event.credits))
        if user != OTHER:
            self._balance.labels(user).set(float(event.balance))

    @observe.register
    def _(self, event: BalanceSet) -> None:
        user = self._users.bound(event.user)
        if user != OTHER:
            self._balance.labels(user).set(float(event.balance))

    @observe.register
    def _(self, event: AccountsCounted) -> None:
        self._trials.labels("active").set(event.trials_active)
        self._trials.labels("expired").set(event.trials_expired)
        self._subscriptions.set(event.subscriptions)

    @observe.register
    def _(self, event: RateLimitChecked) -> None:
        key = self._keys.bound(event.key_id)
        # Both are born before they are needed: a counter born at 1 shows no increase.
        for outcome in ("success", "error", "rate_limited"):
            self._usage.labels(key, outcome)
        self._limited.labels(key).inc(event.is_limited)
        if key != OTHER:
            self._remaining.labels(key).set(event.remaining)

    @observe.register
    def _(self, event: CacheLookedUp) -> None:
        self._hits.labels(event.cache).inc(event.is_hit)
        self._misses.labels(event.cache).inc(not event.is_hit)

    @observe.register
    def _(self, event: CacheResized) -> None:
        self._cache_size.labels(event.cache).set(event.size_bytes)

    @observe.register
    def _(self, event: ProviderChecked) -> None:
        self._available.labels(event.provider).set(event.is_available)
        self._error_ratio.labels(event.provider).set(event.error_ratio)
        self._response_s.labels(event.provider).set(event.response_time_s)

    @observe.register
    def _(self, event: QueueChanged) -> None:
        self._waiting.labels(event.provider, event.model).set(event.waiting)

    @observe.register
    def _(self, event: QueryFinished) -> None:
        self._queries.labels(event.table, event.operation).inc()
        self._query_s.labels(event.table, event.operation).observe(event.latency_s)

    @observe.register
    def _(self, event: ConnectionsChanged) -> None:
        self._connections.labels(event.kind).inc(event.change)
