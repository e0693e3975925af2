"""Tests of what a change of rules is: what they mean, whatever they look like."""

from __future__ import annotations

import pytest

from alertdrill.gating.changes import find_changes, list_touched
from alertdrill.rules.files import RuleFile, parse_rules

BEFORE = """\
groups:
- name: queues
  rules:
  - {record: "queue:depth", expr: sum by (queue) (depth)}
  - {alert: Deep, expr: "queue:depth > 100", for: 2m, labels: {severity: critical}}
  - alert: Low
    expr: level > 3
    annotations: {summary: low}
"""


def read(text: str = BEFORE) -> list[RuleFile]:
    """Return the rules of a text, as a list of one file."""
    return [parse_rules(text, "rules.yml")]


SAME = [
    ("- name: queues", "# why\n- name: renamed"),
    ("sum by (queue) (depth)", '"sum  by(queue)(\\n  depth\\n)"'),
    ("for: 2m", "for: 120s"),
    (
        "expr: level > 3\n    annotations: {summary: low}",
        "annotations:\n      summary: low\n    expr: (level) > 3.0",
    ),
]


@pytest.mark.parametrize(("old", "new"), SAME, ids=["comment", "layout", "duration", "order and brackets"])
def test_what_means_the_same_is_no_change(old: str, new: str) -> None:
    """Comments, names of groups, layout, and other ways to write the same value."""
    assert old in BEFORE
    assert find_changes(read(), read(BEFORE.replace(old, new))) == ()


CHANGED = [
    ("> 100", "> 50", ("Deep",), "expr"),
    ("for: 2m", "for: 3m", ("Deep",), "for"),
    ("severity: critical", "severity: warning", ("Deep",), "label severity"),
    ("summary: low", "summary: high", ("Low",), "annotation summary"),
    ("sum by", "max by", ("Deep",), "expr"),
]


@pytest.mark.parametrize(("old", "new", "alerts", "field"), CHANGED)
def test_a_field_that_says_something_else_is_named(
    old: str, new: str, alerts: tuple[str, ...], field: str
) -> None:
    """With the alerts that it decides: those of a recording rule are all that read it."""
    (change,) = find_changes(read(), read(BEFORE.replace(old, new)))
    assert (change.kind, change.alerts) == ("changed", alerts)
    assert [one.name for one in change.fields] == [field]


def test_an_interval_of_a_group_concerns_all_of_its_rules() -> None:
    """They are evaluated at other instants."""
    changes = find_changes(read(), read(BEFORE.replace("- name: queues", "- name: queues\n  interval: 1m")))
    assert [change.rule.name for change in changes] == ["queue:depth", "Deep", "Low"]
    assert list_touched(changes) == ("Deep", "Low")


def test_rules_come_and_go() -> None:
    """One is new, the other was there."""
    added, removed = find_changes(read(), read(BEFORE.replace("alert: Low", "alert: Lower")))
    assert (added.kind, added.rule.name) == ("added", "Lower")
    assert (removed.kind, removed.rule.name, removed.alerts) == ("removed", "Low", ("Low",))


def test_one_alert_that_is_stated_twice_is_two_rules() -> None:
    """The one that changed is compared with the one that it was, wherever the other stands."""
    twice = "groups: [{name: g, rules: [{alert: A, expr: x > 1}, {alert: A, expr: y > 2}]}]"
    turned = "groups: [{name: g, rules: [{alert: A, expr: y > 3}, {alert: A, expr: x > 1}]}]"
    (change,) = find_changes(read(twice), read(turned))
    assert [(one.before, one.after) for one in change.fields] == [("y > 2", "y > 3")]
