"""Panels are read completely, take their thresholds from the alerts' values, and refuse what is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.panel_files import PANELS, read_toy_panels, read_toy_rules, read_toy_values

from alertdrill.errors import BadInput
from alertdrill.rules.panels import (
    Dashboard,
    Panel,
    PanelQuery,
    PanelThreshold,
    Step,
    ValueName,
    parse_panels,
)
from alertdrill.rules.values import override


@pytest.fixture(scope="module")
def dashboard() -> Dashboard:
    """Return the toy system's dashboard."""
    return read_toy_panels()


def find_panel(dashboard: Dashboard, title: str) -> Panel:
    """Return a panel by its title."""
    return next(panel for panel in dashboard.panels if panel.title == title)


def test_all_is_read(dashboard: Dashboard) -> None:
    """Title, uid, tags, links, rows and panels are as the file states them, in its order."""
    assert (dashboard.system, dashboard.title, dashboard.uid) == ("toy", "Toy gateway", "toy")
    assert dashboard.tags == ("toy", "llm")
    assert [(link.title, link.url) for link in dashboard.links] == [
        ("Master Overview", "/d/master-overview/master-overview")
    ]
    assert [(row.title, len(row.panels)) for row in dashboard.rows] == [("Health", 4), ("Traffic", 4)]
    calls = find_panel(dashboard, "Calls")
    assert (calls.kind, calls.unit, calls.width, calls.height, calls.stack) == (
        "timeseries", "reqps", 12, 8, True
    )  # fmt: skip
    assert [query.legend for query in calls.queries] == ["{{ model }}", "failed"]
    status = find_panel(dashboard, "Status")
    assert status.mappings == {
        1.0: ValueName(text="UP", color="green"),
        0.0: ValueName(text="DOWN", color="red"),
    }
    failing = find_panel(dashboard, "Failing calls")
    assert (failing.minimum, failing.maximum) == (0, 100)
    assert failing.queries[0].empty_when_healthy == "nothing fails"


def test_expressions_are_filled_with_values(dashboard: Dashboard) -> None:
    """A placeholder in an expression is the value that the rules have."""
    (query,) = find_panel(dashboard, "Failing calls").queries
    assert query.expr == "rate(toy_errors_total[10m]) / rate(toy_calls_total[10m]) * 100"


@pytest.mark.parametrize(
    ("title", "threshold"),
    [
        ("Failing calls", PanelThreshold(alert="ToyErrorRateHigh", op=">", value=7.0, scale=100.0)),
        ("Active keys", PanelThreshold(alert="ToyKeysFew", op="<", value=3.0)),
        ("Status", PanelThreshold(alert="ToyDown", op="==", value=0.0)),
        ("Calls", None),
    ],
)
def test_thresholds_are_the_alerts_own(
    dashboard: Dashboard, title: str, threshold: PanelThreshold | None
) -> None:
    """A panel with an alert has its threshold, scaled and free of binary rounding, and its comparison."""
    assert find_panel(dashboard, title).threshold == threshold


def test_a_changed_value_changes_the_panel() -> None:
    """Who overrides a threshold sees it on the dashboard."""
    values = override(read_toy_values(), ["keysActive.threshold=5"])
    rules = [replace(rule, expr=rule.expr.replace("< 3", "< 5")) for rule in read_toy_rules()]
    panels = parse_panels(PANELS, system="toy", values=values, rules=rules, name="panels.yml")
    assert find_panel(panels, "Active keys").steps[1] == Step(color="green", value=5.0)


@pytest.mark.parametrize(
    ("op", "steps"),
    [
        (">", [("green", None), ("red", 2.0)]),
        (">=", [("green", None), ("red", 2.0)]),
        ("<", [("red", None), ("green", 2.0)]),
        ("<=", [("red", None), ("green", 2.0)]),
        ("==", [("green", None), ("red", 2.0), ("green", 3.0)]),
        ("!=", [("red", None), ("green", 2.0), ("red", 3.0)]),
    ],
)
def test_bad_is_red_on_the_side_that_fires(op: str, steps: list[tuple[str, float | None]]) -> None:
    """Red is where the rule's comparison holds."""
    found = PanelThreshold(alert="A", op=op, value=2.0).list_steps()
    assert [(step.color, step.value) for step in found] == steps


@pytest.mark.parametrize(
    ("legend", "names"),
    [
        ("{{ model }}", ["a", "b"]),
        ("{{model}} calls", ["a calls", "b calls"]),
        ("calls", ["calls model=a", "calls model=b"]),
        ("", ["model=a", "model=b"]),
        ("{{ other }}", ["model=a", "model=b"]),
    ],
)
def test_series_are_told_apart(legend: str, names: list[str]) -> None:
    """A legend names its series by labels; one that calls two series the same is completed by all labels."""
    query = PanelQuery(expr="x", legend=legend)
    assert query.name_series([{"model": "a"}, {"model": "b"}]) == names


def test_a_series_without_labels_is_called_as_its_expression() -> None:
    """Without legend and labels there is nothing else to call it."""
    assert PanelQuery(expr="vector(1)", legend="").name_series([{}]) == ["vector(1)"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("title: Toy gateway\n", "", "panels.yml: the field 'title' is missing"),
        ("uid: toy", "uid: toy\nrefresh: 5s", "panels.yml: the field 'refresh' is unknown"),
        ("tags: [toy, llm]", "tags: toy", "panels.yml: tags must be a list"),
        ("tags: [toy, llm]", "tags: [", "panels.yml: not YAML"),
        ("title: Health", "name: Health", "panels.yml: row 1: the field 'title' is missing"),
        ("title: Status", "name: Status", "panels.yml: row 'Health', panel 1: title must be a text"),
        ("kind: gauge", "kind: dial", "panels.yml: panel 'Active keys': kind must be one of stat, "),
        ("kind: gauge", "gridPos: 1\n        kind: gauge", "panel 'Active keys': the field 'gridPos' is"),
        ("height: 6\n        alert", "alert", "panel 'Active keys': the field 'height' is missing"),
        ("width: 4", "width: 25", "panel 'Status': width must be a whole number from 1 to 24, not 25"),
        ("title: Calls\n", "title: Status\n", "panel 'Status': there are two panels of that title"),
        ("alert: keysActive", "alert: keys", "panel 'Active keys': there is no value 'keys'; there are: e"),
        ("alert: keysActive", "alert: down", "panel 'Active keys': the alert down has a panel already, 'St"),
        ("stack: true", "stack: true\n        scale: 2", "panel 'Calls': scale is for a panel with an ale"),
        ("alert: down", "alert: down\n        thresholds: [{color: red}]", "beside its alert's"),
        ("kind: gauge", "kind: gauge\n        stack: true", "only a timeseries can be stacked"),
        ("min: 0", "min: low", "panel 'Failing calls': min must be a number, not 'low'"),
        ('"1": {text', '"up": {text', "panel 'Status': mapping 'up' is not of a number"),
        ("{color: green}, ", "", "panel 'Busiest models': the first threshold is from the bottom up"),
        ("value: 20.5", "value: 4", "panel 'Busiest models': the thresholds do not rise"),
        ("[5m])\", legend: failed", "[$__rate_interval])\", legend: failed", "that only Grafana knows"),
        ("topk(3, toy_calls_total)", "topk(3, toy_calls_total", "panel 'Busiest models': query 1: "),
        ("${errorRate.window}", "${errorRate.span}", "query 1: ${errorRate.span} is in no value"),
        ("[{expr: toy_keys, legend: keys}]", "[]", "panel 'Active keys': queries must be a list that is"),
        ("expr: toy_keys", "query: toy_keys", "panel 'Active keys': query 1: the field 'expr' is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(old: str, new: str, complaint: str) -> None:
    """What is missing, unknown, twice there or not PromQL is refused in a sentence with file and panel."""
    assert old in PANELS
    with pytest.raises(BadInput) as caught:
        read_toy_panels(PANELS.replace(old, new))
    assert str(caught.value).startswith("panels.yml: ")
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_rule_that_compares_with_something_else_is_refused() -> None:
    """A threshold that its rule does not use would be drawn where nothing fires."""
    rules = [replace(rule, expr="toy_keys < 4") for rule in read_toy_rules() if rule.name == "ToyKeysFew"]
    others = [rule for rule in read_toy_rules() if rule.name != "ToyKeysFew"]
    with pytest.raises(BadInput, match="the rule of ToyKeysFew does not compare with 3 in one direction"):
        parse_panels(
            PANELS, system="toy", values=read_toy_values(), rules=[*rules, *others], name="panels.yml"
        )
    with pytest.raises(BadInput, match="there is no rule for ToyKeysFew"):
        parse_panels(PANELS, system="toy", values=read_toy_values(), rules=others, name="panels.yml")
