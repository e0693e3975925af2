"""Tests of the check wrong-unit."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "{expr: 'sum(rate(r{s=\"5\"}[5m])) / sum(rate(r[5m])) > 0.1', annotations: {s: '{{ $value }}% fail'}}",
    "{expr: 'a / b * 100 > 90', annotations: {s: '{{ $value | humanizePercentage }}'}}",
    "{expr: '100 * a / b > 90', annotations: {s: '{{ $value | humanizePercentage }}'}}",
]
GOOD = [
    "{expr: 'a / b * 100 > 90', annotations: {s: '{{ $value | humanize }}%'}}",
    "{expr: 'a / b > 0.9', annotations: {s: '{{ $value | humanizePercentage }}'}}",
    "{expr: 'a > 90', annotations: {s: '{{ $value }}%'}}",
    "{expr: 'rate(x_total[5m]) < 0.5', annotations: {s: '{{ $value }}%'}}",
    "{expr: 'sum(rate(r{s=\"5\"}[5m])) / sum(rate(r[5m])) > 0.1', annotations: {s: 'more than 10% fail'}}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A percentage is a share times 100."""
    assert len(find("wrong-unit", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("wrong-unit", fields) == []
