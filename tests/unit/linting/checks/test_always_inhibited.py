"""Tests of the check always-inhibited."""

from __future__ import annotations

import pytest
from support.linted import find

GIVEN = {
    "alertmanager.yml": """\
route: {receiver: oncall}
receivers:
- {name: oncall, webhook_configs: [{url: 'http://127.0.0.1:9/'}]}
inhibit_rules:
- source_matchers: ['severity="critical"']
  target_matchers: ['severity=~"warning|critical"']
  equal: [cluster]
""",
    "rules": """\
groups:
- name: meta
  rules:
  - {alert: Watchdog, expr: vector(1), labels: {severity: critical}}
  - {alert: Down, expr: up == 0, labels: {severity: critical}}
""",
}
BAD = [
    "{expr: sum(x) > 1, labels: {severity: warning}}",
    "{expr: 'sum by (job) (x) > 1', labels: {severity: warning}}",
]
GOOD = [
    "{expr: sum(x) > 1, labels: {severity: info}}",
    "{expr: sum(x) > 1, labels: {severity: critical}}",
    "{expr: x > 1, labels: {severity: warning}}",
    "{expr: sum(x) > 1, labels: {severity: warning, cluster: a}}",
    "{expr: sum(x) > 1, labels: {severity: '{{ $labels.severity }}'}}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A watchdog without a cluster inhibits what has no cluster either."""
    (finding,) = find("always-inhibited", fields, GIVEN)
    assert "Watchdog at others.yml:4" in finding.happens


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """Another severity, both sides at once, a cluster of its own, or what is not known."""
    assert find("always-inhibited", fields, GIVEN) == []
