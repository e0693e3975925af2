"""Counters, gauges and histograms for surfaces, as prometheus-client's, but quick to find by their labels.

A call moves twenty series, and prometheus-client checks and locks for each that it looks up. Series that were
looked up are remembered for good, so nobody removes any: surfaces bound their labels instead.
"""

from __future__ import annotations

from typing import Any, Self

import prometheus_client
from prometheus_client.metrics import MetricWrapperBase


class _Remembering(MetricWrapperBase):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._remembered: dict[tuple[object, ...], Self] = {}

    def labels(self, *values: object, **named: object) -> Self:
        """Return the series with these values of the labels, in the order of the labels' names."""
        if named:
            return super().labels(*values, **named)
        series = self._remembered.get(values)
        if series is None:
            series = self._remembered[values] = super().labels(*values)
        return series


class Counter(_Remembering, prometheus_client.Counter):
    """A number that only grows."""


class Gauge(_Remembering, prometheus_client.Gauge):
    """A number that is set."""


class Histogram(_Remembering, prometheus_client.Histogram):
    """How many observations there were up to each bound."""
