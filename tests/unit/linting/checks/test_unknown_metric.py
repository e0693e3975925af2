"""Tests of the check unknown-metric."""

from __future__ import annotations

import pytest
from support.linted import find

GIVEN = {"metrics": "# TYPE queue gauge\nqueue 1\n# TYPE x counter\nx_total 1\n# TYPE y_seconds histogram\n"}
BAD = ["expr: quee > 1", "expr: rate(x_totl[5m]) > 1", "expr: y_seconds > 1"]
GOOD = [
    "expr: queue > 1",
    "expr: rate(x_total[5m]) > 1",
    "expr: up == 0",
    "expr: '{__name__=~\"q.*\"} > 1'",
    "expr: rate(y_seconds_bucket[5m]) > 1",
    "expr: ALERTS > 0",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """What nobody shows selects nothing."""
    assert len(find("unknown-metric", fields, GIVEN)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("unknown-metric", fields, GIVEN) == []
