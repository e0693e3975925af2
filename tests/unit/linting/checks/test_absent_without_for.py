"""Tests of the check absent-without-for."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = ["expr: absent(up)", "expr: absent(up) == 1", "expr: absent(up) or x > 1"]
GOOD = [
    "{expr: absent(up), for: 1m}",
    "expr: absent_over_time(up[5m])",
    "expr: up == 0",
    "{record: 'a:b', expr: absent(up)}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """An absence wants a for."""
    assert len(find("absent-without-for", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("absent-without-for", fields) == []
