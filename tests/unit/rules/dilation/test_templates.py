"""The expressions in templates of annotations and labels are dilated, or refused with the reason."""

from __future__ import annotations

import pytest

from alertdrill.errors import BadRules
from alertdrill.rules.dilation.files import dilate_rules
from alertdrill.rules.files import parse_rules


def state(*rules: str, group: str = "") -> str:
    """Return a file with one group and these rules, in YAML's flow style, from line 4 on."""
    return f"groups:\n- name: g{group}\n  rules:\n" + "".join(f"  - {rule}\n" for rule in rules)


def refuse(text: str, speed: float = 60) -> list[str]:
    """Return what is refused of a file, as it is told."""
    return [str(refusal) for refusal in dilate_rules(parse_rules(text, "rules.yml"), speed)[1]]


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
        ('{{- range query `m{a="b"}[5m]` -}}{{ end }}', '{{- range query "m{a=\\"b\\"}[5s]" -}}{{ end }}'),
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
            """{{ with printf "rate(m{j='%s',a=%q,b=\\"c\\"}[5m]) %% 7" 1 2 | query }}{{ end }}""",
            """{{ with printf "(rate(m{j='%s', a=%q, b=\\"c\\"}[5s]) / 60) %% 7" 1 2 | query }}{{ end }}""",
        ),
        (
            '{{- range $i := printf `m{a=~"%s"}[5m]` (title .V) | query | first }}{{ end }}',
            '{{- range $i := printf "m{a=~\\"%s\\"}[5s]" (title .V) | query | first }}{{ end }}',
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
        ('{{ printf "%s{a=%q}" $value $labels.b | query }}', "a verb outside of a string"),
        ('{{ printf "m % 5" | query }}', "a verb outside of a string"),
        ('{{ printf "time() - m{a=%q}" $labels.a | query }}', "time() reads the clock"),
        ('{{ printf "m{a=%q,__name__=%q}" 1 2 | query }}', "not PromQL"),
        ("{{ query (printf `m` | toLower) }}", "queries an expression that it computes"),
        ("{{ query $value }}", "queries an expression that it computes"),
        ("{{ $value | query }}", "queries an expression that it computes"),
        ("{{ query }}", "queries an expression that it computes"),
        ('{{ print "m[" $value "]" | query }}', "queries an expression that it computes"),
        ('{{ query "time()" }}', "time() reads the clock"),
        ('{{ query "m[" }}', "not PromQL"),
        ("{{ now }}", "calls now, which reads the wall clock"),
    ],
)
def test_a_template_that_cannot_be_dilated_refuses_its_rule(annotation: str, why: str) -> None:
    """An expression that is computed, or that cannot be read, might hide a duration."""
    (refusal,) = refuse(annotate(annotation))
    assert refusal.startswith("rules.yml:4: A: ")
    assert why in refusal


def test_a_long_template_without_an_end_is_refused_at_once() -> None:
    """Reading a template takes time in proportion to its length, and Prometheus would not load this one."""
    with pytest.raises(BadRules, match=r"annotation a of A: '{' is no part of an action$"):
        refuse(annotate("{{ " * 100_000 + '"' * 100_001))


@pytest.mark.parametrize("text", ['{{ query "\\q" }}', '{{ query "m }}', "{{ open"])
def test_a_template_that_cannot_be_read_is_left_as_it_is_by_nobody(text: str) -> None:
    """A group's labels are not looked at when Prometheus loads them, and hide a duration all the same."""
    (refusal,) = refuse(state("{alert: A, expr: up}", group=f"\n  labels: {{b: '{text}'}}"))
    assert "that cannot be read" in refusal
