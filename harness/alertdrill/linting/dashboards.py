"""Grafana's dashboards as lint reads them: panels, what they ask Prometheus, and where they turn red. Pure.

The JSON is what Grafana exports, with or without `{"dashboard": …}` around it:
https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/. Of older
dashboards, rows with panels and thresholds of graphs are read, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alertdrill.errors import BadInput
from alertdrill.linting.grafana_variables import Filled, fill
from alertdrill.rules.promql.expressions import parse
from alertdrill.runtime.nesting import load_json

_EXPR = re.compile(r'"expr"\s*:\s*("(?:[^"\\]|\\.)*")')
_COLORED = {"stat", "gauge", "bargauge"}
"""Kinds of panels that colour by their thresholds unless they say otherwise."""
_OTHER_SOURCES = ("loki", "tempo", "influx", "elasticsearch", "graphite", "cloudwatch", "mysql", "postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelQuery:
    """A query of a panel; `start` is where it begins in the file, `filled` has no variables of Grafana's."""

    start: int
    written: str
    filling: Filled

    @property
    def filled(self) -> str:
        """The expression that Prometheus would be asked."""
        return self.filling.text

    def find_index(self, offset: int) -> int:
        """Return where a character of the expression stands in the file."""
        wanted, at = self.filling.find_offset(offset), 1
        for _ in range(wanted):
            if at >= len(self.written) - 1:
                break
            at += 1 if self.written[at] != "\\" else 6 if self.written[at + 1] == "u" else 2
        return self.start + at


@dataclass(frozen=True, slots=True, kw_only=True)
class LintedPanel:
    """A panel with the queries that can be read, and the values from which its colours change."""

    title: str
    queries: tuple[PanelQuery, ...]
    steps: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LintedDashboard:
    """A dashboard's file; `unread` are the queries that only Grafana understands."""

    name: str
    source: str
    panels: tuple[LintedPanel, ...]
    unread: tuple[str, ...]


def read_dashboard(text: str, name: str) -> LintedDashboard:
    """Return what a file called `name` states. Raises BadInput for what is no dashboard."""
    try:
        document = load_json(text)
    except ValueError as error:
        raise BadInput(f"{name}: not JSON: {error}; export the dashboard from Grafana as JSON") from error
    if isinstance(document, dict) and isinstance(document.get("dashboard"), dict):
        document = document["dashboard"]
    if not isinstance(document, dict) or not isinstance(document.get("panels", document.get("rows")), list):
        raise BadInput(f"{name}: no dashboard of Grafana: it has no list of `panels`")
    places = _find_places(text)
    panels, unread = [], []
    for node in _list_panels(document):
        queries = []
        for expr in _list_exprs(node):
            if not places.get(expr):
                continue
            start, written = places[expr].pop(0)
            filling = fill(expr)
            if filling is None or not _is_promql(filling.text):
                unread.append(expr)
            else:
                queries.append(PanelQuery(start=start, written=written, filling=filling))
        title = node.get("title")
        title = title if isinstance(title, str) and title else "panel without a title"
        panels.append(LintedPanel(title=title, queries=tuple(queries), steps=tuple(_list_steps(node))))
    return LintedDashboard(name=name, source=text, panels=tuple(panels), unread=tuple(unread))


def _find_places(text: str) -> dict[str, list[tuple[int, str]]]:
    """Return where each expression stands, in order, with what is written there."""
    places: dict[str, list[tuple[int, str]]] = {}
    for found in _EXPR.finditer(text):
        places.setdefault(json.loads(found.group(1), strict=False), []).append(
            (found.start(1), found.group(1))
        )
    return places


def _list_panels(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the panels of a dashboard or of a row, those below others too."""
    for key in ("panels", "rows"):
        below = node.get(key)
        for one in below if isinstance(below, list) else ():
            if isinstance(one, dict):
                yield from [one] if isinstance(one.get("targets"), list) else []
                yield from _list_panels(one)


def _list_exprs(panel: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a panel asks Prometheus."""
    for target in panel["targets"]:
        expr = target.get("expr") if isinstance(target, dict) else None
        if not isinstance(expr, str) or not expr.strip():
            continue
        source = target.get("datasource") or panel.get("datasource")
        kind = source.get("type") if isinstance(source, dict) else source
        if not any(other in str(kind).lower() for other in _OTHER_SOURCES):
            yield expr


def _is_promql(expr: str) -> bool:
    try:
        parse(expr)
    except BadInput:
        return False
    return True


def _list_steps(panel: Mapping[str, Any]) -> Iterator[float]:
    """Yield the values from which a panel shows another colour, if it shows any and all series share them."""
    config = panel.get("fieldConfig")
    defaults = config.get("defaults") if isinstance(config, dict) else None
    stated = panel.get("thresholds") if panel.get("type") == "graph" else None
    if isinstance(config, dict) and isinstance(defaults, dict) and stated is None:
        thresholds = defaults.get("thresholds")
        if not isinstance(thresholds, dict) or thresholds.get("mode") == "percentage":
            return
        if '"thresholds"' in json.dumps(config.get("overrides")) or not _shows_steps(panel, defaults):
            return
        stated = thresholds.get("steps")
    for step in stated if isinstance(stated, list) else ():
        value = step.get("value") if isinstance(step, dict) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield float(value)


def _shows_steps(panel: Mapping[str, Any], defaults: Mapping[str, Any]) -> bool:
    """Say whether thresholds are seen: Grafana writes some to panels that never show them."""
    color, custom = defaults.get("color"), defaults.get("custom")
    mode = color.get("mode") if isinstance(color, dict) else None
    style = custom.get("thresholdsStyle") if isinstance(custom, dict) else None
    is_drawn = isinstance(style, dict) and style.get("mode", "off") != "off"
    return is_drawn or mode == "thresholds" or (mode is None and panel.get("type") in _COLORED)
