"""Tests of the check panel-threshold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.linted import find

RULES = """\
groups:
- name: g
  rules:
  - alert: ErrorsHigh
    expr: sum(rate(errors_total[5m])) / sum(rate(calls_total[5m])) > 0.05
  - alert: QueueLong
    expr: max(queue) > 80
  - alert: QueueFull
    expr: max(queue) > 95
  - alert: Failed
    expr: failed_jobs > 0
"""
GIVEN = {"rules": RULES}
RATIO = "sum(rate(errors_total[5m])) / sum(rate(calls_total[5m]))"
BAD = [
    ("max(queue)", [50]),
    ("max(queue)", [70, 95]),
    ('max(queue{job=~"$job"})', [50]),
    (f"100 * ({RATIO})", [10]),
    (RATIO, [5]),
    ("failed_jobs", [3]),
]
GOOD = [
    ("max(queue)", [80]),
    ("max(queue)", [60, 80, 95]),
    ("max(queue)", [81]),
    ("min(queue)", [50]),
    ("max(queue)", []),
    (f"100 * ({RATIO})", [5]),
    (RATIO, [0.05]),
    ("failed_jobs", [1]),
]


def write_panel(expr: str, steps: list[float], kind: str = "stat", **defaults: Any) -> str:
    """Return a panel whose colour changes at steps."""
    stated = [{"color": "green", "value": None}, *({"color": "red", "value": one} for one in steps)]
    thresholds = {"mode": "absolute", "steps": stated}
    config = {"defaults": {"thresholds": thresholds, **defaults}, "overrides": []}
    return json.dumps({"title": "Queue", "type": kind, "targets": [{"expr": expr}], "fieldConfig": config})


@pytest.mark.parametrize(("expr", "steps"), BAD)
def test_it_is_found(expr: str, steps: list[float]) -> None:
    """A colour that begins elsewhere than the alert is said with both values."""
    found = find("panel-threshold", write_panel(expr, steps), GIVEN)
    assert found
    assert all(f"{steps[0]:g}" in one.happens for one in found)


@pytest.mark.parametrize(("expr", "steps"), GOOD)
def test_it_is_not_found(expr: str, steps: list[float]) -> None:
    """The same value has no finding, in the panel's unit, nor has another expression."""
    assert find("panel-threshold", write_panel(expr, steps), GIVEN) == []


def test_what_is_not_shown_is_no_threshold() -> None:
    """Grafana writes 80 to panels that never show it."""
    panel = write_panel("failed_jobs", [80], "timeseries", color={"mode": "palette-classic"})
    assert find("panel-threshold", panel, GIVEN) == []
    drawn = {"color": {"mode": "palette-classic"}, "custom": {"thresholdsStyle": {"mode": "line"}}}
    assert find("panel-threshold", write_panel("failed_jobs", [80], "timeseries", **drawn), GIVEN)


def test_old_graphs_have_thresholds_of_their_own() -> None:
    """Those of the panel `graph` are read where they stand."""
    panel = {
        "title": "Queue",
        "type": "graph",
        "targets": [{"expr": "max(queue)"}],
        "thresholds": [{"value": 50}],
    }
    assert len(find("panel-threshold", json.dumps(panel), GIVEN)) == 2
