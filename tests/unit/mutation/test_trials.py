"""Mutants on the recording of an hour: which are killed, which survive, and what cannot be told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.mutants import list_mutants
from support.mutated_hour import DEEP, RULES, make_both, make_ground, make_hour
from support.stranger import make_series

from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.alertmanager.routes import parse_routes
from alertdrill.mutation.generating import Wrongs
from alertdrill.mutation.grounds import Ground
from alertdrill.mutation.mutant import Mutant, Result
from alertdrill.mutation.trials import Trials, hold_baselines
from alertdrill.rules.files import parse_rules
from alertdrill.runtime.binaries import Engines


def judge(
    engines: Engines,
    *grounds: Ground,
    mutants: tuple[Mutant, ...] | None = None,
    batch: int = 25,
    wrongs: Wrongs | None = None,
) -> dict[str, Result]:
    """Return what became of the mutants of the rules."""
    met, unmet = hold_baselines(grounds, engines.promtool, lambda _: None)
    assert unmet == {}
    route = parse_routes(make_reference_config(["metis"]).document)
    trials = Trials(met, engines.promtool, route=route, batch=batch)
    made = list_mutants(RULES, wrongs) if mutants is None else mutants
    return trials.judge(made, lambda _: None)


@pytest.fixture(scope="module")
def results(engines: Engines) -> dict[str, Result]:
    """Judge all mutants on a drill of each of two alerts."""
    wrongs = Wrongs(routed={"severity": ("critical", "warning")})
    return judge(engines, *make_both(), wrongs=wrongs)


@pytest.mark.parametrize(
    ("mutant", "state", "by"),
    [
        ("Deep/threshold/2/> 100 -> > 200", "killed", "deep"),
        ("Deep/threshold/2/> 100 -> > 110", "survived", None),
        ("Deep/comparison/0/> -> <", "killed", "deep"),
        ("Deep/comparison/0/> -> >=", "survived", None),
        ("Deep/for/0/for 2m -> 1m", "killed", "deep"),
        ("queue:depth/misspelt label/0/queue in by -> queueee", "survived", None),
        ("queue:depth/aggregation/0/sum -> avg", "survived", None),
        ("queue:depth/aggregation/0/sum -> count", "killed", "deep"),
        ("Low/threshold/2/> 3 -> > 1.5", "killed", "near"),
        ("Low/threshold/2/> 3 -> > 2.727", "survived", None),
        ("Low/threshold/2/> 3 -> > 6", "killed", "near"),
        ("Absent/function/0/absent -> count", "no coverage", None),
        ("Deep/routed label/severity/severity: critical -> warning", "killed", "deep"),
    ],
)
def test_a_drill_kills_what_it_would_notice(
    results: dict[str, Result], mutant: str, state: str, by: str | None
) -> None:
    """It notices what fires at another time, what fires silently, and what comes less near."""
    assert (results[mutant].state, results[mutant].by) == (state, by)


def test_the_result_says_why(results: dict[str, Result]) -> None:
    """Of what survived, which drill would kill it."""
    assert results["Deep/threshold/2/> 100 -> > 200"].why.startswith("Deep: missing: ")
    assert (
        results["Low/threshold/2/> 3 -> > 2.727"].why == "a near miss whose value stays between 2.727 and 3"
    )
    assert results["Absent/function/0/absent -> count"].why == "no drill is about Absent"
    routed = results["Deep/routed label/severity/severity: critical -> warning"]
    assert routed.why == "Deep: missing: would page metis-ticket instead of metis-page"


@pytest.mark.parametrize("batch", [1, 3])
def test_mutants_are_judged_alike_together_and_apart(
    engines: Engines, results: dict[str, Result], batch: int
) -> None:
    """How many are in one replay changes nothing of what becomes of any."""
    wrongs = Wrongs(routed={"severity": ("critical", "warning")})
    assert judge(engines, *make_both(), batch=batch, wrongs=wrongs) == results


def test_a_mutant_that_cannot_be_copied_is_tried_in_its_place(engines: Engines) -> None:
    """As one whose states another rule reads by a pattern of names, which copies cannot follow."""
    text = """\
groups:
- name: queues
  rules:
  - {alert: Deep, expr: depth > 100, for: 2m}
  - {alert: Any, expr: 'count({__name__=~"ALERTS", alertstate="firing"}) > 1'}
"""
    rules = parse_rules(text, "rules.yml")
    found = judge(engines, make_ground(DEEP, rules=rules), mutants=list_mutants(rules))
    assert found["Deep/threshold/2/> 100 -> > 200"].state == "killed"
    assert found["Deep/threshold/2/> 100 -> > 110"].state == "survived"


def test_a_quiet_drill_notices_what_fires(engines: Engines) -> None:
    """It is about every alert that it is judged by."""
    rules = parse_rules("groups:\n- name: g\n  rules:\n  - {alert: Low, expr: level > 3}\n", "rules.yml")
    found = judge(engines, make_ground(name="quiet", rules=rules), mutants=list_mutants(rules))
    assert (found["Low/comparison/0/> -> <"].state, found["Low/comparison/0/> -> <"].by) == (
        "killed",
        "quiet",
    )
    assert found["Low/comparison/0/> -> >="].state == "survived"


def test_what_a_recording_was_not_asked_for_cannot_be_told(engines: Engines) -> None:
    """Another metric may have been there; what is misspelt was nowhere."""
    rules = parse_rules(
        "groups:\n- name: g\n  rules:\n  - {alert: Deep, expr: 'depth{queue=\"a\"} > 100', for: 2m}\n",
        "r.yml",
    )
    hour = make_hour(selectors=("depth", "level"))
    mutants = list_mutants(rules, Wrongs(siblings={"depth": ("length",)}))
    found = judge(engines, make_ground(DEEP, hour=hour, rules=rules), mutants=mutants)
    states = {one.mutant.operator: one.state for one in found.values()}
    assert (states["metric"], states["misspelt matcher"]) == ("could not tell", "killed")


def test_a_rule_that_cannot_be_evaluated_is_noticed(engines: Engines) -> None:
    """One that matches many to many: no replay goes on without it, and it says so."""
    rules = parse_rules(
        "groups:\n- name: g\n  rules:\n  - {alert: Deep, expr: depth * on (queue) room > 100, for: 2m}\n",
        "r.yml",
    )
    more = [make_series("room", lambda _: 1.0, queue=queue) for queue in "ab"]
    found = judge(engines, make_ground(DEEP, hour=make_hour(*more), rules=rules), mutants=list_mutants(rules))
    dropped = next(one for one in found.values() if one.mutant.operator == "dropped match")
    assert dropped.state == "killed"
    assert "cannot be evaluated" in dropped.why
    others = [one for one in found.values() if one.mutant.operator == "threshold"]
    assert [one.state for one in others].count("survived") == 3


def test_what_is_not_met_as_it_is_is_left_out(engines: Engines) -> None:
    """Such a drill would kill every mutant, and its reason is said."""
    late = make_ground(replace(DEEP, fires_within_s=710), name="late")
    met, unmet = hold_baselines([late, make_both()[1]], engines.promtool, lambda _: None)
    assert [one.ground.drill.name for one in met] == ["near"]
    assert unmet["late"].startswith("Deep: late: ")
