"""Tests of the check quantile-input."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "expr: histogram_quantile(0.95, x_bucket) > 1",
    "expr: histogram_quantile(0.95, sum by (le) (x_bucket)) > 1",
    "expr: histogram_quantile(95, rate(x_bucket[5m])) > 1",
    "expr: histogram_quantile(0.95, sum(rate(x_bucket[5m]))) > 1",
    "expr: histogram_quantile(0.95, sum without (le) (rate(x_bucket[5m]))) > 1",
]
GOOD = [
    "expr: histogram_quantile(0.95, rate(x_bucket[5m])) > 1",
    "expr: histogram_quantile(0.95, sum by (le, a) (rate(x_bucket[5m]))) > 1",
    "expr: histogram_quantile(0.95, sum without (a) (rate(x_bucket[5m]))) > 1",
    "expr: histogram_quantile(0.95, rate(native[5m])) > 1",
    "expr: histogram_quantile(0.95, sum(rate(native[5m]))) > 1",
    "expr: histogram_quantile(scalar(q), rate(x_bucket[5m])) > 1",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A quantile is of rates of buckets by le."""
    assert len(find("quantile-input", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("quantile-input", fields) == []
