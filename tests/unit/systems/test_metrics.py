"""The metrics of surfaces are those of prometheus-client, found faster."""

from __future__ import annotations

import prometheus_client
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from alertdrill.systems import metrics


def expose(library) -> list[str]:
    """Return what a registry shows after some moves, but for when series were made."""
    registry = CollectorRegistry()
    counter = library.Counter("c", "Counts.", ("a", "b"), registry=registry)
    gauge = library.Gauge("g", "Is set.", ("a",), registry=registry)
    histogram = library.Histogram("h", "Observes.", ("a",), buckets=(1, 2), registry=registry)
    plain = library.Counter("p", "Has no labels.", registry=registry)
    for value in (0.5, 1.5, 2.5):
        counter.labels("x", "y").inc()
        counter.labels("x", 1).inc(value)
        counter.labels(b="y", a="x").inc()
        gauge.labels("x").set(value)
        histogram.labels("x").observe(value)
        plain.inc()
    return [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]


def test_they_show_what_the_library_would_show():
    """Line for line, however the labels were given."""
    assert expose(metrics) == expose(prometheus_client)


def test_a_series_is_looked_up_in_the_library_once(monkeypatch):
    """A series that was found is the same object afterwards, without asking for it again."""
    counter = metrics.Counter("c", "Counts.", ("a",), registry=None)
    series = counter.labels("x")
    monkeypatch.setattr(prometheus_client.Counter, "labels", None)
    assert counter.labels("x") is series
    with pytest.raises(TypeError):
        counter.labels("y")
