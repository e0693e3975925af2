"""Tests of the check same-alert."""

from __future__ import annotations

import pytest
from support.linted import find

GIVEN = {"rules": "groups:\n- name: a\n  rules:\n  - {alert: Example, expr: queue > 5}\n"}
BAD = ["expr: queue > 5", "{alert: Other, expr: queue  > 5}", "{alert: Third, expr: queue > 5}"]
GOOD = [
    "expr: queue > 6",
    "{expr: queue > 5, for: 1m}",
    "{expr: queue > 5, labels: {a: b}}",
    "{record: 'a:b', expr: queue > 5}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """An alert is stated once."""
    assert len(find("same-alert", fields, GIVEN)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("same-alert", fields, GIVEN) == []
