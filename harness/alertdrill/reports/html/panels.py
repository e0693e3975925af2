"""What the systems' dashboards showed over the run, as data: axes and words are worked out here. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from alertdrill.reports import RunRecord
from alertdrill.reports.html.heatmap import count_cells, is_histogram, say_darkest
from alertdrill.reports.html.packing import pack
from alertdrill.reports.html.units import find_base, say_value
from alertdrill.rules.panels import Panel, PanelCurve, PanelCurves, PanelThreshold

TICKS = 5
HEADROOM = 1.08
DIGITS = 3
"""Of a panel's values: its chart is small, and what is read exactly stands in words beside it."""

Data = dict[str, Any]
Points = Sequence[tuple[float, float]]


def describe_dashboards(record: RunRecord) -> list[Data]:
    """Return a dashboard for each system, its panels in rows."""
    dashboards = []
    for system, group in groupby(record.panels, key=lambda shown: shown.dashboard.system):
        by_title = {shown.panel.title: shown for shown in group}
        dashboard = next(iter(by_title.values())).dashboard
        dashboards.append(
            {
                "system": system,
                "title": dashboard.title,
                "rows": [
                    {
                        "title": row.title,
                        "panels": [
                            describe_panel(by_title[panel.title], record.timeline.until_s)
                            for panel in row.panels
                        ],
                    }
                    for row in dashboard.rows
                ],
            }
        )
    return dashboards


def describe_panel(shown: PanelCurves, until_s: float) -> Data:
    """Return a panel; `curves` are stacked already where it stacks them, `cells` are those of a histogram."""
    panel = shown.panel
    data: Data = {
        "title": panel.title,
        "alert": panel.threshold.alert if panel.threshold else "",
        "remarks": list(_remarks(shown)),
    }
    if not shown.curves:
        return data
    if is_histogram(shown):
        cells, bounds = count_cells(shown, until_s)
        ticks = [[row + 1, say_value(bound, panel.unit)] for row, bound in enumerate(bounds)]
        return (
            data
            | {"cells": cells, "ticks": ticks, "low": 0, "high": len(bounds)}
            | {"remarks": [say_darkest(shown, until_s), *data["remarks"]]}
        )
    return data | _curves(shown, panel)


def find_unit(panel: Panel) -> str:
    """Return the unit of a panel's values; a heatmap's own is that of its buckets, which are counted here."""
    return "short" if panel.kind == "heatmap" else panel.unit


def say_curve(curve: PanelCurve, unit: str) -> str:
    """Say which series it is, its highest and its last value."""
    values = [value for _, value in curve.points if not math.isnan(value)]
    if not values:
        return f"{curve.legend}: not a number"
    return f"{curve.legend}: max {say_value(max(values), unit)}, last {say_value(values[-1], unit)}"


def _curves(shown: PanelCurves, panel: Panel) -> Data:
    unit = find_unit(panel)
    lines = _stack(shown.curves) if panel.stack else [curve.points for curve in shown.curves]
    low, high = _choose_range(lines, panel.threshold)
    names = {value: name.text for value, name in panel.mappings.items() if low <= value <= high}
    ticks = names or {value: say_value(value, unit) for value in _list_ticks(low, high, unit)}
    return {
        "stack": panel.stack,
        "low": low,
        "high": high,
        "ticks": [[value, words] for value, words in ticks.items()],
        "thresholds": [
            {
                "value": panel.threshold.value,
                "says": f"{panel.threshold.op} {say_value(panel.threshold.value, unit)}",
            }
        ]
        if panel.threshold
        else [],
        "curves": [
            {"says": say_curve(curve, unit), "points": pack(points, DIGITS)}
            for curve, points in zip(shown.curves, lines, strict=True)
        ],
    }


def _stack(curves: Sequence[PanelCurve]) -> list[Points]:
    """Put each series on those before it; one that has no value at an instant adds nothing there."""
    instants = sorted({at_s for curve in curves for at_s, value in curve.points if math.isfinite(value)})
    heights = dict.fromkeys(instants, 0.0)
    stacked: list[Points] = []
    for curve in curves:
        for at_s, value in curve.points:
            if math.isfinite(value):
                heights[at_s] += value
        stacked.append(tuple(heights.items()))
    return stacked


def _choose_range(lines: Sequence[Points], threshold: PanelThreshold | None) -> tuple[float, float]:
    finite = [value for points in lines for _, value in points if math.isfinite(value)]
    finite += [] if threshold is None else [threshold.value]
    low, high = min(0.0, *finite, 0.0), max(0.0, *finite, 0.0)
    if low == high:
        high = low + 1.0
    return low * HEADROOM, high * HEADROOM


def _list_ticks(low: float, high: float, unit: str) -> list[float]:
    """Return round numbers on the axis, about `TICKS` of them."""
    span = high - low
    base = find_base(unit)
    power = base ** math.floor(math.log(span, base)) if base == 1024.0 and span >= 1 else 1.0
    rough = span / power / TICKS
    ten = 10.0 ** math.floor(math.log10(rough))
    step = next(step for step in (ten, 2 * ten, 5 * ten, 10 * ten) if step >= rough * 0.999) * power
    return [step * index for index in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _remarks(shown: PanelCurves) -> Iterator[str]:
    if shown.trouble:
        yield f"It could not be asked: {shown.trouble}"
    elif not shown.curves:
        reasons = [query.empty_when_healthy for query in shown.panel.queries if query.empty_when_healthy]
        yield f"No data in this run: {'; '.join(reasons)}." if reasons else "No data in this run."
    if shown.left_out:
        yield f"{shown.left_out} more series with lower values are left out."
