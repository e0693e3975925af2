"""Tests of choosing the rule that a synthetic alert is made of."""

from __future__ import annotations

import pytest

from alertdrill.errors import BadInput
from alertdrill.rules.files import parse_rules
from alertdrill.runner.synthetic.choice import choose_rule, read_labels

TEXT = """
groups:
  - name: g
    rules:
      - {alert: Slow, expr: x > 1, labels: {severity: warning}}
      - {alert: Slow, expr: x > 2, labels: {severity: critical}}
      - {alert: Odd, expr: x > 3, labels: {severity: "{{ $labels.how }}"}}
"""
FILES = (parse_rules(TEXT, "r.yml"),)


def test_labels_choose_among_rules_of_one_name() -> None:
    """A label that the rule states otherwise rules it out; one that it does not state is the series'."""
    rule = choose_rule(FILES, "Slow", {"severity": "critical", "pod": "a"})
    assert rule.source == "r.yml:6"


def test_two_rules_of_a_name_are_not_guessed_between() -> None:
    """Both are named with their lines and labels, and how to choose."""
    with pytest.raises(BadInput, match=r'2 rules are called Slow: r.yml:5 .*"warning".*r.yml:6 .*--label'):
        choose_rule(FILES, "Slow", {})


def test_a_label_that_no_rule_has_is_refused() -> None:
    """The rule's own label would win, so the alert would not be the one that was asked for."""
    with pytest.raises(BadInput, match=r'no rule of the alert Slow has the labels {severity="info"}'):
        choose_rule(FILES, "Slow", {"severity": "info"})


def test_a_label_that_is_a_template_may_be_anything() -> None:
    """What it will be is known only when it is rendered."""
    assert choose_rule(FILES, "Odd", {"severity": "info"}).name == "Odd"


def test_an_unknown_alert_is_answered_with_the_known_ones() -> None:
    """A slip of the pen is seen at once."""
    with pytest.raises(BadInput, match=r"r.yml: there is no alert 'Slw'; there are: Odd, Slow"):
        choose_rule(FILES, "Slw", {})


def test_labels_are_read() -> None:
    """A value may have an equals sign in it, and may be empty."""
    assert read_labels(["a=b=c", "d="]) == {"a": "b=c", "d": ""}


@pytest.mark.parametrize(
    "texts", [["a"], ["=b"], ["__name__=b"], ["alertname=b"], ["a=b", "a=c"], ["a=" + "x" * 5000]]
)
def test_what_is_no_label_is_refused(texts: list[str]) -> None:
    """Not of that form, a name that no series has, one that is given twice, an endless value."""
    with pytest.raises(BadInput, match=r"--label"):
        read_labels(texts)


def test_two_rules_of_one_name_and_the_same_labels_are_chosen_by_line() -> None:
    """Nothing else tells them apart."""
    rules = "groups: [{name: g, rules: [\n{alert: Slow, expr: up},\n{alert: Slow, expr: down}]}]"
    files = [parse_rules(rules, "r.yml")]
    with pytest.raises(BadInput, match=r"choose by its line, as in --alert Slow:2"):
        choose_rule(files, "Slow", {})
    assert choose_rule(files, "Slow:3", {}).expr == "down"
    with pytest.raises(BadInput, match="no rule of Slow is in line 4, but in line 2 and 3"):
        choose_rule(files, "Slow:4", {})
