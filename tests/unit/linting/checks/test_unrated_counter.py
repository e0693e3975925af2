"""Tests of the check unrated-counter."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "{expr: x_total > 100, for: 5m}",
    "expr: sum by (a) (x_total) > 5",
    "expr: hits_total / (hits_total + misses_total) < 0.3",
    "{record: 'a:b', expr: errors_total / requests_total}",
    "expr: x_total * 100 > 5",
]
GOOD = [
    "expr: storage_available / storage_total < 0.1",
    "expr: rate(x_total[5m]) > 100",
    "expr: increase(x_total[5m]) > 100",
    "expr: x_total - x_total offset 5m > 100",
    "expr: queue > 100",
    "{record: 'a:b', expr: x_total}",
    "expr: x_total > 0",
    "expr: changes(x_total[5m]) > 2",
    "{record: 'a:b', expr: 'sum by (a) (x_total)'}",
    "expr: (x_total unless x_total offset 1h) > 5",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A counter is as high as its process is old."""
    assert len(find("unrated-counter", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("unrated-counter", fields) == []
