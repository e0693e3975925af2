"""Tests of the check panel-reads-nothing."""

from __future__ import annotations

import json

import pytest
from support.linted import find

METRICS = """\
# TYPE calls_total counter
calls_total{status="ok"} 1
# TYPE queue gauge
queue{shard="a"} 1
"""
RULES = """\
groups:
- name: g
  rules:
  - record: job:calls:rate5m
    expr: sum by (job) (rate(calls_total[5m]))
"""
GIVEN = {"metrics": METRICS, "rules": RULES}
BAD = [
    ("rate(call_total[5m])", "do you mean 'calls_total'"),
    ('rate(calls_total{state="ok"}[$__rate_interval])', "do you mean 'status'"),
    ('queue{shard="a",shard!~"a|b"}', "in one matcher"),
    ('job:calls:rate5m / on (shard) group_left () (queue{shard="a"})', "on (…)"),
    ('sum by (stat) (rate(calls_total{job=~"$job"}[$interval]))', "do you mean 'status'"),
]
GOOD = [
    "rate(calls_total[$__rate_interval])",
    'rate(calls_total{status="$status",job=~"${job:regex}"}[${window}])',
    'queue{nothing=~"$any"}',
    "job:calls:rate5m / 2",
    "another:recording:rate5m",
    "sum by ($group) (rate(call_total[5m]))",
    "max_over_time(queue[${__range_s}s])",
    "up",
]


def write_panel(expr: str, **fields: object) -> str:
    """Return a panel with one query."""
    return json.dumps({"title": "Calls", "type": "timeseries", "targets": [{"expr": expr}], **fields})


@pytest.mark.parametrize(("expr", "instead"), BAD)
def test_it_is_found(expr: str, instead: str) -> None:
    """What reads nothing has a finding, with the nearest that there is."""
    (found,) = find("panel-reads-nothing", write_panel(expr), GIVEN)
    assert found.rule == "Calls"
    assert instead in found.instead


@pytest.mark.parametrize("expr", GOOD)
def test_it_is_not_found(expr: str) -> None:
    """Variables of Grafana's may have any value, and other rules may record names with colons."""
    assert find("panel-reads-nothing", write_panel(expr), GIVEN) == []


@pytest.mark.parametrize(
    "source", ["Loki", {"type": "loki", "uid": "x"}, {"type": "cloudwatch"}], ids=["name", "type", "cloud"]
)
def test_other_databases_are_no_prometheus(source: object) -> None:
    """What is asked of another database is left alone."""
    assert find("panel-reads-nothing", write_panel("call_total", datasource=source), GIVEN) == []


def test_its_place_is_that_of_the_metric() -> None:
    """Line and column are those in the JSON, behind variables and escaped quotes."""
    panel = (
        '{"title": "Calls", "targets": [\n{"expr": "rate(calls_total{job=\\"$job\\"}[$w]) > call_total"}]}'
    )
    (found,) = find("panel-reads-nothing", panel, GIVEN)
    line = panel.splitlines()[1]
    assert (found.line, found.column) == (2, line.rindex("call_total") + 1)
