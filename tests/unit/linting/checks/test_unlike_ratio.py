"""Tests of the check unlike-ratio."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    'expr: sum(rate(r_total{o="error"}[5m])) / sum(rate(r_total{m="run"}[5m])) > 0.1',
    'expr: rate(r_total{o="error"}[5m]) / ignoring (o) rate(r_total{m="run"}[5m]) > 0.1',
]
GOOD = [
    'expr: sum(rate(r_total{o="error",m="run"}[5m])) / sum(rate(r_total{m="run"}[5m])) > 0.1',
    'expr: sum(rate(r_total{o="error"}[5m])) / sum(rate(r_total[5m])) > 0.1',
    'expr: sum(rate(r_total{o="a"}[5m])) / sum(rate(r_total{o="b"}[5m])) > 0.1',
    'expr: sum(rate(a_total{o="error"}[5m])) / sum(rate(r_total{m="run"}[5m])) > 0.1',
    'expr: sum(rate(r_total[5m])) / sum(rate(r_total{m="run"}[5m])) > 3',
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """Both sides of a ratio count the same requests."""
    assert len(find("unlike-ratio", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("unlike-ratio", fields) == []
