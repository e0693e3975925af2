"""Rules are taken out of rule files."""

from __future__ import annotations

import pytest

from alertdrill.rules.dilation.files import dilate_rules
from alertdrill.rules.files import RuleFile, parse_rules
from alertdrill.rules.leaving_out import leave_out

BLOCK = """\
groups:
- name: first   # kept
  rules:
  - {record: "job:age", expr: "time() - started"}
  - {record: "job:calls", expr: "sum(rate(calls_total[5m]))"}
  - alert: Old
    expr: job:age > 1 and job:calls > 0
  - alert: Quiet
    expr: job:calls == 0
- name: second
  rules:
  - alert: Older
    expr: job:age > 2
"""
FLOW = (
    '{"groups": [{"name": "g", "rules": '
    '[{"alert": "Old", "expr": "vector(time()) > 1"}, {"alert": "Quiet", "expr": "up"}]}]}'
)
RESOURCE = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n" + "".join(
    f"  {line}\n" for line in BLOCK.splitlines()
)


def name_rules(files: tuple[RuleFile, ...]) -> list[str]:
    """Return the names of all rules."""
    return [rule.name for file in files for group in file.groups for rule in group.rules]


@pytest.mark.parametrize(
    ("text", "kept"),
    [(BLOCK, ["job:calls", "Quiet"]), (RESOURCE, ["job:calls", "Quiet"]), (FLOW, ["Quiet"])],
)
def test_alerts_go_with_what_only_they_read(text: str, kept: list[str]) -> None:
    """The text says the same as the groups, and what stays keeps its line."""
    file = parse_rules(text, "rules.yml")
    left = leave_out([file], ["Old", "Older"])
    assert name_rules(left) == kept
    assert name_rules((parse_rules(left[0].text, "rules.yml"),)) == kept
    assert [alert.source for alert in left[0].alerts] == [
        alert.source for alert in file.alerts if alert.name == "Quiet"
    ]
    assert not dilate_rules(left[0], 12)[1]


def test_what_another_file_reads_stays() -> None:
    """Also by way of another record, and by a pattern of names."""
    for read in ("job:age", '{__name__=~"job:.*"}'):
        reader = parse_rules(
            f"groups: [{{name: r, rules: [{{record: 'a:b', expr: '{read}'}}, {{alert: X, expr: 'a:b'}}]}}]",
            "r.yml",
        )
        left = leave_out([parse_rules(BLOCK, "rules.yml"), reader], ["Old", "Older"])
        assert name_rules(left) == ["job:age", "job:calls", "Quiet", "a:b", "X"]


def test_a_record_that_no_alert_reads_goes() -> None:
    """It is of no use to a drill, whoever goes; one that an alert reads stays."""
    text = BLOCK + "  - {record: unread, expr: time()}\n"
    left = leave_out([parse_rules(text, "rules.yml")], [])
    assert name_rules(left) == ["job:age", "job:calls", "Old", "Quiet", "Older"]


def test_nothing_is_left_of_a_file_that_has_nothing_else() -> None:
    """A rule file without a group is none; one that loses nothing is the same."""
    gone = parse_rules("groups:\n- name: g\n  rules:\n  - {alert: A, expr: up}\n", "rules.yml")
    kept = parse_rules("groups:\n- name: h\n  rules:\n  - {alert: B, expr: up}\n", "more.yml")
    assert leave_out([gone, kept], ["A"]) == (kept,)
