"""Whether anything can come near to a rule without firing it, as init and the gate have it."""

from __future__ import annotations

import pytest

from alertdrill.project.drafting.nearness import EQUAL, LAST_CALL, SEVERAL, TOO_SHORT, find_nothing_near
from alertdrill.rules.files import parse_rules


@pytest.mark.parametrize(
    ("expr", "for_", "why"),
    [
        ("max by (model_id) (litellm_deployment_state) == 1", "1m", LAST_CALL),
        ("phase == 1", "1m", EQUAL),
        ("phase != 2", "1m", EQUAL),
        ("absent(phase)", "1m", SEVERAL),
        ("a > 1 and b > 2", "1m", SEVERAL),
        ("up == 0", "15s", TOO_SHORT),
        ("up == 0", "10m", ""),
        ("depth > 100", "1m", ""),
        ("rate(http_requests_total[5m]) > 3", "1m", ""),
    ],
)
def test_what_is_a_state_has_nothing_near_to_it(expr: str, for_: str, why: str) -> None:
    """A value has, and so has an outage that may end before it is reported."""
    rules = f"groups: [{{name: g, rules: [{{alert: A, expr: '{expr}', for: {for_}}}]}}]"
    assert find_nothing_near([parse_rules(rules, "rules.yml")]) == ({"A": why} if why else {})


def test_one_of_several_rules_by_a_name_is_enough() -> None:
    """A near miss of that one is a near miss of the alert."""
    rules = "groups: [{name: g, rules: [{alert: A, expr: 'phase == 1'}, {alert: A, expr: 'depth > 100'}]}]"
    assert find_nothing_near([parse_rules(rules, "rules.yml")]) == {}
