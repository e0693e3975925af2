"""Tests of the check rate-of-sum."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = ["expr: rate(sum(x_total)[5m:]) > 1", "expr: increase(sum by (a) (x_total)[5m:1m]) > 1"]
GOOD = [
    "expr: sum(rate(x_total[5m])) > 1",
    "expr: rate(x_total[5m]) > 1",
    "expr: max_over_time(sum(x_total)[5m:]) > 1",
    "expr: deriv(sum(queue)[5m:]) > 1",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A sum falls where one of its counters restarts."""
    assert len(find("rate-of-sum", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("rate-of-sum", fields) == []
