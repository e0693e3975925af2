"""Tests of the check time-elsewhere."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "expr: rate(x_total[5m] offset -5m) > 1",
    "expr: x offset -1m > 1",
    "expr: x @ 1700000000 > 1",
    "expr: max_over_time(x[5m:1m] offset -10m) > 1",
]
GOOD = [
    "expr: rate(x_total[5m] offset 5m) > 1",
    "expr: x @ end() > 1",
    "expr: x > 1",
    "expr: max_over_time(x[5m:1m]) > 1",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """The future has no samples."""
    assert len(find("time-elsewhere", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("time-elsewhere", fields) == []
