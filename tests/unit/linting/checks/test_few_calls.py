"""Tests of the check few-calls."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "expr: sum by (model) (rate(errors_total[5m])) / sum by (model) (rate(calls_total[5m])) > 0.05",
    "expr: histogram_quantile(0.99, rate(x_bucket[5m])) > 1",
    "{expr: 'histogram_quantile(0.95, sum by (le) (rate(x_bucket[10m]))) >= 1', for: 5m}",
]
GOOD = [
    "expr: count by (a) (avg_over_time(up[5m]) < 0.5) / count by (a) (up) > 0.5",
    "expr: sum(rate(errors_total[5m])) / sum(rate(calls_total[5m])) > 0.05",
    "expr: sum by (model) (errors) / sum by (model) (calls) > 0.05",
    "{expr: 'histogram_quantile(0.99, rate(x_bucket[5m])) > 1', for: 5m}",
    "expr: histogram_quantile(0.5, rate(x_bucket[5m])) > 1",
    "expr: histogram_quantile(0.99, rate(x_bucket[5m])) > 1 and rate(x_count[5m]) > 1",
    "expr: histogram_quantile(0.99, rate(x_bucket[5m])) < 1",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A high quantile of few calls is the slowest of them."""
    assert len(find("few-calls", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("few-calls", fields) == []
