"""Tests of the kinds of receivers: there is one for each integration, and nobody else tells them apart."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.schema import ADDRESS, SECRET
from alertdrill.core.expectation import Integration

PACKAGE = Path(__file__).resolve().parents[3] / "harness" / "alertdrill"
MAY_NAME_ONE = {
    "pager/heartbeats.py": "a dead-man's switch is delivered to by nobody, and is journalled as a webhook",
    "pager/smtp.py": "only mail comes by SMTP",
    "pager/webhooks.py": "an Alertmanager of somebody's own, whose config is theirs, sends webhooks only",
}

NEEDS_NO_SECRET = {"sns": "Amazon's client finds keys in its environment, or by the role of its machine"}


def test_there_is_a_kind_for_each_integration() -> None:
    """An integration without a kind could neither be redirected nor answered."""
    assert set(RECEIVER_KINDS) == set(get_args(Integration))


@pytest.mark.parametrize("integration", RECEIVER_KINDS)
def test_what_a_kind_must_have_is_what_it_may_have(integration: Integration) -> None:
    """What is required or refused is a field of it; an address or a key that is required is never kept."""
    kind = RECEIVER_KINDS[integration]
    required = {name for one in kind.required for name in one.own}
    assert required | set(kind.unsupported_fields) <= set(kind.fields)
    assert {name for one in kind.required for name in one.shared} <= set(kind.shared_fields)
    if integration not in NEEDS_NO_SECRET:
        assert all(kind.fields[name] in (SECRET, ADDRESS) for name in kind.required[0].own)


def test_nobody_else_tells_kinds_of_receivers_apart() -> None:
    """What differs from kind to kind stands in the kind's file, so a new one is one file and one line."""
    found = {
        path.relative_to(PACKAGE).as_posix()
        for room in ("alertmanager", "pager")
        for path in (PACKAGE / room).rglob("*.py")
        if path.parent.name != "receivers"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in get_args(Integration)
    }
    assert found == set(MAY_NAME_ONE)
