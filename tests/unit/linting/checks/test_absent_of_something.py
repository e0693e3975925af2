"""Tests of the check absent-of-something."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "expr: absent(vector(1))",
    "expr: absent(up or vector(0))",
    "expr: absent(sum(up) or vector(0)) == 1",
    "expr: absent(1 - (sum(up) or vector(0)))",
]
GOOD = [
    "expr: absent(up)",
    "expr: absent(up or vector_of)",
    "expr: absent(sum(up))",
    "expr: (sum(up) or vector(0)) == 0",
    "expr: absent(up * scalar(x))",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """What is always there is never absent."""
    assert len(find("absent-of-something", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("absent-of-something", fields) == []
