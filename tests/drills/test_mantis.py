"""Mantis's drills, held together on a real stack of the newest generation; Prometheus is asked itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from whole_runs import make_order

from harness.catalogue import list_drills, list_rules, override_values
from harness.engines import Generation, find_engines
from harness.judge import find_unasked
from harness.model import AS_WRITTEN, Drill, Expectation, Expected, NearMiss, Silence
from harness.observe import Api
from harness.rules import read_rules
from harness.run import Held, hold_open
from harness.stacks.configs import make_alertmanager_config
from harness.systems import find_systems

VALUES = override_values(())
DRILLS = tuple(drill for drill in list_drills(VALUES) if drill.system == "mantis")
SYSTEM = next(system for system in find_systems() if system.name == "mantis")
NEWEST = list(Generation)[-1]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """Hold all of Mantis's drills at the speed that this machine bears, and let the stack stand."""
    engines = find_engines(os.environ, generation=NEWEST)
    order = replace(
        make_order(DRILLS, engines, tmp_path_factory.mktemp("mantis") / "out"),
        rules=list_rules(DRILLS, VALUES),
        alertmanager=make_alertmanager_config(["mantis"]),
    )
    with hold_open(order, lambda _state: None) as run:
        assert run.record.doubts == ()
        yield run


def count_firing(held: Held, drill: Drill, expected: Expected) -> float:
    """Ask Prometheus for how many evaluations an alert fired while its drill was held."""
    place = next(place for place in held.record.placements if place.drill == drill)
    labels = {"alertname": expected.alert, "alertstate": "firing", **expected.labels}
    matchers = ",".join(f'{name}="{value}"' for name, value in labels.items())
    range_ms = round(drill.lasts_s / held.clock.speed * 1000)
    prometheus = Api("prometheus", held.stack.endpoints.prometheus)
    series: list[Any] = prometheus.query(
        "/api/v1/query",
        query=f"sum(count_over_time(ALERTS{{{matchers}}}[{range_ms}ms]))",
        time=f"{held.clock.wall_s(place.end_s):.3f}",
    )
    return float(series[0][1][0][1]) if series else 0.0


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_drill(held: Held, drill: Drill) -> None:
    """The drill's expectations are met, and Prometheus itself says what fired and what did not."""
    verdict = next(verdict for verdict in held.record.verdicts if verdict.drill == drill.name)
    assert [finding.evidence for finding in verdict.findings if finding.outcome != "met"] == []
    for expected in drill.expects:
        fired = count_firing(held, drill, expected)
        assert (fired > 0) == isinstance(expected, Expectation)


def test_nothing_fired_unasked(held: Held) -> None:
    """No alert fired that no drill asked for."""
    assert find_unasked(held.record.placements, held.record.timeline) is None
    assert held.record.exit_code == 0


def test_every_alert_is_drilled_on_both_sides() -> None:
    """Each of the four alerts has a drill in which it fires and one in which it stays silent."""
    for rule in read_rules(SYSTEM.rules_path).alerts:
        kinds = {
            type(expected) for drill in DRILLS for expected in drill.expects if expected.alert == rule.name
        }
        assert kinds == {Expectation, NearMiss}, rule.name


def test_every_rule_as_written_is_proved_beside_the_one_that_is_shipped() -> None:
    """It fires where the shipped rule is silent, or is blind where that one fires, on the same traffic."""
    for rule in read_rules(SYSTEM.as_written_path).alerts:
        assert AS_WRITTEN.items() <= rule.labels.items()
        shipped = rule.name.removesuffix("AsWritten")
        pairs = {
            (type(written), type(right))
            for drill in DRILLS
            for written in drill.expects
            for right in drill.expects
            if (written.alert, right.alert) == (rule.name, shipped) and written.labels == right.labels
        }
        assert pairs, rule.name
        assert pairs <= {(Expectation, NearMiss), (Silence, Expectation)}, rule.name
