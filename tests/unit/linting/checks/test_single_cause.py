"""Tests of the check single-cause."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "{expr: 'increase(x_total[5m]) > 0', for: 5m}",
    "{expr: 'sum(rate(x_total[5m])) > 1', for: 10m}",
    "{expr: 'sum(rate(r_total{s=\"5\"}[5m])) / sum(rate(r_total[5m])) > 0.1', for: 5m}",
]
GOOD = [
    "{expr: 'increase(x_total[10m]) > 0', for: 5m}",
    "expr: increase(x_total[5m]) > 0",
    "{expr: 'increase(x_total[5m]) < 1', for: 5m}",
    "{expr: queue > 5, for: 5m}",
    "{expr: 'increase(x_total[5m]) * on () queue > 5', for: 5m}",
    "{expr: 'max_over_time(rate(x_total[5m])[1h:1m]) > 0', for: 15m}",
    "{expr: 'increase(sum(rate(x_total[5m]))[1h:1m]) > 0', for: 15m}",
    "{expr: 'rate(a[5m]) - rate(b[5m]) > 1', for: 10m}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """What happens once leaves the window before a for as long is over."""
    assert len(find("single-cause", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("single-cause", fields) == []
