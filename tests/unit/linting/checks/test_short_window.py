"""Tests of the check short-window."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = ["expr: rate(x_total[15s]) > 1", "expr: increase(x_total[10s]) > 1", "expr: deriv(x[20s]) > 1"]
GOOD = [
    "expr: rate(x_total[30s]) > 1",
    "expr: max_over_time(x[10s]) > 1",
    "expr: rate(x_total[5m]) > 1",
    "expr: rate(sum(x)[10s:1s]) > 1",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A rate wants two samples."""
    assert len(find("short-window", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("short-window", fields) == []
