"""Panels: what a system's dashboard shows, as `panels.yml` states it, and what it showed in a run. Pure.

The file is `{title, uid, tags, links?: [{title, url}], rows: [{title, panels: […]}]}`. A panel has `title`,
`kind`, `unit` (Grafana's name of it), `width` of 24 columns, `height` and
`queries: [{expr, legend?, empty_when_healthy?}]`. It may have `stack`, `min`, `max`,
`mappings: {"1": {text, color}}`, and either `thresholds: [{color, value?}]` or `alert`, a key of values.yml
whose threshold it shows, times `scale`. `${key.window}` in an `expr` stands for that value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from alertdrill.core.rule import AlertRule, Labels
from alertdrill.errors import BadInput
from alertdrill.rules.promql.expressions import parse, render, split_threshold, walk
from alertdrill.rules.values import Values, fill

COLUMNS = 24
"""How wide Grafana's grid is."""
MAX_QUERIES = 12
KINDS = ("stat", "timeseries", "gauge", "piechart", "table", "bargauge", "heatmap")
GOOD, BAD = "green", "red"

_STEP_COLORS: Mapping[str, tuple[str, ...]] = {
    ">": (GOOD, BAD),
    ">=": (GOOD, BAD),
    "<": (BAD, GOOD),
    "<=": (BAD, GOOD),
    "==": (GOOD, BAD, GOOD),
    "!=": (BAD, GOOD, BAD),
}
_GRAFANA_VARIABLE = re.compile(r"\$[\w{]")
_LEGEND_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelQuery:
    """An expression in rule time; `legend` names its series, with labels as in `{{ model }}`.

    `empty_when_healthy` says why it returns nothing as long as all is well, if that is so.
    """

    expr: str
    legend: str
    empty_when_healthy: str | None = None

    def name_series(self, series: Sequence[Labels]) -> list[str]:
        """Return what series with these labels are called: as the legend does, if that tells them apart."""
        names = [_fill_legend(self.legend, labels) for labels in series]
        if self.legend and len(set(names)) == len(series):
            return names
        pairs = [", ".join(f"{name}={value}" for name, value in labels.items()) for labels in series]
        return [f"{name} {rest}".strip() or self.expr for name, rest in zip(names, pairs, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From `value` up, a panel's values have this colour; None: from the bottom."""

    color: str
    value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelThreshold:
    """The threshold of an alert as its panel shows it, `scale` times what the rule compares with.

    `op` is how it compares: `>`, `<=`, …
    """

    alert: str
    op: str
    value: float
    scale: float = 1.0

    def list_steps(self) -> tuple[Step, ...]:
        """Return the colours: bad on the side on which the alert fires.

        A step begins at its value, so on the edge itself `>` and `>=`, and `<` and `<=`, look the same. What
        is compared for equality is a state or a count: its neighbour is one away.
        """
        values = (None, self.value, self.value + 1)
        colors = zip(_STEP_COLORS[self.op], values, strict=False)
        return tuple(Step(color=color, value=value) for color, value in colors)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueName:
    """What a value is called, and in which colour."""

    text: str
    color: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel; `steps` are its colours, `threshold` is there if they are an alert's."""

    title: str
    kind: str
    unit: str
    width: int
    height: int
    queries: tuple[PanelQuery, ...]
    steps: tuple[Step, ...] = ()
    threshold: PanelThreshold | None = None
    mappings: Mapping[float, ValueName]
    stack: bool = False
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link from a dashboard to another page."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A system's dashboard; `uid` is the name under which Grafana keeps it."""

    system: str
    title: str
    uid: str
    tags: tuple[str, ...]
    links: tuple[Link, ...]
    rows: tuple[Row, ...]

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The panels of all rows."""
        return tuple(panel for row in self.rows for panel in row.panels)


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelCurve:
    """One series of a panel: (at_s, value) points; a stretch without a value is marked by one NaN."""

    legend: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelCurves:
    """What a panel showed over a run.

    `left_out` counts the series that were too many; `trouble` says why a query could not be asked, if so.
    """

    dashboard: Dashboard
    panel: Panel
    curves: tuple[PanelCurve, ...]
    left_out: int = 0
    trouble: str | None = None


def _fill_legend(legend: str, labels: Labels) -> str:
    return _LEGEND_LABEL.sub(lambda found: labels.get(found.group(1), ""), legend)


def parse_panels(
    text: str, *, system: str, values: Values, rules: Iterable[AlertRule], name: str
) -> Dashboard:
    """Return the dashboard that a file's text states, with the thresholds of these values and rules.

    `name` is what messages call the file. Raises BadInput for what is missing, unknown or stated twice.
    """
    try:
        document = _load(text)
    except YAMLError as error:
        raise BadInput(f"{name}: not YAML: {' '.join(str(error).split())}") from error
    return _Reader(name, values, {rule.name: rule for rule in rules}).read(document, system)


@lru_cache(maxsize=8)
def _load(text: str) -> Any:
    """Return what a file's text states, which nobody changes: reading it again would take the longest."""
    return YAML(typ="safe", pure=True).load(text)


class _Reader:
    """Reads one file; every complaint names it and the panel."""

    def __init__(self, name: str, values: Values, rules: Mapping[str, AlertRule]) -> None:
        self._name = name
        self._values = values
        self._rules = rules
        self._titles: set[str] = set()
        self._alerts: dict[str, str] = {}

    def read(self, document: Any, system: str) -> Dashboard:
        """Return the dashboard. Raises BadInput."""
        node = _claim(document, self._name, ("title", "uid", "tags", "rows"), ("links",))
        return Dashboard(
            system=system,
            title=_read_text(node["title"], f"{self._name}: title"),
            uid=_read_text(node["uid"], f"{self._name}: uid"),
            tags=tuple(
                _read_text(tag, f"{self._name}: a tag")
                for tag in _read_list(node["tags"], f"{self._name}: tags")
            ),
            links=tuple(self._read_links(node["links"])) if "links" in node else (),
            rows=tuple(self._read_rows(node["rows"])),
        )

    def _read_links(self, nodes: Any) -> Iterator[Link]:
        for node in _read_list(nodes, f"{self._name}: links"):
            where = f"{self._name}: a link"
            link = _claim(node, where, ("title", "url"))
            yield Link(title=_read_text(link["title"], where), url=_read_text(link["url"], where))

    def _read_rows(self, nodes: Any) -> Iterator[Row]:
        for number, node in enumerate(_read_list(nodes, f"{self._name}: rows"), start=1):
            where = f"{self._name}: row {number}"
            row = _claim(node, where, ("title", "panels"))
            title = _read_text(row["title"], f"{where}: title")
            where = f"{self._name}: row {title!r}"
            panels = _read_list(row["panels"], f"{where}: panels")
            yield Row(
                title=title,
                panels=tuple(
                    self._read_panel(panel, f"{where}, panel {place}")
                    for place, panel in enumerate(panels, start=1)
                ),
            )

    def _read_panel(self, node: Any, where: str) -> Panel:
        required = ("title", "kind", "unit", "width", "height", "queries")
        optional = ("stack", "alert", "scale", "thresholds", "mappings", "min", "max")
        title = _read_text(node.get("title"), f"{where}: title") if isinstance(node, dict) else ""
        where = f"{self._name}: panel {title!r}" if title else where
        panel = _claim(node, where, required, optional)
        if title in self._titles:
            raise BadInput(f"{where}: there are two panels of that title")
        self._titles.add(title)
        if panel["kind"] not in KINDS:
            raise BadInput(f"{where}: kind must be one of {', '.join(KINDS)}, not {panel['kind']!r}")
        if "alert" in panel and "thresholds" in panel:
            raise BadInput(f"{where}: it states thresholds beside its alert's")
        if "scale" in panel and "alert" not in panel:
            raise BadInput(f"{where}: scale is for a panel with an alert")
        threshold = self._read_threshold(panel, where) if "alert" in panel else None
        steps = tuple(_read_steps(panel["thresholds"], where)) if "thresholds" in panel else ()
        stack = panel.get("stack", False)
        if not isinstance(stack, bool) or (stack and panel["kind"] != "timeseries"):
            raise BadInput(f"{where}: stack must be true or false, and only a timeseries can be stacked")
        return Panel(
            title=title,
            kind=panel["kind"],
            unit=_read_text(panel["unit"], f"{where}: unit"),
            width=_read_size(panel["width"], f"{where}: width"),
            height=_read_size(panel["height"], f"{where}: height"),
            queries=tuple(self._read_queries(panel["queries"], where)),
            steps=threshold.list_steps() if threshold else steps,
            threshold=threshold,
            mappings=_read_mappings(panel.get("mappings", {}), where),
            stack=stack,
            minimum=_read_number(panel["min"], f"{where}: min") if "min" in panel else None,
            maximum=_read_number(panel["max"], f"{where}: max") if "max" in panel else None,
        )

    def _read_threshold(self, panel: Mapping[str, Any], where: str) -> PanelThreshold:
        key = _read_text(panel["alert"], f"{where}: alert")
        if key not in self._values.alerts:
            raise BadInput(f"{where}: there is no value {key!r}; there are: {', '.join(self._values.alerts)}")
        if key in self._alerts:
            raise BadInput(f"{where}: the alert {key} has a panel already, {self._alerts[key]!r}")
        self._alerts[key] = panel["title"]
        scale = _read_number(panel.get("scale", 1), f"{where}: scale")
        alert, value = self._values[key].alert, self._values[key].threshold
        if alert not in self._rules:
            raise BadInput(f"{where}: there is no rule for {alert}")
        ops = _find_operators(self._rules[alert].expr, value)
        if len(ops) != 1:
            raise BadInput(f"{where}: the rule of {alert} does not compare with {value:g} in one direction")
        # 0.07 * 100 is 7.000000000000001; what Prometheus compares has no more digits than this.
        scaled = float(f"{value * scale:.12g}")
        return PanelThreshold(alert=alert, op=ops.pop(), value=scaled, scale=scale)

    def _read_queries(self, nodes: Any, where: str) -> Iterator[PanelQuery]:
        if len(_read_list(nodes, f"{where}: queries")) > MAX_QUERIES:
            raise BadInput(f"{where}: it has more than {MAX_QUERIES} queries")
        for number, node in enumerate(nodes, start=1):
            place = f"{where}: query {number}"
            query = _claim(node, place, ("expr",), ("legend", "empty_when_healthy"))
            reason = query.get("empty_when_healthy")
            yield PanelQuery(
                expr=self._read_expr(query["expr"], place),
                legend=_read_text(query["legend"], f"{place}: legend") if "legend" in query else "",
                empty_when_healthy=None
                if reason is None
                else _read_text(reason, f"{place}: empty_when_healthy"),
            )

    def _read_expr(self, value: Any, where: str) -> str:
        expr = fill(_read_text(value, f"{where}: expr"), self._values, where).strip()
        if found := _GRAFANA_VARIABLE.search(expr):
            raise BadInput(f"{where}: {expr[found.start() :][:20]!r} is a variable that only Grafana knows")
        try:
            parse(expr)
        except BadInput as error:
            raise BadInput(f"{where}: {error}") from error
        return expr


def _find_operators(expr: str, threshold: float) -> set[str]:
    """Return how an expression, or parts of it, compare with this number."""
    splits = (split_threshold(render(node)) for node in walk(parse(expr)))
    return {split[1] for split in splits if split is not None and math.isclose(split[2], threshold)}


def _read_steps(nodes: Any, where: str) -> Iterator[Step]:
    before = -math.inf
    for number, node in enumerate(_read_list(nodes, f"{where}: thresholds")):
        step = _claim(node, f"{where}: a threshold", ("color",), ("value",))
        if ("value" in step) != (number > 0):
            raise BadInput(f"{where}: the first threshold is from the bottom up, all others have a value")
        value = _read_number(step["value"], f"{where}: a threshold's value") if "value" in step else None
        if value is not None and value <= before:
            raise BadInput(f"{where}: the thresholds do not rise")
        before = before if value is None else value
        yield Step(color=_read_text(step["color"], f"{where}: a threshold's color"), value=value)


def _read_mappings(node: Any, where: str) -> dict[float, ValueName]:
    if not isinstance(node, dict):
        raise BadInput(f"{where}: mappings must be an object")
    mappings = {}
    for key, entry in node.items():
        named = _claim(entry, f"{where}: mapping {key!r}", ("text", "color"))
        try:
            value = float(key)
        except ValueError:
            raise BadInput(f"{where}: mapping {key!r} is not of a number") from None
        mappings[value] = ValueName(
            text=_read_text(named["text"], f"{where}: mapping {key!r}: text"),
            color=_read_text(named["color"], f"{where}: mapping {key!r}: color"),
        )
    return mappings


def _claim(node: Any, where: str, required: Iterable[str], optional: Iterable[str] = ()) -> Mapping[str, Any]:
    """Return an object that has all required fields, and none beside these and the optional ones."""
    if not isinstance(node, dict):
        raise BadInput(f"{where}: must be an object")
    for field in required:
        if field not in node:
            raise BadInput(f"{where}: the field {field!r} is missing")
    for field in node:
        if field not in {*required, *optional}:
            raise BadInput(f"{where}: the field {field!r} is unknown")
    return cast(Mapping[str, Any], node)


def _read_list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise BadInput(f"{where} must be a list that is not empty")
    return value


def _read_text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadInput(f"{where} must be a text")
    return value


def _read_number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"{where} must be a number, not {value!r}")
    return float(value)


def _read_size(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= COLUMNS:
        raise BadInput(f"{where} must be a whole number from 1 to {COLUMNS}, not {value!r}")
    return value
