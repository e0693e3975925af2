"""Tests of the check zero-denominator."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "expr: used / limit_bytes > 0.9",
    "expr: sum by (a) (used) / sum by (a) (session_limit) * 100 > 90",
    "expr: 100 * (used / quota) > 90",
]
GOOD = [
    "expr: used / (limit_bytes > 0) > 0.9",
    "expr: used / limit_bytes > 0.9 and limit_bytes > 0",
    "expr: free / limit_bytes < 0.1",
    "expr: used / total > 0.9",
    "expr: rate(a[5m]) / rate(limit_total[5m]) > 1",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A limit is 0 where none is set."""
    assert len(find("zero-denominator", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("zero-denominator", fields) == []
