"""Each operator of mutation, on an expression."""

from __future__ import annotations

import pytest
from support.mutants import list_mutants, mutate_alert

from alertdrill.core.rule import AlertRule
from alertdrill.mutation.generating import Wrongs, find_siblings
from alertdrill.mutation.operators import EXPRESSION_OPERATORS
from alertdrill.rules.files import parse_rules
from alertdrill.rules.promql.expressions import parse, render

SHARE = 'sum by (a, b) (rate(bad{x="y"}[5m])) / sum by (a, b) (rate(all[10m])) > 0.05'
SWAPPED = Wrongs(siblings={"bad": ("worse",)})


def list_exprs(expr: str, operator: str) -> list[str]:
    """Return what an operator makes of an expression."""
    return [mutant.rule.expr for mutant in mutate_alert(expr, wrongs=SWAPPED) if mutant.operator == operator]


@pytest.mark.parametrize(
    ("operator", "expr", "made"),
    [
        ("threshold", "x > 5", ["x > 2.5", "x > 4.545", "x > 5.5", "x > 10", "x > 50"]),
        ("threshold", "up == 0", ["up == 1"]),
        ("threshold", "0.2 < x", ["0.1 < x", "0.1818 < x", "0.22 < x", "0.4 < x", "2 < x"]),
        ("threshold", "x * 5", []),
        ("quantile", "histogram_quantile(0.99, x)", [
            f"histogram_quantile({q}, x)" for q in (0.95, 0.999, 0.5)
        ]),
        ("quantile", "quantile by (a) (0.5, x)", ["quantile by (a) (0.9, x)"]),
        ("comparison", "x > 5", ["x >= 5", "x < 5", "x != 5"]),
        ("comparison", "x == bool 5", ["x != bool 5", "x >= bool 5", "x <= bool 5"]),
        ("dropped comparison", "x and y > 5", ["x and y"]),
        ("dropped comparison", "x > bool 5", []),
        ("window", "rate(x[5m]) / y offset 1h", [
            "rate(x[2m30s]) / y offset 1h", "rate(x[10m]) / y offset 1h"
        ]),
        ("window", "max_over_time(rate(x[5m])[1h:1m])", [
            *(f"max_over_time(rate(x[5m])[{w}:1m])" for w in ("30m", "2h")),
            *(f"max_over_time(rate(x[{w}])[1h:1m])" for w in ("2m30s", "10m")),
        ]),
        ("all windows", "rate(x[5m]) / rate(y[1h])", [
            "rate(x[2m30s]) / rate(y[30m])", "rate(x[10m]) / rate(y[2h])"
        ]),
        ("all windows", "rate(x[5m])", []),
        ("offset", "rate(x[5m] offset 1h)", ["rate(x[5m] offset 30m)", "rate(x[5m] offset 2h)"]),
        ("function", "rate(x[5m])", ["increase(x[5m])", "irate(x[5m])"]),
        ("aggregation", "sum by (a) (x)", [f"{name} by (a) (x)" for name in ("avg", "max", "min", "count")]),
        ("aggregation", "topk(3, x)", ["bottomk(3, x)"]),
        ("set operator", "a and on (b) c", ["a or on (b) c", "a unless on (b) c"]),
        ("arithmetic", "a / b", ["a * b", "a - b"]),
        ("arithmetic", "a / b * c", ["a / b / c", "(a * b) * c", "(a - b) * c"]),
        ("dropped label", "sum by (a, b) (x)", ["sum by (b) (x)", "sum by (a) (x)"]),
        ("misspelt label", "sum without (a) (x)", ["sum without (aaa) (x)"]),
        ("dropped match", "a * on (b) group_left (c) d", ["a * on () group_left (c) d"]),
        ("misspelt match", "a / ignoring (b) c", ["a / ignoring (bbb) c"]),
        ("negated matcher", 'x{a="b", c=~"d"}', ['x{a!="b", c=~"d"}', 'x{a="b", c!~"d"}']),
        ("dropped matcher", 'rate(x{a="b"}[5m] offset 1m)', ["rate(x[5m] offset 1m)"]),
        ("misspelt matcher", 'x{a="b", c=~"5.."}', ['x{a="bbb", c=~"5.."}', 'x{a="b", c=~"5..x"}']),
        ("metric", "rate(bad[5m])", ["rate(worse[5m])"]),
    ],
)  # fmt: skip
def test_an_operator_changes_one_thing(operator: str, expr: str, made: list[str]) -> None:
    """Everything else of the expression stays as it is."""
    assert list_exprs(expr, operator) == [render(parse(text)) for text in made]


def test_each_operator_has_a_name_and_a_description() -> None:
    """Names are in ids, so no two are alike."""
    names = [operator.name for operator in EXPRESSION_OPERATORS]
    assert len(set(names)) == len(names)
    assert all(operator.description for operator in EXPRESSION_OPERATORS)


def test_ids_tell_all_mutants_apart_and_stay() -> None:
    """They name rule, operator, position and change, and no line."""
    mutants = mutate_alert(SHARE, "    for: 5m\n")
    assert len({mutant.id for mutant in mutants}) == len(mutants)
    assert [mutant.id for mutant in mutants] == [mutant.id for mutant in mutate_alert(SHARE, "    for: 5m\n")]
    assert "A/threshold/8/> 0.05 -> > 0.055" in {mutant.id for mutant in mutants}


def test_a_mutant_says_what_changed_and_where() -> None:
    """The line is that of the field, not that of the rule."""
    by_operator = {mutant.operator: mutant for mutant in mutate_alert("x > 5", "    for: 5m\n")}
    assert (by_operator["for"].says, by_operator["for"].source) == ("for 5m becomes 10m", "made.yml:7")
    assert by_operator["comparison"].source == "made.yml:5"


def test_for_and_keep_firing_for_become_nothing_half_and_twice() -> None:
    """The expression stays as it is."""
    mutants = mutate_alert("x", "    for: 5m\n    keep_firing_for: 1m\n")
    made = [one.rule for one in mutants if isinstance(one.rule, AlertRule)]
    assert [(rule.for_s, rule.keep_firing_for_s) for rule in made] == [
        *((0.0, 60.0), (150.0, 60.0), (600.0, 60.0)),
        *((300.0, 0.0), (300.0, 30.0), (300.0, 120.0)),
    ]


def test_routed_labels_get_other_values_and_go() -> None:
    """Labels that no route looks at stay."""
    wrongs = Wrongs(routed={"severity": ("critical", "warning")})
    mutants = mutate_alert("x", "    labels: {severity: critical, team: a}\n", wrongs)
    assert [(one.label, dict(one.rule.labels)) for one in mutants] == [
        ("severity", {"severity": "warning", "team": "a"}),
        ("severity", {"team": "a"}),
    ]


@pytest.mark.parametrize(
    ("wanted", "advice"),
    [
        ("A/threshold/2/> 5 -> > 5.5", "a drill that must fire on a value between 5 and 5.5"),
        ("A/threshold/2/> 5 -> > 4.545", "a near miss whose value stays between 4.545 and 5"),
        ("A/comparison/0/> -> >=", "a drill in which the value is exactly 5"),
        ("A/for/0/for 5m -> 0s", "a near miss that is pending for 0s to 5m"),
    ],
)
def test_a_mutant_says_which_drill_would_notice_it(wanted: str, advice: str) -> None:
    """A rule that fires too soon wants a near miss, one that fires too late a drill in which it fires."""
    assert {mutant.id: mutant.advice for mutant in mutate_alert("x > 5", "    for: 5m\n")}[wanted] == advice


@pytest.mark.parametrize(
    ("expr", "advice"),
    [
        ("0.2 < x", "a drill in which the value is exactly 0.2"),
        ("x > y", "a drill in which both sides are equal"),
    ],
)
def test_a_boundary_is_the_constant_side(expr: str, advice: str) -> None:
    """Whichever side it stands on."""
    assert advice in {one.advice for one in mutate_alert(expr) if one.operator == "comparison"}


def test_siblings_are_metrics_of_one_type_with_like_names() -> None:
    """A counter is never taken for a bucket or a gauge."""
    names = ["llm_calls_total", "llm_errors_total", "keys_total", "llm_wait_bucket", "queue", "llm_depth"]
    siblings = find_siblings(names)
    assert siblings["llm_calls_total"] == ("llm_errors_total", "keys_total")
    assert (siblings["llm_wait_bucket"], siblings["queue"]) == ((), ("llm_depth",))


def test_a_recording_rule_decides_the_alerts_that_read_it() -> None:
    """Those that read it through another one, too."""
    text = """\
groups:
- name: g
  rules:
  - {record: one, expr: x > 5}
  - {record: two, expr: one * 2}
  - {alert: A, expr: two > 1}
  - {alert: B, expr: y > 1}
"""
    mutants = list_mutants(parse_rules(text, "made.yml"))
    assert {(one.original.name, one.alerts) for one in mutants} == {
        *(("one", ("A",)), ("two", ("A",)), ("A", ("A",)), ("B", ("B",))),
    }
