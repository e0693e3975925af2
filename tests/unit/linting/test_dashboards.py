"""Tests of reading Grafana's dashboards."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest

from alertdrill.errors import BadInput
from alertdrill.linting.dashboards import LintedDashboard, read_dashboard
from alertdrill.linting.linter import lint
from alertdrill.linting.surroundings import Known, find_nodes
from alertdrill.rules.files import parse_rules
from alertdrill.systems import System, find_own

PANEL = {"title": "A", "targets": [{"expr": "up"}]}


@pytest.mark.parametrize(
    "document",
    [
        {"panels": [PANEL]},
        {"panels": [{"type": "row", "panels": [PANEL]}]},
        {"rows": [{"panels": [PANEL]}]},
        {"dashboard": {"panels": [PANEL]}, "meta": {}},
    ],
    ids=["panels", "row", "old rows", "of the API"],
)
def test_panels_are_found_wherever_they_stand(document: object) -> None:
    """Rows, old rows and what Grafana's API answers are looked into."""
    (panel,) = read_dashboard(json.dumps(document), "a.json").panels
    assert (panel.title, [query.filled for query in panel.queries]) == ("A", ["up"])


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"panels": 3}', "[" * 200], ids=repr)
def test_what_is_no_dashboard_is_refused_by_name(text: str) -> None:
    """The file's name and what was missed are said."""
    with pytest.raises(BadInput, match=r"^a\.json: (not JSON|no dashboard)"):
        read_dashboard(text, "a.json")


@pytest.mark.parametrize(
    "panel",
    [
        {"targets": 3},
        {"targets": [3, {"expr": 3}]},
        {"targets": [{"expr": "up"}], "fieldConfig": 3},
        3,
        {"title": 3},
    ],
    ids=repr,
)
def test_odd_panels_are_passed_over(panel: object) -> None:
    """A field of another kind than Grafana's ends in no error."""
    assert all(one.steps == () for one in read_dashboard(json.dumps({"panels": [panel]}), "a.json").panels)


def test_what_only_grafana_reads_is_told() -> None:
    """A query whose variable names a metric is left out, and known."""
    dashboard = read_dashboard(
        json.dumps({"panels": [{"targets": [{"expr": "rate($metric[5m])"}]}]}), "a.json"
    )
    assert dashboard.unread == ("rate($metric[5m])",)


@pytest.mark.parametrize("system", find_own(), ids=lambda system: system.name)
def test_the_houses_dashboards_agree_with_their_alerts(system: System) -> None:
    """Each panel of an alert shows its threshold; another threshold in the rules is found."""
    dashboard = read_dashboard(system.dashboard_path.read_text(), "dashboard.json")
    text = system.rules_path.read_text()
    assert dashboard.unread == ()
    assert list_found(dashboard, text) == set()
    assert list_found(dashboard, re.sub(r"(> |>= )(?=[1-9])", r"\g<1>7", text)) == {"panel-threshold"}


def list_found(dashboard: LintedDashboard, rules: str) -> set[str]:
    """Return which checks find something in a dashboard, beside rules."""
    files = (find_nodes(parse_rules(rules, "rules.yml"), rules),)
    found = lint(Known(files=files, dashboards=(dashboard,)), date(2026, 11, 30))
    return {one.check for one in found if one.file == dashboard.name}
