"""Tests of the check empty-selector."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    'expr: x{a="1",a="2"} > 1',
    'expr: x{a="1",a!="1"} > 1',
    'expr: x{a="1",a=~"2.*"} > 1',
    'expr: x{a="",a!=""} > 1',
]
GOOD = [
    'expr: x{a="1",b="2"} > 1',
    'expr: x{a="1",a!="2"} > 1',
    'expr: x{a=~"1|2",a=~"2|3"} > 1',
    'expr: x{a="1",a=~"1|2"} > 1',
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """What contradicts itself selects nothing."""
    assert len(find("empty-selector", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("empty-selector", fields) == []
