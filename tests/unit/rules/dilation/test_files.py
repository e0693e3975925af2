"""Rule files are dilated where they stand, and nothing else in them changes."""

from __future__ import annotations

import pytest

from alertdrill.errors import BadInput
from alertdrill.rules.dilation.files import Refusal, dilate_rules
from alertdrill.rules.files import parse_rules

RULES = """\
# what this file is for
groups:
  # about the group
  - name: latency
    interval: 15s   # often
    query_offset: 30s
    rules:
      - record: job:errors:rate5m
        expr: sum by (job) (rate(errors_total[5m]))
      # about the alert
      - alert: "Slow"
        expr: |
          # a comment in PromQL
          job:errors:rate5m
            > 0.5
        # about for
        for: 1h30m
        keep_firing_for: 0s
        labels:
          severity: 'page'
        annotations:
          summary: >-
            It is {{ $value | humanize }}
            errors per second.
"""

DILATED = """\
# what this file is for
groups:
  # about the group
  - name: latency
    interval: 250ms   # often
    query_offset: 500ms
    rules:
      - record: job:errors:rate5m
        expr: sum by (job) ((rate(errors_total[5s]) / 60))
      # about the alert
      - alert: "Slow"
        expr: |
          # a comment in PromQL
          job:errors:rate5m
            > 0.5
        # about for
        for: 1m30s
        keep_firing_for: 0s
        labels:
          severity: 'page'
        annotations:
          summary: >-
            It is {{ $value | humanize }}
            errors per second.
"""


def test_a_rule_file_is_dilated_with_its_comments() -> None:
    """What changes is restated where it stands; everything else stays as it was written."""
    text, refusals = dilate_rules(parse_rules(RULES, "rules.yml"), 60)
    assert refusals == ()
    assert text == DILATED


def test_a_comment_after_a_block_stays_a_comment() -> None:
    """However far right a comment stands, it does not become text of the block before it."""
    text = (
        "groups:\n    - name: g\n      rules:\n          - alert: A\n            annotations:\n"
        "                a: |\n                    text {{ query `m[1h]` }}\n\n                    more\n\n"
        "                # one\n\n                  # two\n            expr: |\n                m[1h]\n"
        "              # three\n          # four\n          - alert: B\n            expr: up\n"
    )
    dilated, _ = dilate_rules(parse_rules(text, "rules.yml"), 60)
    first, second = parse_rules(dilated, "dilated.yml").alerts
    annotations = {"a": 'text {{ query "m[1m]" }}\n\nmore\n'}
    assert (first.expr, first.annotations) == ("m[1m]\n", annotations)
    assert second.name == "B"
    comments = [line for line in text.splitlines() if "#" in line]
    assert [line for line in dilated.splitlines() if "#" in line] == comments


@pytest.mark.parametrize(
    ("scalar", "dilated"),
    [
        ("delta(m[1h]) > 1", "delta(m[1m]) > 1"),
        ("m[1h] # why", "m[1m] # why"),
        ("'delta(m{a=\"b\"}[1h])'", "'delta(m{a=\"b\"}[1m])'"),
        ("delta(m{a='b'}[1h])", 'delta(m{a="b"}[1m])'),
        ("\"delta(m{a='b'}[1h])\"", '"delta(m{a=\\"b\\"}[1m])"'),
        ("'delta(m{a=\"it''s\"}[1h])'", "'delta(m{a=\"it''s\"}[1m])'"),
        ('-delta(m{a="b:c"}[1h])', "'-delta(m{a=\"b:c\"}[1m])'"),
        ("delta(\n      m[1h])\n      > 1", "delta(m[1m]) > 1"),
        (">-\n      delta(\n      m[1h])\n\n      > 1\n", ">-\n      delta(m[1m]) > 1\n"),
        ("|2-\n      m[1h]\n", '"m[1m]"\n'),
        ("| # why\n        m\n        [1h]\n\n\n", "| # why\n        m[1m]\n\n\n"),
        ("&a !!str m[1h]", "&a !!str m[1m]"),
        ("\"m{a='\\u0085'}[1h]\"", '"m{a=\\"\\u0085\\"}[1m]"'),
    ],
)
@pytest.mark.parametrize("ending", ["", "\n    for: 1h", "\n\n  # more\n"])
def test_a_scalar_keeps_its_style(scalar: str, dilated: str, ending: str) -> None:
    """Quotes, blocks, anchors and comments stay, unless what is said now needs others."""
    text = state("alert: A\n    expr: {}")
    before = text.format(scalar).rstrip("\n") if not scalar.endswith("\n") else text.format(scalar)[:-1]
    after = text.format(dilated).rstrip("\n") if not dilated.endswith("\n") else text.format(dilated)[:-1]
    written, refusals = dilate_rules(parse_rules(before + ending, "rules.yml"), 60)
    assert refusals == ()
    assert written == after + ending.replace("1h", "1m")
    parse_rules(written, "dilated.yml")


def test_an_alias_does_not_follow_its_anchor_into_another_field() -> None:
    """What is a duration in one place and a text in another is divided in the one only."""
    text = state("{alert: A, expr: up, for: &f 1h, annotations: {for: *f}}", "{alert: B, expr: up}")
    dilated, _ = dilate_rules(parse_rules(text, "rules.yml"), 60)
    first, _ = parse_rules(dilated, "dilated.yml").alerts
    assert (first.for_s, first.annotations) == (60.0, {"for": "1h"})


def test_an_alias_to_what_is_left_out_is_written_out_or_refused() -> None:
    """A scalar is said where it was referred to; of a mapping the user is told."""
    text = state("{alert: A, expr: time(), for: &f 1h}", "{alert: B, expr: up, for: *f}")
    dilated, _ = dilate_rules(parse_rules(text, "rules.yml"), 60)
    assert [rule.for_s for rule in parse_rules(dilated, "dilated.yml").alerts] == [60.0]
    text = state("{alert: A, expr: time(), labels: &l {a: b}}", "{alert: B, expr: up, labels: *l}")
    with pytest.raises(BadInput, match=r"rules.yml:1: a YAML alias refers to what is left out"):
        dilate_rules(parse_rules(text, "rules.yml"), 60)


@pytest.mark.parametrize("refused", [{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 2}, {0, 1, 2}])
@pytest.mark.parametrize("style", ["block", "items", "flow"])
def test_any_rules_can_be_left_out(style: str, refused: set[int]) -> None:
    """First, last and all of them, in each style of YAML."""
    exprs = ["time()" if at in refused else "up" for at in range(3)]
    if style == "block":
        rules = "\n".join(f"    - alert: A{at}\n      # c\n      expr: {e}" for at, e in enumerate(exprs))
        text = f"groups:\n  - name: g\n    rules:\n{rules}"
    elif style == "items":
        text = state(*(f"{{alert: A{at}, expr: {expr}}}" for at, expr in enumerate(exprs)))
    else:
        rules = ", ".join(f"{{alert: A{at}, expr: {expr}}}" for at, expr in enumerate(exprs))
        text = f"groups: [{{name: g, rules: [{rules}]}}]\n"
    dilated, refusals = dilate_rules(parse_rules(text, "rules.yml"), 60)
    assert len(refusals) == len(refused)
    kept = [f"A{at}" for at in range(3) if at not in refused]
    assert [rule.name for rule in parse_rules(dilated, "dilated.yml").alerts] == kept


def test_dilated_rules_say_what_was_said_but_faster() -> None:
    """Read again, every time is divided, and names, labels and annotations are what they were."""
    before = parse_rules(RULES, "rules.yml")
    after = parse_rules(dilate_rules(before, 60)[0], "rules.yml")
    (slow,) = after.alerts
    (original,) = before.alerts
    assert (after.groups[0].interval_s, slow.for_s, slow.keep_firing_for_s) == (0.25, 90.0, 0.0)
    assert (slow.name, slow.expr) == ("Slow", original.expr)
    assert (slow.labels, slow.annotations) == (original.labels, original.annotations)


def state(*rules: str, group: str = "") -> str:
    """Return a file with one group and these rules, in YAML's flow style, from line 4 on."""
    return f"groups:\n- name: g{group}\n  rules:\n" + "".join(f"  - {rule}\n" for rule in rules)


def refuse(text: str, speed: float = 60) -> list[str]:
    """Return what is refused of a file, as it is told."""
    return [str(refusal) for refusal in dilate_rules(parse_rules(text, "rules.yml"), speed)[1]]


def test_all_refusals_are_told() -> None:
    """Each says the file, the line, the rule and why, and none hides another."""
    text = state(
        "{alert: Clock, expr: m > time()}",
        "{alert: Fine, expr: up == 0}",
        "{alert: Short, expr: 'rate(m[1s]) > 0', for: 2s}",
    )
    assert refuse(text) == [
        "rules.yml:4: Clock: time() reads the clock, which tells no rule time without an origin",
        "rules.yml:6: Short: the range 1s divided by the speed 60 is not a whole number of milliseconds",
        "rules.yml:6: Short: for 2s divided by the speed 60 is not a whole number of milliseconds",
    ]


def test_a_refused_rule_is_left_out() -> None:
    """What comes back has the other rules, in their order."""
    text = state("{alert: A, expr: up}", "{alert: B, expr: time()}", "{alert: C, expr: up}")
    dilated, _ = dilate_rules(parse_rules(text, "rules.yml"), 60)
    assert [rule.name for rule in parse_rules(dilated, "dilated.yml").alerts] == ["A", "C"]


def test_a_group_whose_interval_cannot_be_divided_is_left_out() -> None:
    """It is refused as a group, and its rules go with it."""
    text = state("{alert: A, expr: up}", group="\n  interval: 1s") + "- name: h\n"
    dilated, refusals = dilate_rules(parse_rules(text, "rules.yml"), 60)
    assert refusals == (
        Refusal(
            source="rules.yml:2",
            rule="group g",
            why="interval 1s divided by the speed 60 is not a whole number of milliseconds",
        ),
    )
    assert [group.name for group in parse_rules(dilated, "dilated.yml").groups] == ["h"]


def test_a_rule_that_reads_a_refused_recording_rule_is_refused() -> None:
    """Left in, it would be silent for want of samples; so would what reads it in turn."""
    text = state(
        "{alert: A, expr: b > 1}",
        "{record: b, expr: '{__name__=\"c\"} * 2'}",
        "{record: c, expr: time()}",
        "{alert: D, expr: d > 1}",
    )
    assert refuse(text) == [
        "rules.yml:6: c: time() reads the clock, which tells no rule time without an origin",
        "rules.yml:5: b: it reads c, which is refused",
        "rules.yml:4: A: it reads b, which is refused",
    ]


def test_a_rule_that_reads_a_refused_recording_rule_by_a_pattern_is_refused() -> None:
    """A pattern of names reads whatever it matches; what it does not is nothing to it."""
    text = state(
        "{record: job:c, expr: time()}",
        "{alert: A, expr: '{__name__=~\"job:.*\"} > 1'}",
        "{alert: B, expr: '{__name__=~\"node:.*\"} > 1'}",
        '{alert: C, expr: \'{__name__!~"job:.*", a="b"} > 1\'}',
    )
    assert refuse(text)[1:] == ["rules.yml:5: A: it reads job:c, which is refused"]


def test_a_rule_that_reads_from_a_refused_group_is_refused() -> None:
    """A group that is left out records nothing either."""
    text = (
        state("{record: b, expr: up}", group="\n  interval: 1s")
        + "- name: h\n  rules:\n  - {alert: A, expr: b}\n"
    )
    assert refuse(text)[1:] == ["rules.yml:8: A: it reads b, which is refused"]


def test_the_operators_resource_becomes_a_plain_rule_file() -> None:
    """What comes back is what Prometheus loads: groups, without what is for Thanos."""
    text = (
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  groups:\n  - name: g\n"
        "    partial_response_strategy: warn\n    interval: 1m\n    rules:\n    - {alert: A, expr: up}\n"
    )
    dilated, _ = dilate_rules(parse_rules(text, "crd.yml"), 60)
    assert dilated == "groups:\n- name: g\n  interval: 1s\n  rules:\n  - {alert: A, expr: up}\n"


def test_what_an_alias_shares_is_divided_once() -> None:
    """Labels, annotations and scalars that two rules share do not become faster twice."""
    text = state(
        "{alert: A, expr: &e 'rate(m[1h]) > 1', for: &f 1h, annotations: &n {a: '{{ query \"m[1h]\" }}'}}",
        "{alert: B, expr: *e, for: *f, annotations: *n}",
        "{alert: C, expr: *e, for: *f, annotations: *n}",
    )
    dilated, refusals = dilate_rules(parse_rules(text, "rules.yml"), 60)
    assert refusals == ()
    for rule in parse_rules(dilated, "dilated.yml").alerts:
        assert (rule.expr, rule.for_s) == ("(rate(m[1m]) / 60) > 1", 60.0)
        assert rule.annotations == {"a": '{{ query "m[1m]" }}'}
