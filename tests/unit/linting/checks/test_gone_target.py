"""Tests of the check gone-target."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = ['expr: up{job="a"} == 0', 'expr: up{job="a"} < 1', 'expr: up{job="a"} != 1 and x > 1']
GOOD = [
    "expr: up == 0",
    'expr: up{job="a"} == 0 or absent(up{job="a"})',
    'expr: up{job="a"} == 1',
    'expr: x{job="a"} == 0',
    'expr: sum(up{job="a"}) == 0',
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """What is not there does not equal 0."""
    assert len(find("gone-target", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("gone-target", fields) == []
