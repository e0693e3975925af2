"""A histogram over rule time as cells: what was between two bounds, in a stretch of the run. Pure."""

from __future__ import annotations

import math

from alertdrill.reports.html.units import say_value
from alertdrill.rules.panels import PanelCurve, PanelCurves

COLUMNS = 73

Cells = list[list[float]]
"""Rows from the lowest bucket up, each with a value for every column."""


def is_histogram(shown: PanelCurves) -> bool:
    """Return whether the panel's series are the buckets of a histogram, each named by its upper bound."""
    try:
        return shown.panel.kind == "heatmap" and not any(
            math.isnan(float(curve.legend)) for curve in shown.curves
        )
    except ValueError:
        return False


def count_cells(shown: PanelCurves, until_s: float) -> tuple[Cells, list[float]]:
    """Return what each bucket holds beyond the one below it (Prometheus's are cumulative), and its bound."""
    cells: Cells = []
    below = [0.0] * COLUMNS
    buckets = _sort(shown)
    for bucket in buckets:
        columns: list[list[float]] = [[] for _ in range(COLUMNS)]
        for at_s, value in bucket.points:
            if math.isfinite(value):
                columns[min(COLUMNS - 1, max(0, int(at_s / until_s * COLUMNS)))].append(value)
        means = [sum(values) / len(values) if values else 0.0 for values in columns]
        cells.append(
            [float(f"{max(0.0, mean - under):.3g}") for mean, under in zip(means, below, strict=True)]
        )
        below = [max(pair) for pair in zip(means, below, strict=True)]
    return cells, [float(bucket.legend) for bucket in buckets]


def say_darkest(shown: PanelCurves, until_s: float) -> str:
    """Say what the darkest cell stands for."""
    most = max(max(row) for row in count_cells(shown, until_s)[0])
    return f"Upper bounds of buckets; a cell is darker the more it holds, {say_value(most, 'short')} at most."


def _sort(shown: PanelCurves) -> list[PanelCurve]:
    return sorted(shown.curves, key=lambda curve: float(curve.legend))
