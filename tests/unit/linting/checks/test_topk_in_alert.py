"""Tests of the check topk-in-alert."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = ["expr: topk(5, x) > 1", "expr: bottomk by (a) (5, x) < 1", "expr: topk(5, x) > 1 and y"]
GOOD = [
    "expr: sum(topk(5, x)) > 1",
    "expr: x > 1 and topk(5, x)",
    "expr: x > 1",
    "{record: 'a:b', expr: 'topk(5, x)'}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """Which series are the first ones changes."""
    assert len(find("topk-in-alert", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("topk-in-alert", fields) == []
