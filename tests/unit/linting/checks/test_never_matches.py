"""Tests of the check never-matches."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "expr: sum(a) / b > 1",
    "expr: sum(a) / (b * c) > 1",
    "expr: rate(a[5m]) / sum(rate(a[5m])) > 0.5",
    "expr: a > sum by (x) (b)",
    "expr: (a > 1) and sum(b) > 2",
    'expr: a{x="1"} / b{x="2"} > 1',
    'expr: a{x="1"} / on (x) b{x="2"} > 1',
    'expr: sum by (x) (a{x="1"}) / sum(b) > 1',
    'expr: sum(a) / sum by (x) (b{x=~"1|2"}) > 1',
    'expr: a{x="1"} and sum by (y) (b)',
    'expr: a{x="1"} * on (x) group_left sum(b)',
    'expr: absent(a) * on (x) b{x="1"}',
    'expr: a{x="1"} > sum without (x) (b)',
]
GOOD = [
    "expr: a / on () group_left sum(b) > 1",
    "expr: a / on (x) group_left sum by (x) (b) > 1",
    "expr: a > ignoring (instance) group_left sum without (instance) (b)",
    "expr: a:b > sum(c)",
    "expr: a > sum by (instance) (b)",
    'expr: a{job="",instance=""} > sum(b)',
    "expr: a > scalar(sum(b))",
    "expr: sum(a) > avg(b)",
    "expr: absent(a) and sum(b)",
    "expr: a unless sum(b)",
    "expr: sum by (x) (a) / sum by (x) (b) > 1",
    'expr: sum by (x) (a{x="1"}) / on () group_left sum(b) > 1',
    'expr: sum by (x) (a{x="1"}) / ignoring (x) sum(b) > 1',
    'expr: a{x="1"} / ignoring (x) b{x="2"} > 1',
    'expr: a{x="1"} or sum(b)',
    'expr: a{x="1"} unless sum(b)',
    'expr: a{x="1"} > 1',
    'expr: r:a{x=~".*"} / sum(b)',
    "expr: sum by (x, y) (a) / sum by (x) (b)",
    'expr: label_replace(sum(a), "x", "1", "", "") / r:a{x="1"}',
    'expr: a{x="1"} * scalar(b{x="2"})',
    'expr: count_values("x", a) / r:a{x="1"}',
    'expr: a{x="1"} / on (y) b{x="2"}',
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """Series match whose labels are the same."""
    assert len(find("never-matches", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("never-matches", fields) == []
