"""Tests of expressions that are cut into recording rules: checks say of them what they say of them whole."""

from __future__ import annotations

import pytest
from support.linted import lint_text

from alertdrill.linting.surroundings import Known, find_nodes
from alertdrill.rules.files import parse_rules

HEAD = "groups:\n- name: g\n  rules:\n"
RECORDED = HEAD + "  - {{record: m:part, expr: '{inner}'}}\n"
ALERT = "  - {{alert: A, expr: '{expr}'{more}}}\n"
BY_MODEL = "sum by (model) (rate({name}[5m]))"


@pytest.mark.parametrize(
    ("check", "inner", "expr", "more"),
    [
        ("absent-of-something", "sum(a) or vector(0)", "absent({})", ""),
        ("absent-without-for", "absent(up)", "{} == 1", ""),
        ("born-series", "sum(increase(a_total[1h]))", "{} > 0", ""),
        ("few-calls", BY_MODEL.format(name="a") + " / " + BY_MODEL.format(name="b"), "{} > 0.05", ""),
        ("few-calls", "histogram_quantile(0.99, sum by (le) (rate(a_bucket[5m])))", "{} > 2", ""),
        ("gone-target", 'up{job="api"}', "{} == 0", ", for: 5m"),
        ("held-peak", "max_over_time(a[1h])", "{} > 5", ", for: 5m"),
        ("long-window", "sum(rate(a_total[1h]))", "{} > 5", ", for: 5m"),
        ("missing-share", 'sum(rate(a{s="2"}[5m])) / sum(rate(a[5m]))', "{} < 0.5", ", for: 1m"),
        ("never-met", 'sum(rate(a{s="2"}[5m])) / sum(rate(a[5m]))', "{} > 1", ", for: 1m"),
        ("no-comparison", "sum(rate(a[5m]))", "{}", ", for: 1m"),
        ("no-for", "sum(queue_length)", "{} > 5", ""),
        ("one-event", "sum(increase(a_total[5m]))", "{} > 0", ""),
        ("padded-denominator", "sum(rate(a_total[5m])) + 0.001", "sum(rate(b_total[5m])) / {} > 0.1", ""),
        ("quantile-input", "sum(rate(a_bucket[5m]))", "histogram_quantile(0.9, {}) > 2", ""),
        ("single-cause", "sum(rate(a_total[5m]))", "{} > 1", ", for: 5m"),
        ("topk-in-alert", "topk(3, a)", "{} > 1", ", for: 5m"),
        ("unlike-ratio", 'sum(rate(a{s="2"}[5m]))', 'sum(rate(a{{t="x"}}[5m])) / {} > 1', ", for: 1m"),
        ("unrated-counter", "sum(a_total)", "{} > 5", ", for: 5m"),
        (
            "wrong-unit",
            "100 * a",
            "{} > 5",
            ', for: 5m, annotations: {summary: "{{ $value | humanizePercentage }}"}',
        ),
        ("zero-denominator", "used / some_limit", "{} > 0.9", ", for: 5m"),
    ],
)
def test_a_check_says_of_a_recording_what_it_says_of_its_expression(
    check: str, inner: str, expr: str, more: str
) -> None:
    """The finding stands where the alert reads the recording, and names its rule, once."""

    def find(read: str) -> list[tuple[str, bool]]:
        head = RECORDED.format(inner=inner.replace("'", "''"))
        text = head + ALERT.format(expr=expr.format(read), more=more)
        return [
            (one.happens.removesuffix(" It is in m:part, which rules.yml:4 records."), one.line == 5)
            for one in lint_text(text)
            if one.check == check and one.rule == "A"
        ]

    whole = find(f"({inner})")
    assert whole
    assert find("m:part") == whole


def test_a_finding_in_a_recording_names_its_rule() -> None:
    """It is at the name that the alert reads."""
    text = RECORDED.format(inner="sum(rate(a_total[5m]))") + ALERT.format(expr="m:part > 1", more=", for: 5m")
    (found,) = (one for one in lint_text(text) if one.check == "single-cause")
    assert found.place == "rules.yml:5:23"
    assert found.happens.endswith(" is over. It is in m:part, which rules.yml:4 records.")


@pytest.mark.parametrize(
    "read",
    ["m:part offset 1h", "avg_over_time(m:part[1h])", 'm:part{team="b"}', "other"],
    ids=["earlier", "window", "another", "unknown"],
)
def test_what_is_read_otherwise_is_no_such_expression(read: str) -> None:
    """At another time, over a window, by another label than the rule gives, and what no rule records."""
    text = HEAD + '  - {record: m:part, expr: "sum(rate(a_total[5m]))", labels: {team: a}}\n'
    found = lint_text(text + ALERT.format(expr=f"{read} > 1", more=", for: 5m"))
    assert "single-cause" not in {one.check for one in found}


def test_recordings_of_recordings_are_followed_as_far_as_they_stay_small() -> None:
    """Each of these reads the one before twice: of the last one the names stay."""
    rules = ["  - {record: 'm:0', expr: 'sum(rate(a_total[5m]))'}\n"]
    rules += [f"  - {{record: 'm:{n}', expr: 'm:{n - 1} + m:{n - 1}'}}\n" for n in range(1, 30)]
    text = HEAD + "".join(rules)
    known = Known(files=(find_nodes(parse_rules(text, "rules.yml"), text),))
    for last, selector, count in ((3, "a_total", 8), (15, "m:14", 2), (29, "m:28", 2)):
        parts = known.recorded[f"m:{last}"][0].followed_parts
        assert [part.name for part in parts if part.kind == "selector"] == [selector] * count


def test_a_recording_that_reads_itself_is_followed_once() -> None:
    """What it reads of itself is what was recorded before."""
    text = RECORDED.format(inner="a + m:part") + ALERT.format(expr="m:part > 1", more="")
    file = parse_rules(text, "rules.yml")
    rule = Known(files=(find_nodes(file, text),)).rules[1]
    assert [part.name for part in rule.followed.list_selectors()] == ["a", "m:part"]


def test_one_condition_is_the_same_alert_by_its_recording() -> None:
    """Read by its name, or written out."""
    inner = "sum(rate(a_total[5m]))"
    alerts = "  - {alert: A, expr: 'm:part > 1'}\n" + f"  - {{alert: B, expr: '{inner} > 1'}}\n"
    found = [one for one in lint_text(RECORDED.format(inner=inner) + alerts) if one.check == "same-alert"]
    assert [one.rule for one in found] == ["B"]
