"""Tests of the check missing-runbook."""

from __future__ import annotations

import pytest
from support.linted import find

BAD = [
    "{expr: up == 0, labels: {severity: critical}}",
    "{expr: up == 0, labels: {severity: page}, annotations: {summary: x}}",
    "{expr: up == 0, labels: {severity: page}, annotations: {dashboard_url: 'https://example.org/d'}}",
]
GOOD = [
    "{expr: up == 0, labels: {severity: warning}}",
    "{expr: up == 0, labels: {severity: critical}, annotations: {runbook_url: x}}",
    "{expr: up == 0, labels: {severity: critical}, annotations: {runbook: x}}",
    "{expr: up == 0, labels: {severity: critical}, annotations: {documentation: 'https://example.org/mds'}}",
    "{record: 'a:b', expr: up}",
]


@pytest.mark.parametrize("fields", BAD)
def test_it_is_found(fields: str) -> None:
    """What wakes somebody leads to a runbook."""
    assert len(find("missing-runbook", fields)) == 1


@pytest.mark.parametrize("fields", GOOD)
def test_it_is_not_found(fields: str) -> None:
    """What is close to it, and right, has no finding."""
    assert find("missing-runbook", fields) == []
