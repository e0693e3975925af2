"""The gateway's own metrics, of no system: what it does that no client and no provider shows.

They need prometheus-client, so that only `alertdrill.gateway.__main__` asks for them.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, generate_latest

from alertdrill.gateway.events import CallRetried, ConnectionRefused, DomainEvent


class OwnMetrics:
    """Counts what it hears, under every prefix and none."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._retries = Counter(
            "alertdrill_gateway_retries",
            "Attempts at a provider that were made again, by what the one before failed of.",
            ["provider", "reason"],
            registry=self._registry,
        )
        self._refused = Counter(
            "alertdrill_gateway_connections_refused",
            "Connections of clients that were one too many.",
            registry=self._registry,
        )

    def observe(self, event: DomainEvent) -> None:
        """Count an event, if it is one of these."""
        match event:
            case CallRetried():
                self._retries.labels(event.provider, event.reason).inc()
            case ConnectionRefused():
                self._refused.inc()

    def expose(self) -> bytes:
        """Return them in Prometheus's text format."""
        return generate_latest(self._registry)
