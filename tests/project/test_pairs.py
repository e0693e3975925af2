"""What belongs together is there together: alerts, values, rules, panels, runbooks, drills, queries."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from support.query_files import read_queries

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import Expectation
from alertdrill.core.rule import AS_WRITTEN, PAGING, AlertRule
from alertdrill.rules.files import read_rules
from alertdrill.rules.promql.expressions import parse, render, split_threshold, walk
from alertdrill.systems import System, find_systems
from alertdrill.systems.catalogue import (
    list_drills,
    override_values,
    read_dashboard,
    read_values,
    render_system_rules,
)

ROOT = Path(__file__).resolve().parents[2]

each_system = pytest.mark.parametrize("system", find_systems(), ids=lambda system: system.name)


@cache
def read_alerts(system: System) -> tuple[AlertRule, ...]:
    """Return the alerts of a system as shipped."""
    return read_rules(system.rules_path).alerts


@cache
def read_as_written(system: System) -> tuple[AlertRule, ...]:
    """Return the alerts of a system that are kept as their authors wrote them."""
    return read_rules(system.as_written_path).alerts if system.as_written_path.exists() else ()


@cache
def read_paging(system: System) -> tuple[AlertRule, ...]:
    """Return the alerts of a system that drill the paging path."""
    return read_rules(system.paging_path).alerts if system.paging_path.exists() else ()


def find_drills(system: System) -> tuple[Drill, ...]:
    """Return the drills of a system."""
    return tuple(drill for drill in list_drills(override_values(())) if drill.system == system.name)


def list_comparisons(expr: str) -> list[tuple[str, float]]:
    """Return all comparisons with a number in an expression, as operator and number."""
    splits = [split_threshold(render(node)) for node in walk(parse(expr))]
    return [(split[1], split[2]) for split in splits if split is not None]


@each_system
def test_each_alert_has_one_value_and_one_rule(system: System) -> None:
    """Values and rules name the same alerts, each once."""
    alerts = Counter(rule.name for rule in read_alerts(system))
    assert alerts == Counter(value.alert for value in read_values(system).alerts.values())
    assert set(alerts.values()) == {1}


@each_system
def test_rules_are_the_template_with_its_values(system: System) -> None:
    """`rules.yml` is what `make generate` writes."""
    assert system.rules_path.read_text() == render_system_rules(system, read_values(system))


@each_system
def test_each_alert_has_one_panel(system: System) -> None:
    """Each alert has the panel that shows its threshold, and no panel shows one of no alert."""
    panels = read_dashboard(system, read_values(system)).panels
    shown = Counter(panel.threshold.alert for panel in panels if panel.threshold is not None)
    assert shown == Counter(rule.name for rule in read_alerts(system))


@each_system
def test_each_panel_has_the_threshold_of_its_rule(system: System) -> None:
    """What the dashboard as committed turns red at is what the rule as committed compares with."""
    rules = {rule.name: rule for rule in read_alerts(system)}
    panels = read_dashboard(system, read_values(system)).panels
    drawn = {panel["title"]: panel for panel in json.loads(system.dashboard_path.read_text())["panels"]}
    for panel in panels:
        if panel.threshold is None:
            continue
        steps = drawn[panel.title]["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert panel.threshold.value in {step["value"] for step in steps}, panel.title
        compared = list_comparisons(rules[panel.threshold.alert].expr)
        assert any(
            op == panel.threshold.op and math.isclose(value * panel.threshold.scale, panel.threshold.value)
            for op, value in compared
        ), panel.title


@each_system
def test_each_alert_has_one_runbook_entry(system: System) -> None:
    """The runbook has a heading for each alert, and no other."""
    text = (system.folder / "runbook.md").read_text()
    headings = Counter(re.findall(r"^## (.+?)\s*$", text, re.MULTILINE))
    assert headings == Counter(rule.name for rule in read_alerts(system))


@each_system
def test_each_alert_is_drilled_on_both_sides(system: System) -> None:
    """Each alert fires in one drill at least, and stays silent in another part of one at least."""
    expected = [expected for drill in find_drills(system) for expected in drill.expects]
    for rule in read_alerts(system):
        sides = {isinstance(one, Expectation) for one in expected if one.alert == rule.name}
        assert sides == {True, False}, rule.name


@each_system
def test_drills_are_about_alerts_that_are_there(system: System) -> None:
    """No drill expects anything of an alert that its system does not have."""
    rules = (*read_alerts(system), *read_as_written(system), *read_paging(system))
    known = {rule.name for rule in rules}
    assert len(known) == len(rules)
    for drill in find_drills(system):
        assert {expected.alert for expected in drill.expects} <= known, drill.name


@each_system
def test_each_rule_as_written_is_drilled_and_marked(system: System) -> None:
    """A rule that is kept to prove it wrong is proved wrong by a drill, and pages nobody."""
    drilled = {expected.alert for drill in find_drills(system) for expected in drill.expects}
    for rule in read_as_written(system):
        assert rule.name in drilled
        assert rule.labels == {**AS_WRITTEN, "system": system.name}


@each_system
def test_each_rule_that_drills_the_paging_path_is_drilled_and_marked(system: System) -> None:
    """Such a rule fires in a drill, and has the label by which the reference routing knows it."""
    drilled = {expected.alert for drill in find_drills(system) for expected in drill.expects}
    for rule in read_paging(system):
        assert rule.name in drilled
        assert {**PAGING, "system": system.name}.items() <= rule.labels.items()


@each_system
def test_each_system_has_a_quiet_drill(system: System) -> None:
    """Healthy traffic in which nothing may fire, under which queries and panels are held to have data."""
    (quiet,) = [drill for drill in find_drills(system) if drill.name == f"{system.name}-quiet"]
    assert quiet.expects == ()
    assert quiet.traffic


@each_system
def test_a_query_that_is_not_shipped_as_written_has_a_finding(system: System) -> None:
    """A query is the one in the system's documents, or a section of the findings says why not."""
    sections = {
        section
        for path in (ROOT / "docs").rglob("*.md")
        for section in re.findall(r"^### (F-[\w-]+)", path.read_text(), re.MULTILINE)
    }
    queries = read_queries(system.queries_path)
    names = Counter(query.name for query in queries)
    assert set(names.values()) == {1}
    for query in queries:
        if " ".join(query.expr.split()) != " ".join(query.as_written.split()):
            assert query.finding is not None, query.name
        assert query.finding is None or query.finding in sections, query.name
