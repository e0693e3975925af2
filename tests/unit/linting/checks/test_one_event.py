"""Tests of the check one-event."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "expr: rate(x_total[5m]) > 0",
    "expr: sum by (a) (increase(x_total[5m])) > 0",
    "expr: 0 < increase(x_total[5m])",
]
GOOD = [
    "{expr: 'rate(x_total[5m]) > 0', for: 5m}",
    "expr: rate(x_total[5m]) > 1",
    "expr: rate(x_total[5m]) == 0",
    "expr: delta(x[5m]) > 0",
    "expr: rate(x_total[5m]) > 0 and y > 1",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """One event is above nothing."""
    assert len(find("one-event", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("one-event", fields) == []
