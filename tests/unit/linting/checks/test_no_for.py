"""Tests of the check no-for."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "expr: queue > 5",
    "expr: up == 0",
    "expr: sum by (a) (queue) > 5",
    "expr: used / size > 0.9",
    "expr: queue > 5 and workers > 1",
]
GOOD = [
    "expr: mysql_uptime < 60",
    "expr: cert_ttl_seconds < 60",
    "{expr: queue > 5, keep_firing_for: 5m}",
    "{expr: queue > 5, for: 1m}",
    "expr: avg_over_time(queue[5m]) > 5",
    "expr: rate(x_total[5m]) > 5",
    "expr: time() - last_success_timestamp > 600",
    "expr: x_total > 5",
    "expr: absent(up)",
    "expr: job:errors:ratio > 5",
    "expr: queue - queue offset 5m > 5",
    "{record: 'a:b', expr: queue > 5}",
    "expr: vector(1)",
    "expr: build_info == 1",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """One scrape fires an alert without a for."""
    assert len(find("no-for", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("no-for", fields) == []
