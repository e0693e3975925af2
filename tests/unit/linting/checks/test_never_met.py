"""Tests of the check never-met."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "expr: rate(x_total[5m]) < 0",
    "expr: count(up == 1) == 0",
    "expr: count(up) < 1",
    "expr: up > 1",
    "expr: up == 2",
    "expr: absent(up) == 0",
    'expr: sum(rate(r_total{s="5"}[5m])) / sum(rate(r_total[5m])) > 5',
    'expr: 100 * sum(rate(r_total{s="5"}[5m])) / sum(rate(r_total[5m])) > 101',
    'expr: 1 - sum(rate(r_total{s="5"}[5m])) / sum(rate(r_total[5m])) < 0',
    "expr: (x > 5) < 3",
    "expr: hour() > 23",
    "expr: x * on () (hour() > bool 24) > 0",
    "expr: count_over_time(x[5m]) == 0",
    "expr: clamp_max(x, 1) > 2",
    "expr: 0 > increase(x_total[5m])",
    "expr: avg(up) > 1",
    "expr: changes(x[5m]) < 0",
    "expr: day_of_week() == 7",
    "expr: litellm_deployment_state == 3",
]
GOOD = [
    "expr: rate(x_total[5m]) <= 0",
    "expr: count(up == 1) == 1",
    "expr: count(up) > 1",
    "expr: up == 0",
    "expr: sum(up) < 1",
    "expr: absent(up) == 1",
    "expr: (count(up == 1) or vector(0)) == 0",
    "expr: sum(rate(a_total[5m])) / sum(rate(b_total[5m])) > 5",
    'expr: 100 * sum(rate(r_total{s="5"}[5m])) / sum(rate(r_total[5m])) > 5',
    'expr: sum(rate(r_total{s="5"}[5m])) / sum(rate(r_total{m="x"}[5m])) > 5',
    "expr: rate(a[5m]) - rate(b[5m]) < 0",
    "expr: delta(x[5m]) < 0",
    "expr: x < 0",
    "expr: (x > 3) < 5",
    'expr: sum(rate(r_total{s="5"}[5m])) / sum(rate(r_total[1m])) > 5',
    "expr: sum by (a) (rate(r_total[5m])) / on (b) sum by (b) (rate(r_total[5m])) > 2",
    "expr: clamp_max(x, 3) > 2",
    "expr: vector(1) == 1",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A comparison that no value meets never has a result."""
    assert len(find("never-met", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("never-met", fields) == []
