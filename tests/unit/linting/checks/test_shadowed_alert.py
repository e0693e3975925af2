"""Tests of the check shadowed-alert."""

from __future__ import annotations

import pytest
from support.linted import find

GIVEN = {
    "rules": """\
groups:
- name: a
  rules:
  - {alert: Wide, expr: 'up{job=~"a|b"} == 0', labels: {severity: critical}}
"""
}
BAD = ["{expr: 'up{job=\"a\"} == 0', labels: {severity: critical}}"]
GOOD = [
    "{expr: 'up{job=\"c\"} == 0', labels: {severity: critical}}",
    "{expr: 'up{job=\"a\"} == 0', labels: {severity: warning}}",
    "{expr: 'up{job=\"a\"} == 0', for: 1m, labels: {severity: critical}}",
    "{expr: 'up == 0', labels: {severity: critical}}",
    "{expr: 'up{job=\"a\"} == 1', labels: {severity: critical}}",
    "{expr: 'up{job=~\"a|b\"} == 0', labels: {severity: critical}}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """Two alerts of one condition notify twice."""
    assert len(find("shadowed-alert", fields, GIVEN)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("shadowed-alert", fields, GIVEN) == []
