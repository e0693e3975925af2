"""Rule files are read with their line numbers, and refused in one sentence that says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from alertdrill.core.rule import AlertRule
from alertdrill.errors import BadRules
from alertdrill.rules.files import MAX_BYTES, MAX_LABELS, RecordingRule, parse_rules, read_rules

PLAIN = """\
# what this file is for
groups:
  - name: latency
    interval: 1m
    query_offset: 500ms
    limit: 10
    labels:
      team: gateway
      severity: info
    rules:
      - record: job:errors:rate5m
        expr: sum by (job) (rate(errors_total[5m]))
        labels: {kind: recorded}
      - alert: Slow
        expr: |
          job:errors:rate5m
            > 0.5
        for: 1h30m
        keep_firing_for: 250ms
        labels:
          severity: page
        annotations:
          summary: it is slow
  - name: others
    rules:
      - {alert: Absent, expr: 'absent(up)'}
  - name: empty
"""

RESOURCE = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: gateway
  labels:
    release: prometheus
spec:
  groups:
    - name: latency
      partial_response_strategy: warn
      rules:
        - alert: Slow
          expr: latency > 1
          for: 5m
"""


def state(rule: str, *, group: str = "name: g") -> str:
    """Return a file with one rule, whose fields start on line 4."""
    return f"groups:\n- {group}\n  rules:\n  - {rule}\n"


def test_a_plain_rule_file_is_read() -> None:
    """Names, durations in seconds, group labels under the rule's own, and the line of each rule."""
    file = parse_rules(PLAIN, "rules.yml", interval_s=30.0)
    assert [(group.name, group.interval_s, group.source) for group in file.groups] == [
        ("latency", 60.0, "rules.yml:3"),
        ("others", 30.0, "rules.yml:24"),
        ("empty", 30.0, "rules.yml:27"),
    ]
    assert file.groups[0].rules == (
        RecordingRule(
            name="job:errors:rate5m",
            expr="sum by (job) (rate(errors_total[5m]))",
            labels={"team": "gateway", "severity": "info", "kind": "recorded"},
            group="latency",
            interval_s=60.0,
            source="rules.yml:11",
        ),
        AlertRule(
            name="Slow",
            expr="job:errors:rate5m\n  > 0.5\n",
            for_s=5400.0,
            keep_firing_for_s=0.25,
            labels={"team": "gateway", "severity": "page"},
            annotations={"summary": "it is slow"},
            group="latency",
            interval_s=60.0,
            source="rules.yml:14",
        ),
    )


def test_the_alerts_of_a_file_are_listed_in_order() -> None:
    """Alerting rules of all groups, and no recording rule."""
    alerts = parse_rules(PLAIN, "rules.yml").alerts
    assert [(rule.name, rule.group, rule.source) for rule in alerts] == [
        ("Slow", "latency", "rules.yml:14"),
        ("Absent", "others", "rules.yml:26"),
    ]


def test_the_operators_resource_is_read() -> None:
    """A PrometheusRule resource states its groups under spec, and may say what is for Thanos."""
    (alert,) = parse_rules(RESOURCE, "crd.yml").alerts
    assert (alert.name, alert.for_s, alert.source) == ("Slow", 300.0, "crd.yml:12")


def test_a_file_is_read_from_disk(tmp_path: Path) -> None:
    """A file's own path is what its rules say as their source."""
    path = tmp_path / "rules.yml"
    path.write_text(PLAIN, encoding="utf-8")
    file = read_rules(path)
    assert file.text == PLAIN
    assert file.alerts[0].source == f"{path}:14"


def test_yaml_merges_are_understood() -> None:
    """Fields may come from an anchor, as Prometheus allows."""
    text = state("&a {alert: A, expr: up, for: 5m}\n  - <<: *a\n    alert: B")
    assert [(rule.name, rule.for_s) for rule in parse_rules(text, "rules.yml").alerts] == [
        ("A", 300.0),
        ("B", 300.0),
    ]


ALERT = "alert: A\n    expr: up == 0\n    "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: the file is empty"),
        ("# nothing\n", "1: the file is empty"),
        ("just words", "1: the file is not a mapping with groups"),
        ("- groups", "1: the file is not a mapping with groups"),
        ("groups:\n", "1: the file has no list of groups"),
        ("groups: []\n", "1: the file has no list of groups"),
        ("{}", "1: the file has no list of groups"),
        ("groups:\n- name: 'g\n", "3: the file is not YAML: found unexpected end of stream"),
        ("groups:\n\t- name: g\n", "2: the file is not YAML: found character"),
        ("groups:\n- name: g\x07\n", "2: the file is not YAML: control characters"),
        ("groups: *nothing\n", "1: the file is not YAML: found undefined alias"),
        ("groups: []\ngroups: []\n", "2: the file is not YAML: found duplicate key"),
        ("groups:\n- name: g\n---\ngroups: []\n", "4: the file has more than one document"),
        ("[" * 600, "1: the file is nested too deeply"),
        ("groups:\n- name: g\nspec: {}\n", "3: the field 'spec' is unknown"),
        ("kind: Pod\nspec: {}\n", "1: the resource's kind is not PrometheusRule"),
        ("apiVersion: v1\nspec: {}\n", "1: the resource's kind is not PrometheusRule"),
        ("kind: PrometheusRule\n", "1: the resource has no spec"),
        ("kind: PrometheusRule\nspec:\n  rules: []\n", "3: the field 'rules' is unknown"),
        ("groups:\n- 5\n", "2: a group is not a mapping"),
        ("groups:\n- rules: []\n", "2: name is missing"),
        ("groups:\n- name: []\n", "2: name is not a string"),
        ("groups:\n- name: ~\n", "2: name is missing"),
        ("groups:\n- name: g\n  [a]: x\n", "3: a key is not a string"),
        ("groups:\n- name: *a\n", "2: the file is not YAML: found undefined alias"),
        ("groups:\n- <<: g\n", "2: what is merged is not a mapping"),
        ("groups: &g\n- name: g\n  rules: *g\n", "3: the file is not YAML: found undefined alias"),
        ("[" * 1_000_000, "1: the file is nested too deeply"),
        ("- " * 500_000, "1: the file is nested too deeply"),
        (state(ALERT + "labels:\n      a: [x]"), "7: a in labels is not a string"),
        (state(ALERT + "labels:\n      '': x"), "7: '' is not a name for labels"),
        ("groups:\n- name: g\n- name: h\n- name: g\n", "4: the group 'g' is stated twice"),
        ("groups:\n- name: g\n  every: 5m\n", "3: the field 'every' is unknown in a group"),
        (
            "groups:\n- name: g\n  intervall: 5m\n",
            "3: the field 'intervall' is unknown in a group; do you mean 'interval'?",
        ),
        (
            "groups:\n- name: g\n  partial_response_strategy: warn\n",
            "3: the field 'partial_response_strategy' is unknown in a group",
        ),
        ("groups:\n- name: g\n  interval: 15\n", "3: interval: '15' is not a duration"),
        ("groups:\n- name: g\n  query_offset: soon\n", "3: query_offset: 'soon' is not a duration"),
        ("groups:\n- name: g\n  limit: many\n", "3: limit is not a number from 0 up"),
        ("groups:\n- name: g\n  limit: true\n", "3: limit is not a number from 0 up"),
        ("groups:\n- name: g\n  rules: {}\n", "3: rules is not a list"),
        ("groups:\n- &a\n  name: g\n- *a\n", "3: the group 'g' is stated twice"),
        (state("just words"), "4: a rule is not a mapping"),
        (state(""), "4: a rule is not a mapping"),
        (state("expr: up"), "4: a rule states either alert or record"),
        (state("alert: A\n    record: a\n    expr: up"), "5: a rule states either alert or record"),
        (state("alert: A"), "4: expr is missing"),
        (state("alert: A\n    expr: ''"), "5: expr is missing"),
        (state("alert:\n    expr: up"), "4: alert is missing"),
        (state("alert: A\n    expr: rate(up)"), "5: the expression is not PromQL"),
        (state("alert: A\n    expr: up smoothed"), "5: the expression is not PromQL"),
        (state(ALERT + "for: 5 minutes"), "6: for: '5 minutes' is not a duration"),
        (state(ALERT + "for: -5m"), "6: for: '-5m' is not a duration"),
        (state(ALERT + "for: 999y"), "6: for: '999y' is longer than 292 years"),
        (state(ALERT + "severity: page"), "6: the field 'severity' is unknown in a rule"),
        (state(ALERT + "labels: [a]"), f"6: labels is not a mapping of at most {MAX_LABELS}"),
        (
            state(ALERT + "labels: {" + ", ".join(f"l{n}: x" for n in range(MAX_LABELS + 1)) + "}"),
            f"6: labels is not a mapping of at most {MAX_LABELS}",
        ),
        (state(ALERT + "labels:\n      __name__: x"), "7: '__name__' is not a name for labels"),
        (state("record: a\n    expr: up\n    for: 5m"), "6: a recording rule has no for"),
        (state("record: a\n    expr: up\n    annotations: {}"), "6: a recording rule has no annotations"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_that_says_where(text: str, message: str) -> None:
    """Whatever is wrong, the message is one line that starts with the file and the line."""
    with pytest.raises(BadRules) as raised:
        parse_rules(text, "rules.yml")
    assert str(raised.value).startswith("rules.yml:")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_one_alert_may_be_stated_for_several_labels() -> None:
    """The same name with other labels is another alert, as for a warning and a page."""
    text = state("{alert: A, expr: up, labels: {a: x}}\n  - {alert: A, expr: up, labels: {a: y}}")
    assert [dict(rule.labels) for rule in parse_rules(text, "rules.yml").alerts] == [{"a": "x"}, {"a": "y"}]


def test_one_alert_may_be_stated_twice_with_the_same_labels() -> None:
    """As for what is measured in two ways: Prometheus tells the rules apart by where they stand."""
    text = state("{alert: A, expr: up, labels: {a: x}}\n  - {alert: A, expr: down, labels: {a: x}}")
    rules = parse_rules(text, "rules.yml").alerts
    assert [(rule.expr, rule.source) for rule in rules] == [("up", "rules.yml:4"), ("down", "rules.yml:5")]


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    """A missing file and a folder are the user's mistake, told with the path."""
    with pytest.raises(BadRules, match=r"none\.yml: the file cannot be read: No such file"):
        read_rules(tmp_path / "none.yml")
    with pytest.raises(BadRules, match=r"\w: is a folder: name the rule files in it, such as "):
        read_rules(tmp_path)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    """The line of the first bad byte is told."""
    path = tmp_path / "rules.yml"
    path.write_bytes(b"groups:\n- name: \xff\n")
    with pytest.raises(BadRules, match=r"rules\.yml:2: the file is not UTF-8"):
        read_rules(path)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """No more than the bound is read."""
    path = tmp_path / "rules.yml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(BadRules, match=f"larger than {MAX_BYTES} bytes"):
        read_rules(path)


def test_a_scalar_is_what_its_field_makes_of_it() -> None:
    """As Prometheus reads them: numbers, dates and booleans are texts, and what says nothing is left out."""
    labels = "labels: {severity: 1, on: yes, at: 2001-01-01, none: , nil: ~, quoted: '~'}"
    text = state(f"alert: no\n    expr: 1\n    for:\n    keep_firing_for: ~\n    {labels}")
    (rule,) = parse_rules(text, "rules.yml").alerts
    assert (rule.name, rule.expr, rule.for_s, rule.keep_firing_for_s) == ("no", "1", 0.0, 0.0)
    assert rule.labels == {
        "severity": "1",
        "on": "yes",
        "at": "2001-01-01",
        "none": "",
        "nil": "",
        "quoted": "~",
    }


def test_names_may_be_any_text() -> None:
    """Since Prometheus 3 the names of labels, annotations and metrics are any UTF-8."""
    labels = 'labels: {on-call: x, "é.b": y}\n    annotations: {a b: z}'
    text = state(f"alert: A\n    expr: up\n    {labels}\n  - record: a.b\n    expr: up")
    alert, record = parse_rules(text, "rules.yml").groups[0].rules
    assert alert.labels == {"on-call": "x", "é.b": "y"}
    assert isinstance(alert, AlertRule)
    assert alert.annotations == {"a b": "z"}
    assert record.name == "a.b"


def test_merge_keys_bring_what_is_not_stated() -> None:
    """A rule may take fields from another one, and labels from other labels; its own come first."""
    text = state(
        "&a\n    alert: A\n    expr: up\n    for: 5m\n    labels: &l {a: x, b: y}\n"
        "  - <<: *a\n    alert: B\n    labels: {<<: [*l, {a: z, c: z}], b: w}"
    )
    first, second = parse_rules(text, "rules.yml").alerts
    assert (second.name, second.expr, second.for_s) == ("B", "up", first.for_s)
    assert second.labels == {"a": "x", "b": "w", "c": "z"}


def test_merges_cannot_multiply_without_bound() -> None:
    """A mapping that would have a hundred thousand keys is refused."""
    labels = "".join(
        f"  m{n}: &m{n} {{{', '.join(f'k{n}_{k}: x' for k in range(100))}}}\n" for n in range(20)
    )
    merged = ", ".join(f"*m{n}" for n in range(20))
    text = f"groups:\n- name: g\n  labels:\n{labels}  rules:\n  - {{<<: [{merged}], record: a, expr: up}}\n"
    with pytest.raises(BadRules, match="a mapping has more than"):
        parse_rules(text, "rules.yml")
