"""Tests of the check unknown-label."""

from __future__ import annotations

import pytest
from support.linted import find

GIVEN = {"metrics": '# TYPE r counter\nr_total{status="500",method="GET"} 1\n'}
BAD = [
    "expr: 'r_total{method=\"GIT\"} > 1'",
    "expr: 'r_total{status_code=~\"5..\"} > 1'",
    "expr: 'r_total{statu=\"500\"} > 1'",
    "expr: 'sum by (verb) (r_total) > 1'",
]
GOOD = [
    "expr: 'r_total{status=\"500\"} > 1'",
    "expr: 'r_total{namespace=\"a\"} > 1'",
    "expr: 'r_total{verb!=\"GET\"} > 1'",
    "expr: 'other{verb=\"GET\"} > 1'",
    "expr: 'sum by (status, pod) (r_total) > 1'",
    "expr: 'sum by (verb) (r_total * on (pod) group_left (verb) other) > 1'",
    'expr: \'sum by (v) (label_replace(r_total, "v", "$1", "status", "(.).*")) > 1\'',
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """What no series has selects nothing."""
    assert len(find("unknown-label", fields, GIVEN)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("unknown-label", fields, GIVEN) == []
