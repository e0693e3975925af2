"""Mutants that no Prometheus would load."""

from __future__ import annotations

from dataclasses import replace

from support.mutants import mutate_alert

from alertdrill.mutation.checking import find_invalid
from alertdrill.runtime.binaries import Engines


def test_what_is_no_rule_is_found_among_others(engines: Engines) -> None:
    """With the parser's reason, or promtool's, each by its own id."""
    good, bad, odd = mutate_alert("x > 5")[:3]
    bad = replace(bad, rule=replace(bad.rule, expr="rate(x)"))
    odd = replace(odd, rule=replace(odd.rule, labels={"__name__": "y"}))
    found = find_invalid([good, bad, odd], engines.promtool)
    assert set(found) == {bad.id, odd.id}
    assert "rate" in found[bad.id]
    assert found[odd.id].startswith("promtool does not take it: ")


def test_rules_that_are_rules_are_none(engines: Engines) -> None:
    """Nothing is said of them."""
    assert find_invalid(mutate_alert("sum by (a) (rate(x[5m])) > 5", "    for: 5m\n"), engines.promtool) == {}
