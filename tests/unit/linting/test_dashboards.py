"""Tests of reading Grafana's dashboards."""

from __future__ import annotations

import json

import pytest

from alertdrill.errors import BadInput
from alertdrill.linting.dashboards import read_dashboard

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
