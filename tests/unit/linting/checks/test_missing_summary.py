"""Tests of the check missing-summary."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "expr: up == 0",
    "{expr: up == 0, annotations: {runbook_url: x}}",
    "{expr: up == 0, annotations: {summary: ''}}",
]
GOOD = [
    "{expr: up == 0, annotations: {description: x}}",
    "{expr: up == 0, annotations: {message: x}}",
    "{record: 'a:b', expr: up}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """An alert says what is wrong."""
    assert len(find("missing-summary", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("missing-summary", fields) == []
