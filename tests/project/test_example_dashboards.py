"""The examples' dashboards: made of their panels, red where rules fire, with data on the recordings."""

from __future__ import annotations

import json

import pytest
from support.example_projects import EXAMPLES

from alertdrill.recording.files import read_recording
from alertdrill.recording.replay.replay import replay
from alertdrill.rules.files import parse_rules, read_rules
from alertdrill.rules.panels import Dashboard
from alertdrill.runtime.binaries import Engines
from alertdrill.systems.grafana import render
from alertdrill.systems.grafana.folders import DASHBOARD, RULES, read_folder_dashboard

EACH_EXAMPLE = pytest.mark.parametrize("name", ["litellm", "nightly", "sglang-router"])


def list_queries(dashboard: Dashboard) -> list[str]:
    """Return the expressions of all panels."""
    return [query.expr for panel in dashboard.panels for query in panel.queries]


@EACH_EXAMPLE
def test_the_dashboard_is_what_its_panels_make(name: str) -> None:
    """`make generate` writes it."""
    folder = EXAMPLES / name
    assert (folder / DASHBOARD).read_text() == render(read_folder_dashboard(folder))


@EACH_EXAMPLE
def test_each_alert_has_the_panel_that_turns_red_where_it_fires(name: str) -> None:
    """Each one has one, whose first query is what its rule compares with the threshold."""
    folder = EXAMPLES / name
    panels = [panel for panel in read_folder_dashboard(folder).panels if panel.threshold is not None]
    rules = {rule.name: rule.expr for rule in read_rules(folder / RULES).alerts}
    shown = {panel.threshold.alert: panel for panel in panels if panel.threshold is not None}
    assert shown.keys() == rules.keys()
    assert len(panels) == len(rules)
    for alert, panel in shown.items():
        threshold = panel.threshold
        assert threshold is not None
        compared = "".join(rules[alert].split())
        assert compared == "".join(f"{panel.queries[0].expr} {threshold.op} {threshold.value:g}".split())


@EACH_EXAMPLE
def test_each_query_has_a_value_on_the_recording(name: str, engines: Engines) -> None:
    """A metric, a label or a value that is misspelt shows nothing."""
    folder = EXAMPLES / name
    queries = list_queries(read_folder_dashboard(folder))
    rules = [{"alert": f"Q{number}", "expr": f"({expr}) > -Inf"} for number, expr in enumerate(queries)]
    interval_s = read_rules(folder / RULES).alerts[0].interval_s
    group = {"name": "queries", "interval": f"{interval_s:g}s", "rules": rules}
    text = json.dumps({"groups": [group]})
    recording = read_recording(folder / "recordings" / "run.om.gz")
    replayed = replay(recording, [parse_rules(text, "queries.yml")], engines.promtool)
    seen = {event.alert for event in replayed.timeline.events if event.kind == "firing"}
    assert [expr for number, expr in enumerate(queries) if f"Q{number}" not in seen] == []
