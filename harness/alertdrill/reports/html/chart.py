"""A small chart of one panel as inline SVG: no script, so that a page can have a hundred of them.

Colours are the style sheet's custom properties, so it is readable on light, dark and paper alike. It scales
with its width; at the width of a column its text has the size of the page's small text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from alertdrill.core.wording import printable
from alertdrill.reports.html.series import HUES
from alertdrill.reports.html.units import find_base, say_value
from alertdrill.rules.panels import Panel, PanelCurve, PanelCurves, PanelThreshold

WIDTH, HEIGHT = 360, 168
LEFT, RIGHT, TOP, BOTTOM = 58, 350, 14, 144
"""Where the plotted area begins and ends, in the chart's own pixels."""

TICKS = 5
MINUTES = (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 480)
MOST_MINUTE_TICKS = 6
HEADROOM = 1.08

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axes:
    """Where a rule time and a value are drawn."""

    until_s: float
    low: float
    high: float

    def x(self, at_s: float) -> float:
        return LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, at_s / self.until_s))

    def y(self, value: float) -> float:
        """Infinities are drawn at the edge."""
        share = (min(self.high, max(self.low, value)) - self.low) / (self.high - self.low)
        return BOTTOM - (BOTTOM - TOP) * share


def draw_chart(shown: PanelCurves, until_s: float) -> str:
    """Return the SVG of what a panel showed until the end of the run; it must have a curve."""
    panel, unit = shown.panel, find_unit(shown.panel)
    lines = _stack(shown.curves) if panel.stack else [curve.points for curve in shown.curves]
    axes = _choose_axes(lines, panel.threshold, until_s)
    parts = [*_draw_values(shown, axes), *draw_minutes(until_s)]
    below: Points = ()
    for number, (curve, points) in enumerate(zip(shown.curves, lines, strict=True)):
        hue = f'style="--hue: var(--hue-{number % HUES})"'
        if panel.stack:
            parts.append(f'<path class="area" {hue} d="{_fill(points, below, axes)}"/>')
            below = points
        title = f"<title>{_text(say_curve(curve, unit))}</title>"
        kind = "dotted" if number >= HUES else "solid"
        parts.append(f'<path class="{kind}" {hue} d="{_trace(points, axes)}">{title}</path>')
    if panel.threshold is not None:
        parts += _draw_threshold(panel.threshold, unit, axes)
    return write_svg(shown, parts)


def write_svg(shown: PanelCurves, parts: Iterable[str]) -> str:
    """Return the chart of a panel that these parts make up."""
    label = _text(f"{shown.panel.title} over rule time")
    view = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg class="chart" {view} role="img" aria-label="{label}">{"".join(parts)}</svg>'


def write_text(words: str, x: float, y: float, anchor: str) -> str:
    """Return words in a chart; `anchor` says which end of them is at x."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_text(words)}</text>'


def find_unit(panel: Panel) -> str:
    """Return the unit of a panel's values; a heatmap's own is that of its buckets, which are counted here."""
    return "short" if panel.kind == "heatmap" else panel.unit


def say_curve(curve: PanelCurve, unit: str) -> str:
    """Say which series it is, its highest and its last value."""
    values = [value for _, value in curve.points if not math.isnan(value)]
    if not values:
        return f"{curve.legend}: not a number"
    return f"{curve.legend}: max {say_value(max(values), unit)}, last {say_value(values[-1], unit)}"


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


def _choose_axes(lines: Sequence[Points], threshold: PanelThreshold | None, until_s: float) -> _Axes:
    finite = [value for points in lines for _, value in points if math.isfinite(value)]
    finite += [] if threshold is None else [threshold.value]
    low, high = min(0.0, *finite, 0.0), max(0.0, *finite, 0.0)
    if low == high:
        high = low + 1.0
    return _Axes(until_s=until_s, low=low * HEADROOM, high=high * HEADROOM)


def _draw_values(shown: PanelCurves, axes: _Axes) -> Iterator[str]:
    unit = find_unit(shown.panel)
    names = {
        value: name.text for value, name in shown.panel.mappings.items() if axes.low <= value <= axes.high
    }
    ticks = names or {value: say_value(value, unit) for value in _list_ticks(axes, unit)}
    for value, words in ticks.items():
        y = axes.y(value)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
        yield write_text(words, LEFT - 5, y + 3.5, "end")


def _draw_threshold(threshold: PanelThreshold, unit: str, axes: _Axes) -> Iterator[str]:
    y = axes.y(threshold.value)
    words = _text(f"{threshold.op} {say_value(threshold.value, unit)}")
    yield f'<path class="threshold" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
    yield f'<text class="threshold" x="{RIGHT}" y="{y - 4:.1f}" text-anchor="end">{words}</text>'


def _list_ticks(axes: _Axes, unit: str) -> list[float]:
    """Return round numbers on the axis, about `TICKS` of them."""
    span = axes.high - axes.low
    base = find_base(unit)
    power = base ** math.floor(math.log(span, base)) if base == 1024.0 and span >= 1 else 1.0
    rough = span / power / TICKS
    ten = 10.0 ** math.floor(math.log10(rough))
    step = next(step for step in (ten, 2 * ten, 5 * ten, 10 * ten) if step >= rough * 0.999) * power
    return [step * index for index in range(math.ceil(axes.low / step), math.floor(axes.high / step) + 1)]


def draw_minutes(until_s: float) -> Iterator[str]:
    """Yield the axis of rule time."""
    last = until_s / 60
    step = next(
        (step for step in MINUTES if last / step <= MOST_MINUTE_TICKS), math.ceil(last / MOST_MINUTE_TICKS)
    )
    yield f'<path class="axis" d="M{LEFT} {BOTTOM}H{RIGHT}"/>'
    for index in range(math.floor(last / step) + 1):
        x = LEFT + (RIGHT - LEFT) * index * step / last
        yield f'<path class="axis" d="M{x:.1f} {BOTTOM}v4"/>'
        yield write_text(f"{index * step}" + (" min" if index == 0 else ""), x, BOTTOM + 16, "middle")


def _trace(points: Points, axes: _Axes) -> str:
    """Return the path of a curve, broken where it has no value; what stays level is drawn in one stroke."""
    path: list[str] = []
    pen: Spot | None = None
    level = 0
    for at_s, value in (*points, (0.0, math.nan)):
        spot = None if math.isnan(value) else _locate(at_s, value, axes)
        if pen is not None and spot is not None and spot[1] == pen[1]:
            level += spot[0] - pen[0]
            pen = spot
            continue
        path += [f"h{_say_px(level)}"] if level else []
        level = 0
        if spot is not None:
            # A stroke of no length is drawn as a dot: a value may stand alone.
            path.append(
                f"M{join(*spot)}h0" if pen is None else f"l{join(spot[0] - pen[0], spot[1] - pen[1])}"
            )
        pen = spot
    return "".join(path)


def _fill(points: Points, below: Points, axes: _Axes) -> str:
    """Return the outline of the area between two curves over the same instants."""
    lower = below or tuple((at_s, 0.0) for at_s, _ in points)
    spots = [_locate(at_s, value, axes) for at_s, value in (*points, *reversed(lower))]
    steps = [join(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(spots)]
    return f"M{join(*spots[0])}l{' '.join(steps)}Z" if spots else ""


Spot = tuple[int, int]
"""A place in tenths of a pixel: whole numbers, so that steps from one to the next add up."""


def _locate(at_s: float, value: float, axes: _Axes) -> Spot:
    return round(axes.x(at_s) * 10), round(axes.y(value) * 10)


def join(x: int, y: int) -> str:
    """Write a place or a step, given in tenths of a pixel."""
    return f"{_say_px(x)} {_say_px(y)}"


def _say_px(tenths: int) -> str:
    return f"{tenths / 10:g}"


def _text(text: str) -> str:
    return escape(printable(text))
