"""Tests of the check held-peak."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "{expr: 'max_over_time(x[1h]) > 5', for: 30m}",
    "{expr: 'max by (a) (max_over_time(x[1h])) >= 5', for: 5m}",
    "{expr: 'min_over_time(x[1h]) < 5', for: 5m}",
    "{expr: '5 < max_over_time(x[1h])', for: 30m}",
]
GOOD = [
    "{expr: 'max_over_time(x[5m]) > 5', for: 5m}",
    "expr: max_over_time(x[1h]) > 5",
    "{expr: 'min_over_time(x[1h]) > 5', for: 5m}",
    "{expr: 'avg_over_time(x[1h]) > 5', for: 5m}",
    "{expr: 'max_over_time(x[1h]) - x > 5', for: 5m}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A peak outlasts a shorter for."""
    assert len(find("held-peak", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("held-peak", fields) == []
