"""Tests of the check rate-of-gauge."""

from __future__ import annotations

import pytest
from support.linted import find

GIVEN = {"metrics": "# TYPE queue gauge\nqueue 1\n# TYPE x counter\nx_total 1\n"}
BAD = ["expr: rate(queue[5m]) > 1", "expr: increase(queue[5m]) > 1"]
GOOD = ["expr: deriv(queue[5m]) > 1", "expr: rate(x_total[5m]) > 1", "expr: rate(other[5m]) > 1"]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A gauge has no rate."""
    assert len(find("rate-of-gauge", fields, GIVEN)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("rate-of-gauge", fields, GIVEN) == []
