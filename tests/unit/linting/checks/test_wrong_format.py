"""Tests of the check wrong-format."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "{expr: x > 1, annotations: {summary: '{{ printf \"%d\" $value }}'}}",
    "{expr: x > 1, annotations: {summary: '{{ $value | printf \"%s\" }}'}}",
    "{expr: x > 1, labels: {v: '{{ printf \"%03d\" .Value }}'}}",
]
GOOD = [
    "{expr: x > 1, annotations: {summary: '{{ printf \"%.2f%%\" $value }}'}}",
    "{expr: x > 1, annotations: {summary: '{{ $value | humanize | printf \"%s\" }}'}}",
    "{expr: x > 1, annotations: {summary: '{{ printf \"%s\" $labels.a }}'}}",
    "{expr: x > 1, annotations: {summary: '{{ printf \"%v\" $value }}'}}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """The value is a floating-point number."""
    assert len(find("wrong-format", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("wrong-format", fields) == []
