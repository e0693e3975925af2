"""Mutants that no Prometheus would load."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.both_generations import GENERATIONS, find_promtool
from support.mutants import mutate_alert

from alertdrill.mutation.checking import find_invalid
from alertdrill.runtime.binaries.generations import Generation

EACH_GENERATION = pytest.mark.parametrize("generation", GENERATIONS, ids=str)


@EACH_GENERATION
def test_what_is_no_rule_is_found_among_others(generation: Generation) -> None:
    """With the parser's reason, or promtool's, each by its own id."""
    good, bad, odd = mutate_alert("x > 5")[:3]
    bad = replace(bad, rule=replace(bad.rule, expr="rate(x)"))
    odd = replace(odd, rule=replace(odd.rule, labels={"__name__": "y"}))
    found = find_invalid([good, bad, odd], find_promtool(generation))
    assert set(found) == {bad.id, odd.id}
    assert "rate" in found[bad.id]
    assert found[odd.id].startswith("promtool does not take it: ")


@EACH_GENERATION
def test_rules_that_are_rules_are_none(generation: Generation) -> None:
    """Nothing is said of them."""
    assert (
        find_invalid(mutate_alert("sum by (a) (rate(x[5m])) > 5", "    for: 5m\n"), find_promtool(generation))
        == {}
    )
