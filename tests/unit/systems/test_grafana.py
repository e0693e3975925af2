"""The dashboards that Grafana imports: complete, without overlaps, always the same for the same panels."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import dashboard as models
from support.panel_files import PANELS, RULES, VALUES, read_toy_panels

from alertdrill.rules.panels import KINDS, Dashboard
from alertdrill.systems import System, find_systems
from alertdrill.systems.catalogue import read_dashboard, read_values, render_system_rules
from alertdrill.systems.grafana import render
from alertdrill.systems.grafana.__main__ import main as write_all

SYSTEMS = [system for system in find_systems() if system.panels_path.exists()]


@pytest.fixture(params=[None, *SYSTEMS], ids=lambda system: system.name if system else "toy")
def dashboard(request: pytest.FixtureRequest) -> Dashboard:
    """Return a dashboard: the toy system's, which has every kind of panel, and each real one."""
    system: System | None = request.param
    return read_toy_panels() if system is None else read_dashboard(system, read_values(system))


@pytest.fixture
def drawn(dashboard: Dashboard) -> dict[str, Any]:
    """Return what Grafana imports."""
    loaded: dict[str, Any] = json.loads(render(dashboard))
    return loaded


def list_drawn(drawn: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels without the rows."""
    return [panel for panel in drawn["panels"] if panel["type"] != "row"]


def test_the_toy_system_has_every_kind() -> None:
    """No kind of panel goes untested."""
    assert {panel.kind for panel in read_toy_panels().panels} == set(KINDS)


def test_head_is_kept(dashboard: Dashboard, drawn: dict[str, Any]) -> None:
    """Title, uid, tags, links and row titles are those of the file."""
    assert (drawn["title"], drawn["uid"]) == (dashboard.title, dashboard.uid)
    assert drawn["tags"] == list(dashboard.tags)
    assert [(link["title"], link["url"]) for link in drawn.get("links", [])] == [
        (link.title, link.url) for link in dashboard.links
    ]
    assert [panel["title"] for panel in drawn["panels"] if panel["type"] == "row"] == [
        row.title for row in dashboard.rows
    ]


def test_panels_and_queries_are_kept(dashboard: Dashboard, drawn: dict[str, Any]) -> None:
    """Each panel has its title, kind, unit and queries, in order."""
    for panel, found in zip(dashboard.panels, list_drawn(drawn), strict=True):
        assert (found["title"], found["type"]) == (panel.title, panel.kind)
        assert found["fieldConfig"]["defaults"]["unit"] == panel.unit
        assert [target["expr"] for target in found["targets"]] == [query.expr for query in panel.queries]
        letters = [target["refId"] for target in found["targets"]]
        assert len(set(letters)) == len(letters)
        legends = [query.legend or "__auto" for query in panel.queries]
        assert [target["legendFormat"] for target in found["targets"]] == legends


def test_every_target_asks_the_chosen_datasource(drawn: dict[str, Any]) -> None:
    """There is one variable for the datasource, and every panel and target uses it."""
    (variable,) = drawn["templating"]["list"]
    assert (variable["type"], variable["query"]) == ("datasource", "prometheus")
    wanted = {"type": "prometheus", "uid": f"${{{variable['name']}}}"}
    for panel in list_drawn(drawn):
        assert panel["datasource"] == wanted
        assert [target["datasource"] for target in panel["targets"]] == [wanted] * len(panel["targets"])


def test_thresholds_are_the_values(dashboard: Dashboard, drawn: dict[str, Any]) -> None:
    """Where a panel has colours, Grafana has the same steps; an alert's turn red at its threshold."""
    for panel, found in zip(dashboard.panels, list_drawn(drawn), strict=True):
        thresholds = found["fieldConfig"]["defaults"].get("thresholds", {"steps": []})
        steps = [(step["color"], step["value"]) for step in thresholds["steps"]]
        assert steps == [(step.color, step.value) for step in panel.steps]
        if panel.threshold is not None:
            assert panel.threshold.value in {value for _, value in steps}
            assert panel.threshold.alert in found["description"]


def test_ids_are_unique(drawn: dict[str, Any]) -> None:
    """Rows and panels are numbered without a gap."""
    assert [panel["id"] for panel in drawn["panels"]] == list(range(1, len(drawn["panels"]) + 1))


def test_nothing_overlaps(drawn: dict[str, Any]) -> None:
    """Every row and panel has a place of its own within the 24 columns."""
    places = [panel["gridPos"] for panel in drawn["panels"]]
    for place in places:
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= 24
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        over = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or over, (one, other)


def test_the_same_panels_give_the_same_text(dashboard: Dashboard) -> None:
    """Nothing in the text depends on when or where it was made."""
    assert render(dashboard) == render(dashboard)


def test_what_is_stacked_and_named_is_so_in_grafana() -> None:
    """Stacking, named values and bounds reach Grafana."""
    panels = {panel["title"]: panel for panel in list_drawn(json.loads(render(read_toy_panels(PANELS))))}
    stacking = panels["Calls"]["fieldConfig"]["defaults"]["custom"]["stacking"]
    assert stacking["mode"] == "normal"
    assert "stacking" not in panels["Failing calls"]["fieldConfig"]["defaults"]["custom"]
    (mapping,) = panels["Status"]["fieldConfig"]["defaults"]["mappings"]
    assert mapping["options"]["0"]["text"] == "DOWN"
    bounds = panels["Failing calls"]["fieldConfig"]["defaults"]
    assert (bounds["min"], bounds["max"]) == (0, 100)
    formats = {target["format"] for target in panels["Calls by model"]["targets"]}
    assert formats == {"table"}


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_the_committed_dashboard_is_what_make_generate_writes(system: System) -> None:
    """`dashboard.json` is that of the panels and values beside it, byte for byte."""
    committed = system.dashboard_path.read_text(encoding="utf-8")
    assert committed == render(read_dashboard(system, read_values(system)))


@pytest.mark.parametrize("system", find_systems(), ids=lambda system: system.name)
def test_the_committed_rules_are_what_make_generate_writes(system: System) -> None:
    """`rules.yml` is the template with the values beside it and every alert on, byte for byte."""
    committed = system.rules_path.read_text(encoding="utf-8")
    assert committed == render_system_rules(system, read_values(system))


def test_make_generate_writes_both_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`python -m alertdrill.systems.grafana` writes a system's rules, every alert on, and its dashboard."""
    for name, text in {"values.yml": VALUES, "rules.tmpl.yml": RULES, "panels.yml": PANELS}.items():
        (tmp_path / name).write_text(text)
    toy = replace(find_systems()[0], name="toy", folder=tmp_path)
    monkeypatch.setattr("alertdrill.systems.grafana.__main__.find_own", lambda: (toy,))
    monkeypatch.setattr("sys.argv", ["grafana"])
    write_all()
    assert "toy_keys < 3" in (tmp_path / "rules.yml").read_text()
    assert (tmp_path / "dashboard.json").read_text() == render(read_toy_panels())
    assert capsys.readouterr().out.split() == [str(toy.rules_path), str(toy.dashboard_path)]


def test_grafanas_own_reader_understands_all_of_it(dashboard: Dashboard, drawn: dict[str, Any]) -> None:
    """Read by Grafana's SDK and written again, it is the same: nothing is misspelt or in the wrong place."""
    register_default_plugins()
    read = json.loads(JSONEncoder().encode(models.Dashboard.from_json(json.loads(render(dashboard)))))
    for panel in list_drawn(read):
        if panel["fieldConfig"]["defaults"].get("custom") == {}:
            del panel["fieldConfig"]["defaults"]["custom"]
    assert read == drawn
