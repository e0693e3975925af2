"""Tests of the check padded-denominator."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "expr: rate(a[5m]) / (rate(b[5m]) + 0.001) > 1",
    "expr: sum(rate(a[5m])) / (1e-9 + sum(rate(b[5m]))) * 100 > 1",
]
GOOD = [
    "expr: rate(a[5m]) / rate(b[5m]) > 1",
    "expr: rate(a[5m]) / (rate(b[5m]) + rate(c[5m])) > 1",
    "expr: a / (b + 0.001) > 1",
    "expr: rate(a[5m]) / (rate(b[5m]) + 5) > 1",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A small constant avoids nothing."""
    assert len(find("padded-denominator", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("padded-denominator", fields) == []
