"""Tests of the check missing-severity."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "expr: up == 0",
    "{expr: up == 0, labels: {team: a}}",
    '{expr: up == 0, labels: {severity: ""}}',
]
GOOD = [
    "{expr: up == 0, labels: {severity: x}}",
    "{expr: up == 0, labels: {priority: P1}}",
    "expr: max by (severity) (x) > 0",
    "expr: x * on (a) group_left (severity) y > 0",
    "{record: 'a:b', expr: up}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """An alert says how urgent it is."""
    assert len(find("missing-severity", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("missing-severity", fields) == []
