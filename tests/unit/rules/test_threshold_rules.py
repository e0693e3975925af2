"""Tests of the rules that record rules' values: which there are, and what they record, by promtool."""

from __future__ import annotations

import json
from pathlib import Path

from support.whole_runs import run_tool

from alertdrill.rules.dilation.files import dilate_rules
from alertdrill.rules.files import RecordingRule, parse_rules
from alertdrill.rules.threshold_rules import make_value_rules
from alertdrill.runtime.binaries import Engines

RULES = """
groups:
- name: fast
  interval: 15s
  rules:
  - {alert: High, expr: 'x > 2'}
  - {alert: Both, expr: 'x > 2 and y'}
  - {alert: Ratio, expr: '0.5 < x / y'}
- name: slow
  interval: 30s
  rules:
  - {alert: Low, expr: 'rate(z[5m]) < 1'}
"""


def test_every_rule_with_a_threshold_is_recorded_at_its_interval() -> None:
    """Each has its number; what is no comparison with a number has no value."""
    file = make_value_rules(parse_rules(RULES, "rules.yml").alerts)
    assert [group.interval_s for group in file.groups] == [15, 15, 30]
    recorded = [rule for group in file.groups for rule in group.rules]
    assert all(isinstance(rule, RecordingRule) for rule in recorded)
    values = [(rule.expr, dict(rule.labels)) for rule in recorded if rule.labels]
    assert values == [
        ("x", {"alertdrill_rule": "0"}),
        ("x / y", {"alertdrill_rule": "2"}),
        ("rate(z[5m])", {"alertdrill_rule": "3"}),
    ]


def test_values_and_what_is_nan_are_recorded_as_the_rules_see_them(engines: Engines, tmp_path: Path) -> None:
    """Promtool evaluates the dilated file: a value is recorded, and a NaN in a way that any store keeps."""
    text, refused = dilate_rules(make_value_rules(parse_rules(RULES, "rules.yml").alerts), 60)
    assert refused == ()
    (tmp_path / "values.yml").write_text(text)
    test = {
        "rule_files": ["values.yml"],
        "evaluation_interval": "250ms",
        "tests": [
            {
                "interval": "250ms",
                "input_series": [
                    {"series": 'x{m="a"}', "values": "3x20"},
                    {"series": 'x{m="b"}', "values": "0x20"},
                    {"series": 'y{m="a"}', "values": "6x20"},
                    {"series": 'y{m="b"}', "values": "0x20"},
                    {"series": "z", "values": "0+1x20"},
                ],
                "promql_expr_test": [
                    {
                        "expr": 'alertdrill:rule_value{alertdrill_rule="2", m="a"}',
                        "eval_time": "5s",
                        "exp_samples": [
                            {"labels": 'alertdrill:rule_value{alertdrill_rule="2", m="a"}', "value": 0.5}
                        ],
                    },
                    {
                        "expr": "alertdrill:evaluation",
                        "eval_time": "5s",
                        "exp_samples": [{"labels": "alertdrill:evaluation", "value": 1}],
                    },
                    {
                        "expr": "alertdrill:rule_value_is_nan",
                        "eval_time": "5s",
                        "exp_samples": [
                            {"labels": 'alertdrill:rule_value_is_nan{alertdrill_rule="2", m="b"}', "value": 0}
                        ],
                    },
                    {
                        "expr": 'round(alertdrill:rule_value{alertdrill_rule="3"} * 900)',
                        "eval_time": "5s",
                        "exp_samples": [{"labels": '{alertdrill_rule="3"}', "value": 60}],
                    },
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(json.dumps(test))
    assert "SUCCESS" in run_tool(engines.promtool, "test", "rules", str(tmp_path / "test.yml"))
