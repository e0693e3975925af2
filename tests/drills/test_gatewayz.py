"""Gatewayz's drills, held together on a real stack of the newest generation; Prometheus is asked itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from ruamel.yaml import YAML

from harness.catalogue import list_drills, list_rules, override_values
from harness.dilation import dilate_expr
from harness.engines import Generation, find_engines
from harness.judge import find_unasked
from harness.model import AS_WRITTEN, Drill, Expectation, NearMiss, Placement, Silence
from harness.observe import Api
from harness.run import Held, Order, hold_open
from harness.stacks.configs import make_alertmanager_config
from harness.systems import find_systems

VALUES = override_values(())
DRILLS = tuple(drill for drill in list_drills(VALUES) if drill.system == "gatewayz")
SYSTEM = next(system for system in find_systems() if system.name == "gatewayz")
QUERIES = YAML(typ="safe").load(SYSTEM.queries_path.read_text())
QUIET = next(drill for drill in DRILLS if not drill.expects)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """Hold all of Gatewayz's drills at the speed that this machine bears, and let the stack stand."""
    out = tmp_path_factory.mktemp("gatewayz") / "out"
    (out / "logs").mkdir(parents=True)
    order = Order(
        drills=DRILLS,
        rules=list_rules(DRILLS, VALUES),
        engines=find_engines(os.environ, generation=list(Generation)[-1]),
        alertmanager=make_alertmanager_config(["gatewayz"]),
        alertmanager_source="the test's Alertmanager config",
        out=out,
        speed=None,
        ports={},
    )
    with hold_open(order, lambda _state: None) as run:
        assert run.record.doubts == ()
        yield run


def find_placement(held: Held, drill: Drill) -> Placement:
    """Return when a drill was held."""
    return next(place for place in held.record.placements if place.drill == drill)


def ask(held: Held, query: str, at_s: float) -> list[Any]:
    """Ask Prometheus at a rule time of the run."""
    prometheus = Api("prometheus", held.stack.endpoints.prometheus)
    return prometheus.query("/api/v1/query", query=query, time=f"{held.clock.wall_s(at_s):.3f}")


def count_firing(held: Held, drill: Drill, expected: Expectation | NearMiss | Silence) -> float:
    """Ask Prometheus for how many evaluations an alert fired while its drill was held."""
    place = find_placement(held, drill)
    labels = {"alertname": expected.alert, "alertstate": "firing", **expected.labels}
    matchers = ",".join(f'{name}="{value}"' for name, value in labels.items())
    range_ms = round(drill.lasts_s / held.clock.speed * 1000)
    series = ask(held, f"sum(count_over_time(ALERTS{{{matchers}}}[{range_ms}ms]))", place.end_s)
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


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query["name"])
def test_every_query_has_data_under_quiet_traffic(held: Held, query: dict[str, str]) -> None:
    """A query that is shipped shows something as soon as there is healthy traffic."""
    place = find_placement(held, QUIET)
    assert ask(held, dilate_expr(query["expr"], held.clock.speed), place.end_s - 60)


def test_every_alert_is_drilled_on_both_sides() -> None:
    """Each alert fires in one drill, stays below its threshold in one, and short of its `for` in one."""
    kinds: dict[str, set[object]] = {}
    for drill in DRILLS:
        for expected in drill.expects:
            kind = expected.pending if isinstance(expected, NearMiss) else type(expected)
            kinds.setdefault(expected.alert, set()).add(kind)
    rules = {rule.name: rule for file in list_rules(DRILLS, VALUES) for rule in file.alerts}
    assert set(kinds) == set(rules)
    for name, seen in kinds.items():
        if AS_WRITTEN.items() <= rules[name].labels.items():
            assert seen in ({Silence}, {Expectation}), name
        else:
            assert seen == {Expectation, True, False}, name


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        ("gatewayz.http5xx.threshold=0.1", "http5xx"),
        ("gatewayz.creditBurn.for=15m", "creditBurn"),
        ("gatewayz.providerDown.window=3m", "providerDown"),
        ("gatewayz.cacheHitRate.threshold=0.2", "cacheHitRate"),
    ],
)
def test_drills_follow_the_values(setting: str, key: str) -> None:
    """A changed value changes the traffic or the times of its alert's drills, and of no others."""
    alert = VALUES["gatewayz"][key].alert
    changed = {drill.name: drill for drill in list_drills(override_values((setting,)))}
    for drill in DRILLS:
        about = {expected.alert.removesuffix("AsWritten") for expected in drill.expects}
        assert (changed[drill.name] != drill) == (alert in about), drill.name
