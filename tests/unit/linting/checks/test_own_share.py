"""Tests of the check own-share."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    'expr: rate(x{status=~"5.."}[5m]) / rate(x[5m]) > 0.05',
    'expr: 100 * (increase(x{job="a",code="500"}[1h]) / increase(x{job="a"}[1h])) > 5',
    "expr: '(rate(x{code=\"500\"}[1h]) / rate(x[1h])) / (1 - 0.999) > 14.4'",
    'expr: sum by (code) (rate(x{code="500"}[5m])) / sum by (code) (rate(x[5m])) > 0.1',
]
GOOD = [
    'expr: sum(rate(x{status=~"5.."}[5m])) / sum(rate(x[5m])) > 0.05',
    'expr: sum by (job) (rate(x{code="500"}[5m])) / sum by (job) (rate(x[5m])) > 0.1',
    'expr: rate(x{code="500"}[5m]) / ignoring (code) group_left () sum without (code) (rate(x[5m])) > 0.1',
    "expr: rate(errors_total[5m]) / rate(x[5m]) > 0.05",
    "expr: rate(x[5m]) / rate(x[1h]) > 2",
    "expr: rate(x[5m]) / rate(x[5m] offset 1d) > 2",
    'expr: rate(x{status=~"5.."}[5m]) / rate(x{status!~"5.."}[5m]) > 1',
    'expr: rate(x{code="500"}[5m]) / on (job) rate(x{code="200"}[5m]) > 1',
    'expr: disk_free{fs="ext4"} / disk_size > 0.1',
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """Where both sides keep the label of the condition, each series meets itself."""
    assert len(find("own-share", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("own-share", fields) == []
