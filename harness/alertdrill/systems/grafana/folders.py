"""The dashboard of a project's folder: its panels, and the thresholds that its rules have."""

from __future__ import annotations

from pathlib import Path

from alertdrill.core.rule import AlertRule
from alertdrill.rules.files import read_rules
from alertdrill.rules.panels import Dashboard, parse_panels
from alertdrill.rules.promql.expressions import split_threshold
from alertdrill.rules.values import AlertValues, Values
from alertdrill.runtime.paths import shorten
from alertdrill.systems.system import read_text

PANELS, RULES, DASHBOARD = "panels.yml", "rules.yml", "dashboard.json"


def read_folder_dashboard(folder: Path) -> Dashboard:
    """Return what `panels.yml` of a folder states; raises BadInput.

    A panel's `alert` is the name of an alert in `rules.yml` beside it, whose threshold it shows.
    """
    rules = read_rules(shorten(folder / RULES)).alerts
    return parse_panels(
        read_text(folder / PANELS),
        system=folder.name,
        values=Values(enabled=True, alerts={rule.name: _find_values(rule) for rule in rules}),
        rules=rules,
        name=str(shorten(folder / PANELS)),
    )


def _find_values(rule: AlertRule) -> AlertValues:
    split = split_threshold(rule.expr)
    settings = {} if split is None else {"threshold": repr(split[2])}
    return AlertValues(key=rule.name, alert=rule.name, enabled=True, settings=settings)
