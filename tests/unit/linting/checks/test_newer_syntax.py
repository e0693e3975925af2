"""Tests of the check newer-syntax."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = ["expr: x > 2s", "expr: x > 1h30m", "expr: 5m < x"]
GOOD = [
    "expr: x > 2",
    "expr: x offset 2m > 2",
    "expr: rate(x[2m]) > 2",
    "expr: x > 0x2d",
    "expr: x2s > 2",
    "expr: max_over_time(x[2m:1m]) > 2",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A duration is a number since Prometheus 3."""
    assert len(find("newer-syntax", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("newer-syntax", fields) == []
