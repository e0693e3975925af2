"""Which alerts fire all the time on purpose."""

from __future__ import annotations

import pytest

from alertdrill.rules.files import parse_rules
from alertdrill.rules.heartbeats import find_heartbeats


@pytest.mark.parametrize(
    ("expr", "is_heartbeat"),
    [
        ("vector(1)", True),
        ("(vector(2 - 1))", True),
        ("vector(time())", False),
        ("vector(1) > 0", False),
        ("up", False),
        ("absent(up)", False),
        ("1", False),
    ],
)
def test_a_rule_that_is_a_constant_is_a_heartbeat(expr: str, is_heartbeat: bool) -> None:
    """What reads a metric or the clock may end, and what compares is no habit of anybody's."""
    file = parse_rules(f"groups: [{{name: g, rules: [{{alert: A, expr: '{expr}'}}]}}]", "r.yml")
    assert (find_heartbeats(file.alerts) == {"A"}) == is_heartbeat
