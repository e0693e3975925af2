"""Tests of the check value-in-label."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "{expr: x > 1, labels: {v: '{{ $value }}'}}",
    "{expr: x > 1, labels: {v: 'at {{ .Value | humanize }}'}}",
    "{expr: x > 1, labels: {v: '{{ $value | printf \"%.0f\" }}'}}",
]
GOOD = [
    "{expr: x > 1, labels: {v: '{{ $labels.a }}'}}",
    "{expr: x > 1, annotations: {v: '{{ $value }}'}}",
    "{expr: x > 1, labels: {severity: '{{ if gt $value 5.0 }}critical{{ else }}warning{{ end }}'}}",
    "{expr: x > 1, labels: {v: value}}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """A label that changes makes a new alert."""
    assert len(find("value-in-label", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("value-in-label", fields) == []
