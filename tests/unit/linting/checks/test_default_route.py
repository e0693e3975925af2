"""Tests of the check default-route."""

from __future__ import annotations

import pytest
from support.linted import find

GIVEN = {
    "alertmanager.yml": """\
route:
  receiver: rest
  routes:
  - {matchers: ['severity="critical"'], receiver: oncall}
  - {matchers: ['severity="muted"'], receiver: nobody}
receivers:
- {name: rest, webhook_configs: [{url: 'http://127.0.0.1:9/'}]}
- {name: oncall, webhook_configs: [{url: 'http://127.0.0.1:9/'}]}
- {name: nobody}
"""
}
BAD = [
    "{expr: sum(x) > 1, labels: {severity: page}}",
    "expr: sum(x) > 1",
    "{expr: sum(x) > 1, labels: {severity: muted}}",
]
GOOD = [
    "{expr: sum(x) > 1, labels: {severity: critical}}",
    "{expr: x > 1, labels: {team: b}}",
    "expr: x > 1",
    "{expr: 'x{severity=\"critical\"} > 1'}",
    "{expr: sum(x) > 1, labels: {severity: '{{ $labels.a }}'}}",
    "{record: 'a:b', expr: sum(x)}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """Somebody is notified."""
    assert len(find("default-route", fields, GIVEN)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("default-route", fields, GIVEN) == []
