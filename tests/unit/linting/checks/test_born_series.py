"""Tests of the check born-series."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "expr: rate(errors_total[5m]) > 0",
    "expr: increase(errors_total[1h]) >= 1",
    "expr: sum(increase(cost_usd_sum[1h])) > 100",
    "expr: sum by (a) (rate(key_cost_usd_total[1h])) * 3600 > 10",
]
GOOD = [
    "expr: slow > 1 and rate(x_total[5m]) > 0",
    "expr: rate(errors_total[5m]) > 1",
    "expr: sum by (t) ((c_sum unless c_sum offset 1h) or increase(c_sum[1h])) > 100",
    "expr: queue > 0",
    "expr: rate(c_sum[5m]) / rate(c_count[5m]) > 1",
    "expr: rate(errors_total[5m]) < 0.1",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """What a series is born with is no increase."""
    assert len(find("born-series", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("born-series", fields) == []
