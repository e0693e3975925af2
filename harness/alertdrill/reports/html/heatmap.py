"""A histogram over rule time as inline SVG: a cell is darker the more there are between its two bounds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from alertdrill.reports.html.chart import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Spot,
    draw_minutes,
    join,
    write_svg,
    write_text,
)
from alertdrill.reports.html.units import say_value
from alertdrill.rules.panels import PanelCurve, PanelCurves

COLUMNS = 73
"""Four of the chart's pixels a column."""
SHADES = 5
MOST_LABELS = 7

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


def draw_heatmap(shown: PanelCurves, until_s: float) -> str:
    """Return the SVG of a histogram's buckets until the end of the run."""
    buckets = sorted(shown.curves, key=lambda curve: float(curve.legend))
    cells = _count_cells(buckets, until_s)
    height = (BOTTOM - TOP) / len(buckets)
    parts = [*_draw_cells(cells, height), *draw_minutes(until_s)]
    every = math.ceil(len(buckets) / MOST_LABELS)
    for row in range(len(buckets) - 1, -1, -every):
        words = say_value(float(buckets[row].legend), shown.panel.unit)
        parts.append(write_text(words, LEFT - 5, BOTTOM - height * (row + 1) + 3.5, "end"))
    return write_svg(shown, parts)


def say_darkest(shown: PanelCurves, until_s: float) -> str:
    """Say what the darkest cell stands for."""
    buckets = sorted(shown.curves, key=lambda curve: float(curve.legend))
    most = max(max(row) for row in _count_cells(buckets, until_s))
    return f"Upper bounds of buckets; a cell is darker the more it holds, {say_value(most, 'short')} at most."


def _count_cells(buckets: Sequence[PanelCurve], until_s: float) -> Cells:
    """Return what each bucket holds beyond the one below it: Prometheus's buckets are cumulative."""
    cells: Cells = []
    below = [0.0] * COLUMNS
    for bucket in buckets:
        columns: list[list[float]] = [[] for _ in range(COLUMNS)]
        for at_s, value in bucket.points:
            if math.isfinite(value):
                columns[min(COLUMNS - 1, max(0, int(at_s / until_s * COLUMNS)))].append(value)
        means = [sum(values) / len(values) if values else 0.0 for values in columns]
        cells.append([max(0.0, mean - under) for mean, under in zip(means, below, strict=True)])
        below = [max(pair) for pair in zip(means, below, strict=True)]
    return cells


def _draw_cells(cells: Cells, height: float) -> Iterator[str]:
    most = max(max(row) for row in cells)
    drawn: dict[int, list[str]] = {}
    for row, values in enumerate(cells):
        for column, value in enumerate(values):
            if value > 0:
                shade = math.ceil(SHADES * value / most)
                drawn.setdefault(shade, []).append(_outline(row, column, height))
    for shade, outlines in sorted(drawn.items()):
        yield f'<path class="cell" opacity="{shade / SHADES:g}" d="{"".join(outlines)}"/>'


def _outline(row: int, column: int, height: float) -> str:
    width = (RIGHT - LEFT) / COLUMNS
    low, high = round((BOTTOM - height * row) * 10), round((BOTTOM - height * (row + 1)) * 10)
    left, right = round((LEFT + width * column) * 10), round((LEFT + width * (column + 1)) * 10)
    corner: Spot = (left, low)
    return f"M{join(*corner)}h{(right - left) / 10:g}v{(high - low) / 10:g}h{(left - right) / 10:g}z"
