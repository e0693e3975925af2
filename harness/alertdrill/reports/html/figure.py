"""One alert of a run as a figure for plotly.js: its curves, and beneath them what it did and the traffic.

A figure is plain data, `{"data", "layout"}` as in https://plotly.com/javascript/reference/, but for colours,
which name a custom property of the page's style sheet (`"$ink"`); the page's script puts their values in, so
that a figure is readable on light, dark and paper alike. The x axis is rule time in minutes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alertdrill.core.clock import format_s
from alertdrill.core.drill import Placement
from alertdrill.core.rule import AlertRule
from alertdrill.core.wording import say_selector
from alertdrill.reports import RunRecord
from alertdrill.reports.html.lanes import Lanes, minutes, plot_text
from alertdrill.reports.html.scale import Scale, choose_scale
from alertdrill.reports.html.series import Series, gather_series

MOST_CURVES = 12
CURVES_PX = 260
MARGIN_PX = {"l": 56, "r": 14, "t": 22, "b": 40}

Trace = dict[str, Any]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A drawn alert: what plotly takes, its label sets, how many were left out, and remarks to read."""

    alert: str
    plot: Mapping[str, Any]
    series: tuple[Series, ...]
    left_out: int
    remarks: tuple[str, ...]


def draw_alert(record: RunRecord, alert: str, rules: Sequence[AlertRule]) -> Figure | None:
    """Draw what an alert did in a run, or return None if the run has nothing to show of it.

    At most `MOST_CURVES` label sets are drawn: those that did something, then those nearest to the threshold.
    """
    placements = [
        placement
        for placement in record.placements
        if any(expectation.alert == alert for expectation in placement.drill.expects)
    ]
    found = gather_series(record.timeline, alert, rules)
    if not found and not placements:
        return None
    series = found[:MOST_CURVES]
    curves = [one.curve for one in series if one.curve is not None]
    scale = choose_scale(curves) if curves else None
    lanes = Lanes(until_s=record.timeline.until_s)
    for one in series:
        if one.events or one.held:
            lanes.add_states(alert, one)
    lanes.add_traffic(placements, record.placements)
    data = [*_curve_traces(series, scale, record.timeline.until_s), *lanes.list_traces()]
    return Figure(
        alert=alert,
        plot={"data": data, "layout": lay_out(record.timeline.until_s, scale, lanes, placements)},
        series=series,
        left_out=len(found) - len(series),
        remarks=scale.remarks if scale else (),
    )


def _curve_traces(series: Iterable[Series], scale: Scale | None, until_s: float) -> list[Trace]:
    if scale is None:
        return []
    traces: list[Trace] = []
    curves = [(one, one.curve) for one in series if one.curve is not None]
    for one, curve in reversed(curves):
        points = _thin([(at_s, value) for at_s, value in curve.points if math.isfinite(at_s)])
        colour = f"${one.hue}"
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": plot_text(say_selector("", one.labels) or curve.alert),
                "meta": "curve",
                "x": [minutes(at_s) for at_s, _ in points],
                "y": [scale.place(value) for _, value in points],
                "text": [f"{scale.say(value)} at {format_s(at_s)}" for at_s, value in points],
                "hovertemplate": "%{text}<br>%{fullData.name}<extra></extra>",
                "line": {"color": colour, "width": 1.8, "dash": one.dash},
                "marker": {"color": colour, "size": 2.5},
                "connectgaps": False,
            }
        )
        endless = [(at_s, value) for at_s, value in points if math.isinf(value)]
        if endless:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "meta": "infinite",
                    "x": [minutes(at_s) for at_s, _ in endless],
                    "y": [scale.place(value) for _, value in endless],
                    "hoverinfo": "skip",
                    "cliponaxis": False,
                    "marker": {"color": colour, "size": 7, "symbol": "triangle-up"},
                }
            )
    for op, threshold in sorted({(curve.op, curve.threshold) for _, curve in curves}):
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+text",
                "meta": "threshold",
                "x": [0, minutes(until_s)],
                "y": [scale.place(threshold)] * 2,
                "text": ["", plot_text(f"{op} {threshold:g}")],
                "textposition": "top left",
                "textfont": {"color": "$threshold", "size": 11.5},
                "hovertext": plot_text(f"threshold: {op} {threshold:g}"),
                "hoverinfo": "text",
                "line": {"color": "$threshold", "width": 1.6, "dash": "dash"},
            }
        )
    return traces


def _thin(points: Sequence[Point]) -> list[Point]:
    """Leave out what lies on a level line, or in a gap: it weighs, and the line is the same without it."""
    return [
        point
        for before, point, after in zip([None, *points], points, [*points[1:], None], strict=False)
        if before is None or after is None or not (_is_level(before, point) and _is_level(point, after))
    ]


def _is_level(one: Point, other: Point) -> bool:
    return one[1] == other[1] or (math.isnan(one[1]) and math.isnan(other[1]))


def lay_out(
    until_s: float, scale: Scale | None, lanes: Lanes, placements: Sequence[Placement]
) -> dict[str, Any]:
    """Return plotly's layout: curves on their scale, if any, lanes, and where drills begin and end."""
    curves_px = CURVES_PX if scale else 0
    gap_px = 26 if scale else 0
    inner_px = max(1, curves_px + gap_px + lanes.height_px)
    axis = {
        "gridcolor": "$grid",
        "linecolor": "$line",
        "tickcolor": "$line",
        "zeroline": False,
        "fixedrange": True,
    }
    layout: dict[str, Any] = {
        "height": inner_px + MARGIN_PX["t"] + MARGIN_PX["b"],
        "margin": MARGIN_PX,
        "barmode": "overlay",
        "showlegend": False,
        "hovermode": "closest",
        "paper_bgcolor": "$paper",
        "plot_bgcolor": "$paper",
        "font": {"color": "$muted", "size": 11.5, "family": "system-ui, sans-serif"},
        "hoverlabel": {
            "bgcolor": "$raised",
            "bordercolor": "$line",
            "font": {"color": "$ink"},
            "align": "left",
        },
        "uniformtext": {"minsize": 9, "mode": "hide"},
        "xaxis": {
            **axis,
            "fixedrange": False,
            "range": [0, minutes(until_s)],
            "anchor": "y2",
            "ticks": "outside",
            "showline": True,
            "title": {"text": "rule time, minutes", "standoff": 6},
        },
        "yaxis2": {
            "domain": [0, lanes.height_px / inner_px],
            "range": [max(1, lanes.height_px), 0],
            "visible": False,
            "fixedrange": True,
        },
        "annotations": lanes.annotations,
        "shapes": [
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "x0": minutes(at_s),
                "x1": minutes(at_s),
                "y0": 0,
                "y1": 1,
                "layer": "below",
                "line": {"color": "$boundary", "width": 1, "dash": "dot"},
            }
            for at_s in sorted({edge_s for place in placements for edge_s in (place.start_s, place.end_s)})
        ],
    }
    if scale:
        layout["yaxis"] = {
            **axis,
            **scale.axis,
            "domain": [1 - curves_px / inner_px, 1],
            "showline": True,
            "nticks": 6,
        }
    return layout
