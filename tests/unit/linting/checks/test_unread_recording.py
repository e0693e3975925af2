"""Tests of the check unread-recording."""

from __future__ import annotations

import pytest
from support.linted import find

GIVEN = {
    "rules": "groups:\n- name: a\n  rules:\n  - {alert: Reads, expr: 'e:f > 1 or {__name__=~\"g:.*\"} > 1'}\n"
}
BAD = ["{record: 'a:b', expr: x}", "{record: 'c:d', expr: x}"]
GOOD = ["{record: 'e:f', expr: x}", "{record: 'g:h', expr: x}", "expr: x > 1"]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """What is recorded is read."""
    assert len(find("unread-recording", fields, GIVEN)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("unread-recording", fields, GIVEN) == []
