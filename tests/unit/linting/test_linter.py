"""Tests of how checks are run over rules: order, doubles, time, and what a rule knows of others."""

from __future__ import annotations

import time
from itertools import pairwise

from support.linted import TODAY, lint_text, write_rule

from alertdrill.linting.finding import SEVERITIES, order
from alertdrill.linting.linter import lint
from alertdrill.linting.surroundings import Known, find_nodes
from alertdrill.rules.files import parse_rules

EXPRESSIONS = (
    'sum by (job) (rate(r{n}_total{{status=~"5.."}}[5m])) / sum by (job) (rate(r{n}_total[5m])) > 0.1',
    "histogram_quantile(0.99, sum by (job, le) (rate(latency{n}_seconds_bucket[5m]))) > 2",
    "(avail{n}_bytes * 100) / size{n}_bytes < 10 and on (instance, device) readonly == 0",
    'absent(up{{job="a{n}"}})',
    "max_over_time(queue{n}[10m]) > 100 unless on (job) avg(up) < 0.5",
)
MOST_CPU_S = 2.0


def write_rules(count: int) -> str:
    """Return a file of rules of five kinds, each of metrics of its own."""
    rules = [
        f"  - alert: A{n}\n    expr: |\n      {EXPRESSIONS[n % 5].format(n=n)}\n    for: 5m\n"
        f"    annotations: {{summary: '{{{{ $labels.job }}}} has {{{{ $value }}}}'}}"
        for n in range(count)
    ]
    return "groups:\n- name: a\n  rules:\n" + "\n".join(rules) + "\n"


def test_findings_stand_in_the_order_of_the_file() -> None:
    """Line by line, and in a line column by column."""
    found = lint_text(write_rules(10))
    places = [(one.line, one.column) for one in found]
    assert len(set(places)) > 10
    assert places == sorted(places)


def test_of_one_place_the_worst_comes_first() -> None:
    """What cannot work is read before what is worth knowing."""
    text = "groups:\n- name: a\n  rules:\n  - {alert: A, expr: up > 2, for: 5m}\n"
    rules = text.replace("alert: A", "alert: A, labels: {severity: '{{ $value }}'}")
    found = [one for one in lint_text(rules) if one.line == 4]
    for one, other in pairwise(found):
        assert (one.column, SEVERITIES.index(one.severity)) <= (
            other.column,
            SEVERITIES.index(other.severity),
        )
    assert [order(one) for one in found] == sorted(map(order, found))


def test_a_finding_is_told_once() -> None:
    """Rules that an alias repeats stand in one place of the file."""
    text = "groups:\n- name: a\n  rules: &r\n  - alert: A\n    expr: up > 2\n- name: b\n  rules: *r\n"
    found = [one for one in lint_text(text) if one.check == "never-met"]
    assert len(found) == 1


def test_a_thousand_rules_take_less_than_two_seconds() -> None:
    """Reading them is part of it."""
    text = write_rules(1000)
    begun_s = time.process_time()
    file = find_nodes(parse_rules(text, "rules.yml"), text)
    found = lint(Known(files=(file,)), TODAY)
    assert time.process_time() - begun_s < MOST_CPU_S
    assert len(found) > 1000


def test_recorded_series_have_the_labels_of_their_rule() -> None:
    """What an expression cannot match is known through a recording rule in another file."""
    rules = "groups:\n- name: r\n  rules:\n  - {record: 'job:errors:rate', expr: sum by (job) (errors)}\n"
    text = write_rule('expr: job:errors:rate > on (instance) up{instance="a"}')
    found = [one for one in lint_text(text, {"rules": rules}) if one.check == "never-matches"]
    assert len(found) == 1
    assert [one for one in lint_text(text) if one.check == "never-matches"] == []


def test_recording_rules_that_read_each_other_come_to_an_end() -> None:
    """Prometheus loads them, so they are looked at."""
    text = (
        "groups:\n- name: r\n  rules:\n  - {record: 'a:b', expr: 'sum by (x) (c:d)'}\n"
        "  - {record: 'c:d', expr: 'a:b * 2'}\n  - {record: 'e:f', expr: 'e:f + 1 > 2'}\n"
    )
    assert isinstance(lint_text(text), tuple)
