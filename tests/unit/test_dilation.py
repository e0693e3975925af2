"""Rules and expressions are rewritten for another speed exactly, or refused with the reason."""

from __future__ import annotations

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from harness.dilation import Refusal, dilate_duration, dilate_expr, dilate_rules
from harness.errors import BadInput
from harness.promql import durations, format_duration, parse
from harness.rules import parse_rules


@pytest.mark.parametrize(
    ("seconds", "speed", "text"),
    [
        (300.0, 60, "5s"),
        (300, 60.0, "5s"),
        (15.0, 60, "250ms"),
        (15.0, 7.5, "2s"),
        (0.3, 0.1, "3s"),
        (0.1, 0.1, "1s"),
        (1.1, 1.1, "1s"),
        (0.0, 60, "0s"),
        (3600.0, 0.5, "2h"),
    ],
)
def test_a_duration_is_divided_exactly(seconds: float, speed: float, text: str) -> None:
    """Fractions of seconds and of speed divide as their decimal digits say, without binary rounding."""
    assert dilate_duration(seconds, speed) == text


@pytest.mark.parametrize(("seconds", "speed"), [(1.0, 60), (300.0, 7), (0.0005, 1), (0.001, 2)])
def test_a_duration_is_not_rounded(seconds: float, speed: float) -> None:
    """What would not be whole milliseconds is refused."""
    with pytest.raises(BadInput, match="is not a whole number of milliseconds"):
        dilate_duration(seconds, speed)


@pytest.mark.parametrize("speed", [0, -60, float("inf"), float("nan"), 1e-9, 1e9])
def test_a_speed_is_bounded(speed: float) -> None:
    """A speed of nothing, backwards or beyond all use is refused, wherever one is given."""
    with pytest.raises(BadInput, match="the speed"):
        dilate_duration(60.0, speed)
    with pytest.raises(BadInput, match="the speed"):
        dilate_expr("up", speed)


@pytest.mark.parametrize(
    ("text", "dilated"),
    [
        ("up == 0", "up == 0"),
        ("rate(m[5m])", "(rate(m[5s]) / 60)"),
        ("irate(m[5m] offset 1h)", "(irate(m[5s] offset 1m) / 60)"),
        ("deriv(m[5m])", "(deriv(m[5s]) / 60)"),
        ("increase(m[5m])", "increase(m[5s])"),
        ("predict_linear(m[1h], 4 * 3600)", "predict_linear(m[1m], (4 * 3600) / 60)"),
        ("m offset -1m", "m offset -1s"),
        (
            "max_over_time(rate(m[5m])[30m:15s] offset 1h)",
            "max_over_time((rate(m[5s]) / 60)[30s:250ms] offset 1m)",
        ),
        ("max_over_time(m[30m:])", "max_over_time(m[30s:])"),
        ("-rate(m[5m]) ^ 2", "-(rate(m[5s]) / 60) ^ 2"),
        ("m  > # why\n 5m", "m  > # why\n 5m"),
        ("delta(m[1h]) > 5m", "delta(m[1m]) > 300"),
        ("m[5m] @ end()", "m[5s] @ end()"),
        ("hour(m)", "hour(m)"),
    ],
)
def test_an_expression_is_dilated(text: str, dilated: str) -> None:
    """Durations and per-second values are divided by the speed, and nothing else is."""
    assert dilate_expr(text, 60) == dilated


def test_a_fractional_speed_divides_as_it_is_written() -> None:
    """Half speeds are speeds like any other."""
    assert dilate_expr("rate(m[5m])", 7.5) == "(rate(m[40s]) / 7.5)"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("m[1s]", "the range 1s divided by the speed 60 is not a whole number of milliseconds"),
        ("m[5m:1s]", "the step 1s divided by"),
        ("m offset -1s", "the offset 1s divided by"),
        ("m @ 1700000000", "the absolute time @ 1700000000.000 is not known"),
        ("time() - m", r"time\(\) reads the clock"),
        ("timestamp(m)", r"timestamp\(\) reads the clock"),
        ("hour() > 8", r"hour\(\) reads the clock"),
        ("hour(timestamp(m))", r"timestamp\(\) reads the clock"),
        ("ts_of_max_over_time(m[5m])", r"ts_of_max_over_time\(\) reads the clock"),
        ("predict_linear(m[1h], time())", r"time\(\) reads the clock"),
        ("first_over_time(m[5m])", r"it is not known what the speed does to first_over_time\(\)"),
        ("limitk(1, m)", "limitk takes the series that the server came to know first"),
        ('{__name__=~"ALERTS.*"}', "readings of the wall clock"),
        ("ALERTS_FOR_STATE", "readings of the wall clock"),
        ('{__name__="ALERTS_FOR_STATE"}', "readings of the wall clock"),
        ("m smoothed", "not PromQL"),
    ],
)
def test_what_is_not_known_exactly_is_refused(text: str, why: str) -> None:
    """Clocks, absolute times, unknown functions and parts of milliseconds are never approximated."""
    with pytest.raises(BadInput, match=why):
        dilate_expr(text, 60)


def test_every_reason_is_told_once() -> None:
    """A reason does not hide the next one, nor is it repeated."""
    with pytest.raises(BadInput) as raised:
        dilate_expr("time() - m[1s:] @ 5 > time()".replace("m[1s:] @ 5", "max_over_time(m[1s:] @ 5)"), 60)
    assert str(raised.value).split("; ") == [
        "time() reads the clock, which tells no rule time without an origin",
        "the range 1s divided by the speed 60 is not a whole number of milliseconds",
        "the absolute time @ 5.000 is not known on the wall clock without an origin",
    ]


DURATIONS = st.integers(1, 10**6).map(lambda seconds: format_duration(float(seconds)))
SHIFTS = st.one_of(st.just(""), st.builds(" offset {}{}".format, st.sampled_from(["", "-"]), DURATIONS))
RANGES = st.builds("m[{}]{}".format, DURATIONS, SHIFTS)


def extend(vectors: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make an expression of smaller ones."""
    functions = st.sampled_from(["rate", "increase", "deriv", "max_over_time"])
    nested = st.builds("({})[{}:{}]{}".format, vectors, DURATIONS, st.one_of(st.just(""), DURATIONS), SHIFTS)
    return st.one_of(
        st.builds("{}({})".format, functions, st.one_of(RANGES, nested)),
        st.builds("({}) {} ({})".format, vectors, st.sampled_from(["+", "/", "> bool", "and"]), vectors),
        st.builds("sum by (a) ({})".format, vectors),
    )


EXPRESSIONS = st.recursive(st.builds("m{}".format, SHIFTS), extend, max_leaves=5)
SPEEDS = st.sampled_from([1, 2, 4, 5, 7.5, 10, 12.5, 60])


@given(EXPRESSIONS, SPEEDS, SPEEDS)
@settings(deadline=None, max_examples=200)
def test_two_dilations_are_one_by_the_product(text: str, first: float, second: float) -> None:
    """Dilating by a and then by b gives the durations of dilating by a * b."""
    try:
        twice = dilate_expr(dilate_expr(text, first), second)
    except BadInput:
        reject()
    assert durations(parse(twice)) == durations(parse(dilate_expr(text, first * second)))


@given(EXPRESSIONS, SPEEDS)
@settings(deadline=None, max_examples=200)
def test_every_duration_is_divided(text: str, speed: float) -> None:
    """Times the speed, the dilated durations are the original ones, in the same order."""
    try:
        dilated = dilate_expr(text, speed)
    except BadInput:
        reject()
    assert [seconds * speed for seconds in durations(parse(dilated))] == pytest.approx(durations(parse(text)))


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


def annotate(annotation: str) -> str:
    """Return a file with one alert that has this annotation."""
    indented = annotation.replace("\n", "\n        ")
    rule = f"alert: A\n    expr: up\n    annotations:\n      a: |-\n        {indented}"
    return f"groups:\n- name: g\n  rules:\n  - {rule}\n"


@pytest.mark.parametrize(
    ("annotation", "dilated"),
    [
        ("plain", "plain"),
        ("{{ $value }} of {{ $labels.query }}", "{{ $value }} of {{ $labels.query }}"),
        ('{{ query "rate(m[5m])" | first | value }}', '{{ query "(rate(m[5s]) / 60)" | first | value }}'),
        ('{{- range query `m{a="b"}[5m]` -}}', '{{- range query "m{a=\\"b\\"}[5s]" -}}'),
        ('{{ with query "m[5m]" }}{{ . }}{{ end }}', '{{ with query "m[5s]" }}{{ . }}{{ end }}'),
        ('{{ (query "m offset 1h") }} m[5m]', '{{ (query "m offset 1m") }} m[5m]'),
        ('{{ "}} query" }}', '{{ "}} query" }}'),
        ("{{/* isn't a query */}}", "{{/* isn't a query */}}"),
        ('{{ .query "m[5m]" }}', '{{ .query "m[5m]" }}'),
        ('{{ "query" }} "m[5m]"', '{{ "query" }} "m[5m]"'),
        ('{{ "m[5m]" | query | first }}', '{{ "m[5s]" | query | first }}'),
        (
            '{{ graphLink "m[5m]" }} {{ tableLink `m[5m]` }}',
            '{{ graphLink "m[5m]" }} {{ tableLink `m[5m]` }}',
        ),
        (
            """{{ with printf "rate(m{j='%s',a=%q,b=\\"c\\"}[5m]) %% 7" .Labels.job $x | query }}""",
            """{{ with printf "(rate(m{j='%s', a=%q, b=\\"c\\"}[5s]) / 60) %% 7" .Labels.job $x | query }}""",
        ),
        (
            '{{- range $i := printf `m{a=~"%s.*"}[5m]` (reReplaceAll "a" "b" .V) | query | first }}',
            '{{- range $i := printf "m{a=~\\"%s.*\\"}[5s]" (reReplaceAll "a" "b" .V) | query | first }}',
        ),
        ('{{ (query (printf "m{a=%q} offset 1h" .V)) }}', '{{ (query (printf "m{a=%q} offset 1m" .V)) }}'),
        ('{{ printf "%.2f in [5m]" $value }}', '{{ printf "%.2f in [5m]" $value }}'),
    ],
)
def test_the_expressions_in_a_template_are_dilated(annotation: str, dilated: str) -> None:
    """What an annotation queries is asked of the dilated world; the rest of it stays."""
    text, refusals = dilate_rules(parse_rules(annotate(annotation), "rules.yml"), 60)
    assert refusals == ()
    (alert,) = parse_rules(text, "dilated.yml").alerts
    assert alert.annotations == {"a": dilated}


def test_a_label_may_be_a_template_too() -> None:
    """Labels of rules and of groups are templates like annotations."""
    query = "'{{ query \"m[5m]\" }}'"
    text = state(f"{{alert: A, expr: up, labels: {{a: {query}}}}}", group=f"\n  labels: {{b: {query}}}")
    dilated, _ = dilate_rules(parse_rules(text, "rules.yml"), 60)
    (alert,) = parse_rules(dilated, "dilated.yml").alerts
    assert alert.labels == {"a": '{{ query "m[5s]" }}', "b": '{{ query "m[5s]" }}'}


@pytest.mark.parametrize(
    ("annotation", "why"),
    [
        ('{{ printf "rate(m[%s])" $labels.a | query }}', "a verb outside of a string"),
        ('{{ printf "%s{a=%q}" $a $b | query }}', "a verb outside of a string"),
        ('{{ printf "m % 5" | query }}', "a verb outside of a string"),
        ('{{ printf "time() - m{a=%q}" $labels.a | query }}', "time() reads the clock"),
        ('{{ printf "m{a=%q,__name__=%q}" 1 2 | query }}', "not PromQL"),
        ("{{ query (printf `m` | toLower) }}", "queries an expression that it computes"),
        ("{{ query $q }}", "queries an expression that it computes"),
        ("{{ $q | query }}", "queries an expression that it computes"),
        ("{{ query }}", "queries an expression that it computes"),
        ('{{ print "m[" $w "]" | query }}', "queries an expression that it computes"),
        ('{{ query "time()" }}', "time() reads the clock"),
        ('{{ query "m[" }}', "not PromQL"),
        ('{{ query "\\q" }}', "queries a string that cannot be read"),
        ('{{ query "m }}', "an action that cannot be read"),
        ("{{ open", "an action that cannot be read"),
        ("{{ now }}", "calls now, which reads the wall clock"),
    ],
)
def test_a_template_that_cannot_be_dilated_refuses_its_rule(annotation: str, why: str) -> None:
    """An expression that is computed, or that cannot be read, might hide a duration."""
    (refusal,) = refuse(annotate(annotation))
    assert refusal.startswith("rules.yml:4: A: ")
    assert why in refusal


def test_a_long_template_without_an_end_is_refused_at_once() -> None:
    """Reading a template takes time in proportion to its length."""
    (refusal,) = refuse(annotate("{{ " * 100_000 + '"' * 100_001))
    assert "an action that cannot be read" in refusal


@pytest.mark.parametrize(
    "text", ["rate(m[5m]) > 1", "time() - timestamp(m) > hour()", "ALERTS_FOR_STATE", "m @ 12.345"]
)
def test_at_speed_1_nothing_changes(text: str) -> None:
    """Rule time is then wall time, so even the clock may be read."""
    assert dilate_expr(text, 1) == text


@pytest.mark.parametrize(
    ("text", "speed", "dilated"),
    [
        ("time() - m", 60, "scalar(round(vector((time() - 1000.5) * 60), 0.001)) - m"),
        ("time()", 1, "scalar(round(vector(time() - 1000.5), 0.001))"),
        ("time()", 5000, "scalar(round((round(vector(time() - 1000.5), 0.001)) * 5000, 0.001))"),
        ("timestamp(m offset 1h)", 60, "round((timestamp(m offset 1m) - 1000.5) * 60, 0.001)"),
        ("ts_of_max_over_time(m[1h])", 1, "round(ts_of_max_over_time(m[1h]) - 1000.5, 0.001)"),
        ("hour() > 8", 60, "hour(round(vector((time() - 1000.5) * 60), 0.001)) > 8"),
        ("hour(m)", 60, "hour(m)"),
        ("m[1h] @ 90 offset 1m", 60, "m[1m] @ 1002.000 offset 1s"),
        ("m @ start()", 60, "m @ start()"),
        ("m[1h:30s]", 60, "m[1m:500ms]"),
        ("m[1h:]", 30, "m[2m:]"),
    ],
)
def test_with_an_origin_clocks_are_read_as_rule_time(text: str, speed: float, dilated: str) -> None:
    """Instants since the epoch become instants since the origin, times the speed, in whole milliseconds."""
    assert dilate_expr(text, speed, 1000.5) == dilated


def test_an_origin_before_1970_is_added() -> None:
    """No literal is negative, and an origin of 0 is left out."""
    assert dilate_expr("time()", 2, -5) == "scalar(round(vector((time() + 5) * 2), 0.001))"
    assert dilate_expr("time()", 2, 0) == "scalar(round(vector((time()) * 2), 0.001))"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("m @ 0.06", "the absolute time @ 0.060 is not a whole number of milliseconds on the wall clock"),
        ("m[1h:7s]", "the origin is no whole number of steps of 7s"),
        ("m[1h:]", "the origin is no whole number of steps of 15s"),
        ("ALERTS_FOR_STATE", "readings of the wall clock"),
    ],
)
def test_an_origin_does_not_make_everything_exact(text: str, why: str) -> None:
    """Prometheus aligns subqueries to the epoch, and knows nothing shorter than a millisecond."""
    with pytest.raises(BadInput, match=why):
        dilate_expr(text, 7, 1000.5)


@pytest.mark.parametrize("origin", [0.0001, float("nan"), float("inf")])
def test_an_origin_is_whole_milliseconds(origin: float) -> None:
    """Prometheus's own instants are."""
    with pytest.raises(BadInput, match="the origin"):
        dilate_expr("up", 60, origin)
