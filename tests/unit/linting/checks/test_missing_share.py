"""Tests of the check missing-share."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    'expr: sum(rate(r_total{s="ok"}[5m])) / sum(rate(r_total[5m])) < 0.9',
    'expr: sum by (a) (rate(r_total{s="ok"}[5m])) / sum by (a) (rate(r_total[5m])) * 100 <= 90',
    "expr: sum(rate(hits_total[5m])) / (sum(rate(hits_total[5m])) + sum(rate(misses_total[5m]))) < 0.3",
]
GOOD = [
    'expr: sum(rate(r_total{s="ok"}[5m])) / sum(rate(r_total[5m])) > 0.1',
    'expr: (sum(rate(r_total{s="ok"}[5m])) or 0 * sum(rate(r_total[5m]))) / sum(rate(r_total[5m])) < 0.9',
    "expr: free / size < 0.1",
    'expr: 1 - sum(rate(r_total{s="bad"}[5m])) / sum(rate(r_total[5m])) < 0.9',
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A share of what never happened is nothing."""
    assert len(find("missing-share", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("missing-share", fields) == []
