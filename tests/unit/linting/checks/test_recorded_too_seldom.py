"""Tests of the check recorded-too-seldom."""

from __future__ import annotations

import pytest
from support.linted import find

GIVEN = {
    "rules": """\
groups:
- name: a
  interval: 10m
  rules:
  - {record: 'slow:x', expr: x}
- name: b
  interval: 1m
  rules:
  - {record: 'quick:x', expr: x}
"""
}
BAD = ["{expr: 'slow:x > 1', for: 10m}", "expr: slow:x > 1"]
GOOD = [
    "{expr: 'last_over_time(slow:x[20m]) > 1', for: 10m}",
    "{expr: 'quick:x > 1', for: 10m}",
    "{expr: x > 1, for: 10m}",
    "{expr: 'max_over_time((slow:x > 1)[20m:1m]) > 1', for: 10m}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A series is seen for 5 minutes."""
    assert len(find("recorded-too-seldom", fields, GIVEN)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("recorded-too-seldom", fields, GIVEN) == []
