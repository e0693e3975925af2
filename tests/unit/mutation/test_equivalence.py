"""Mutants that are equal to their rules, by the laws of PromQL, and those that only look so."""

from __future__ import annotations

import pytest
from support.mutants import mutate_alert

from alertdrill.mutation.equivalence import prove_equal


@pytest.mark.parametrize(
    ("expr", "wanted", "is_equal"),
    [
        ("histogram_quantile(0.9, sum by (le) (rate(x[5m])))", "rate -> increase", True),
        ("histogram_quantile(0.9, sum by (le) (rate(x[5m])))", "rate -> irate", False),
        ("histogram_quantile(0.9, sum by (le) (rate(x[5m])))", "sum -> avg", False),
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
