"""Tests of the check no-comparison."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = ["expr: x", "expr: rate(x[5m])", "expr: sum(x) / sum(y)", "expr: x > bool 1", "expr: x and y"]
GOOD = [
    "expr: x > 1",
    "expr: x and y > 1",
    "expr: absent(x)",
    "expr: vector(1)",
    "expr: x unless y",
    "expr: a:b",
    "{record: 'a:b', expr: x}",
    "expr: sum(x > 1)",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """What is there fires, whatever its value."""
    assert len(find("no-comparison", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("no-comparison", fields) == []
