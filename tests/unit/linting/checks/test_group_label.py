"""Tests of the check group-label."""

from __future__ import annotations

import pytest
from support.linted import find

GIVEN = {
    "alertmanager.yml": """\
route:
  receiver: oncall
  group_by: [alertname, team]
  routes:
  - {matchers: ['severity="page"'], receiver: oncall, group_by: [job]}
  - {matchers: ['severity="each"'], receiver: oncall, group_by: ['...']}
receivers:
- {name: oncall, webhook_configs: [{url: 'http://127.0.0.1:9/'}]}
"""
}
BAD = ["expr: sum by (job) (x) > 1", "{expr: sum(x) > 1, labels: {severity: page}}"]
GOOD = [
    "expr: x > 1",
    "{expr: sum(x) > 1, labels: {team: a}}",
    "expr: sum by (team) (x) > 1",
    "{expr: sum by (job) (x) > 1, labels: {severity: page}}",
    "{expr: sum(x) > 1, labels: {severity: each}}",
    "{record: 'a:b', expr: sum(x)}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """What is not there is empty for all."""
    assert len(find("group-label", fields, GIVEN)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("group-label", fields, GIVEN) == []
