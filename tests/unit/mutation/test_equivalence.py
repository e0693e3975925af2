"""Mutants that are equal to their rules, by the laws of PromQL, and those that only look so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.mutants import mutate_alert
from support.whole_runs import run_tool

from alertdrill.mutation.equivalence import EQUAL_OF_ALIKE, prove_equal
from alertdrill.runtime.binaries import Engines


@pytest.mark.parametrize(
    ("expr", "wanted", "is_equal"),
    [
        ("histogram_quantile(0.9, sum by (le) (rate(x[5m])))", "rate -> increase", True),
        ("histogram_quantile(0.9, sum by (le) (rate(x[5m])))", "rate -> irate", False),
        ("histogram_quantile(0.9, sum by (le) (rate(x[5m])))", "window 5m -> 10m", False),
        ("histogram_quantile(0.9, rate(x[5m]) or rate(y[5m]))", "rate -> increase", False),
        ("sum(rate(x[5m]))", "rate -> increase", False),
        ("a and on () count(b)", "count -> sum", True),
        ("a unless max by (c) (b)", "max -> min", True),
        ("a and sum(increase(b[5m])) > 3", "sum -> max", False),
        ("a and avg_over_time(b[5m])", "avg_over_time -> max_over_time", True),
        ("a and rate(b[5m]) * 60", "rate -> irate", True),
        ("a or count(b)", "count -> sum", False),
        ("count(a) and b", "count -> sum", False),
        ("up == 0", "== -> <=", True),
        ("up == 0", "== -> >=", False),
        ("up == 1", "== -> >=", True),
        ("min(up) != 1", "!= -> <=", False),
        ("sum(rate(x[5m])) > 0", "> -> !=", True),
        ("rate(x[5m]) / rate(y[5m]) > 0", "> -> !=", False),
        ("level == 0", "== -> <=", False),
        ("(up or absent(up) * 0 and on () count(up)) == 0", "== -> <=", True),
    ],
)
def test_what_the_laws_show_is_equal(expr: str, wanted: str, is_equal: bool) -> None:
    """A law says nothing of what it does not fit."""
    mutants = [one for one in mutate_alert(expr) if one.id.endswith(f"/{wanted}")]
    assert mutants
    assert {bool(prove_equal(one)) for one in mutants} == {is_equal}


@pytest.mark.parametrize(
    ("expr", "wanted", "is_equal"),
    [
        ("histogram_quantile(0.9, sum by (a, le) (rate(x_bucket[5m])))", "sum -> avg", True),
        ("histogram_quantile(0.9, sum without (b) (x_bucket))", "sum -> avg", True),
        ("histogram_quantile(0.9, avg by (le) (rate(x_bucket[5m])))", "avg -> sum", True),
        ("histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))", "sum -> max", False),
        ("histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))", "sum -> count", False),
        # All bounds in one group, or several metrics: nobody knows how many series a bound has.
        ("histogram_quantile(0.9, sum by (a) (rate(x_bucket[5m])))", "sum -> avg", False),
        ("histogram_quantile(0.9, sum without (le) (x_bucket))", "sum -> avg", False),
        ('histogram_quantile(0.9, sum by (le) (rate({__name__=~"x|y"}[5m])))', "sum -> avg", False),
        ("histogram_quantile(0.9, sum by (le) (x_bucket or y_bucket))", "sum -> avg", False),
        (
            "histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) + sum by (le) (x_bucket)",
            "sum -> max",
            False,
        ),
        ("sum by (le) (rate(x_bucket[5m])) > 3", "sum -> avg", False),
    ],
)
def test_the_average_of_histograms_has_the_quantiles_of_their_sum(
    expr: str, wanted: str, is_equal: bool
) -> None:
    """If their bounds are the same, which the reason says."""
    mutants = [one for one in mutate_alert(expr) if one.id.endswith(f"/{wanted}")]
    assert mutants
    assert {prove_equal(one) for one in mutants} == {EQUAL_OF_ALIKE if is_equal else ""}


@pytest.mark.parametrize(
    ("expr", "wanted", "is_equal"),
    [
        ("min by (a) (min_over_time(flag[2m])) == 1", "min_over_time -> avg_over_time", True),
        ("min by (a) (min_over_time(flag[2m])) == 1", "min -> avg", True),
        ("max by (a) (min_over_time(flag[2m])) == 1", "min_over_time -> avg_over_time", True),
        ("x and min by (a) (min_over_time(flag[2m])) == 1", "== -> >=", True),
        ("min_over_time(flag[2m]) == 0", "== -> <=", True),
        ("min by (a) (min_over_time(flag[2m])) == 1", "min_over_time -> max_over_time", False),
        ("min by (a) (min_over_time(flag[2m])) == 1", "min_over_time -> last_over_time", False),
        ("min by (a) (min_over_time(flag[2m])) == 1", "min -> max", False),
        ("min by (a) (min_over_time(flag[2m])) == 1", "min -> sum", False),
        ("min by (a) (min_over_time(flag[2m])) < 1", "min_over_time -> avg_over_time", False),
        ("min by (a) (min_over_time(flag[2m])) == 0", "min_over_time -> avg_over_time", False),
        ("min by (a) (min_over_time(level[2m])) == 1", "min_over_time -> avg_over_time", False),
        ("sum by (a) (flag) == 1", "== -> >=", False),
    ],
)
def test_what_is_0_or_1_is_1_on_the_average_where_it_is_1_at_least(
    expr: str, wanted: str, is_equal: bool
) -> None:
    """Of a metric that is stated to be a flag; of no other, and where anything else is asked for than 1."""
    mutants = [one for one in mutate_alert(expr) if one.id.endswith(f"/{wanted}")]
    assert mutants
    wants = "the expression is equal to the rule's, where flag is 0 or 1" if is_equal else ""
    assert {prove_equal(one, ["flag", "other"]) for one in mutants} == {wants}
    assert {prove_equal(one) for one in mutants} == {""}


def test_averages_of_groups_that_are_added_up_weigh_otherwise() -> None:
    """Each group divides by a number of its own: only what the quantile reads may be one or the other."""
    expr = "histogram_quantile(0.9, sum by (le) (sum by (a, le) (rate(x_bucket[5m]))))"
    mutants = [one for one in mutate_alert(expr) if one.id.endswith("/sum -> avg")]
    assert len(mutants) == 2
    assert {prove_equal(one) for one in mutants} == {""}


@pytest.mark.parametrize("combine", ["sum", "avg"])
def test_prometheus_reads_the_same_of_both(engines: Engines, tmp_path: Path, combine: str) -> None:
    """Of three histograms, two of them in one group: as many as nobody need know."""
    shares = {("a", "1"): (1, 2, 9), ("a", "2"): (6, 7, 8), ("b", "1"): (3, 3, 4)}
    series = [
        {"series": f'x_bucket{{a="{a}", b="{b}", le="{le}"}}', "values": f"0+{calls}x40"}
        for (a, b), counts in shares.items()
        for le, calls in zip(("1", "2", "+Inf"), counts, strict=True)
    ]
    expr = f"histogram_quantile(0.5, {combine} by (a, le) (rate(x_bucket[5m])))"
    # Group a has 7, 9 and 17 calls: half of them is three quarters of the way from 1 to 2.
    expected = [{"labels": '{a="a"}', "value": 1.75}, {"labels": '{a="b"}', "value": 0.666667}]
    asked = {"expr": f"round({expr}, 1e-6)", "eval_time": "9m", "exp_samples": expected}
    case = {"interval": "15s", "input_series": series, "promql_expr_test": [asked]}
    path = tmp_path / "test.yml"
    path.write_text(json.dumps({"rule_files": [], "tests": [case]}))
    assert "SUCCESS" in run_tool(engines.promtool, "test", "rules", str(path))
