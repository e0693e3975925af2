"""What a stub counted, as metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from stub_providers.ledger import Ledger

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def write_metrics(ledger: Ledger, *, listening: bool) -> bytes:
    """Return the exposition of a stub's ledger."""
    registry = CollectorRegistry()
    registry.register(_Counted(ledger, listening=listening))
    return generate_latest(registry)


class _Counted(Collector):
    def __init__(self, ledger: Ledger, *, listening: bool) -> None:
        self._ledger = ledger
        self._listening = listening

    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("stub_listening", "1 while the port is open, 0 in an outage.")
        up.add_metric([], float(self._listening))
        requests = CounterMetricFamily(
            "stub_requests", "Requests that are over, by what they came to.", labels=("model", "outcome")
        )
        met = CounterMetricFamily(
            "stub_behaviours",
            "Requests that met an error, a limit, a flaw or a spell, by which.",
            labels=("model", "behaviour"),
        )
        tokens = CounterMetricFamily(
            "stub_tokens", "Tokens of answers that arrived.", labels=("model", "direction")
        )
        latency = SummaryMetricFamily(
            "stub_latency_seconds", "Latency that requests met, in rule time.", labels=("model",)
        )
        for model, tally in self._ledger.list_tallies():
            for outcome, count in tally.outcomes.items():
                requests.add_metric((model, outcome), count)
            for behaviour, count in tally.met.items():
                met.add_metric((model, behaviour), count)
            for direction, count in tally.tokens.items():
                tokens.add_metric((model, direction), count)
            latency.add_metric((model,), tally.latencies, tally.latency_sum_s)
        return up, requests, met, tokens, latency
