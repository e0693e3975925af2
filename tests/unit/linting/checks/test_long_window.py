"""Tests of the check long-window."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = ["{expr: 'rate(x[1h]) > 1', for: 10m}", "{expr: 'sum(increase(x[1d])) > 1', for: 5m}"]
GOOD = [
    "{expr: 'rate(x[10m]) > 1', for: 10m}",
    "expr: rate(x[1h]) > 1",
    "{expr: 'rate(x[1h]) > 1 and rate(x[5m]) > 1', for: 2m}",
    "{expr: 'rate(x[1h]) < 1', for: 10m}",
    "{expr: 'rate(x[1h]) / rate(x[5m]) > 1', for: 10m}",
    "{expr: 'rate(x[15m]) > 1', for: 1m}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A burst stays in a long window."""
    assert len(find("long-window", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("long-window", fields) == []
