"""The lanes of a figure: what each label set did, what held it back, and the traffic.

Their y axis, `y2`, counts pixels from the top, so that a lane is as high on every screen.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from alertdrill.core.clock import format_s
from alertdrill.core.drill import Placement
from alertdrill.core.expectation import Suppression
from alertdrill.core.timeline import Curve
from alertdrill.core.wording import printable, say_selector
from alertdrill.judging.suppression import say_holder
from alertdrill.reports import HOPS
from alertdrill.reports.html.series import Series

TEXT_PX = 17
BAR_PX = 19
THIN_PX = 9
MARK_PX = 12
SMALL_PX = 7
GAP_PX = 9

BARS = ("drill", "other", "act", "pending", "firing", *get_args(Suppression), "closed", "open")
"""Kinds of bars, those that lie over others last."""
PATTERNS = {"pending": "/", "inhibited": "x", "silenced": "-", "muted": ".", "refused": "\\", "open": "/"}
"""Hatchings, so that no kind is told by its colour alone."""
MARKS = {"paged": "triangle-down", "updated": "circle", "page_resolved": "triangle-down-open", "refused": "x"}

Trace = dict[str, Any]


class Lanes:
    """Lays lanes out from the top; there is one trace per kind of bar or mark, however many there are."""

    def __init__(self, *, until_s: float) -> None:
        self.until_s = until_s
        self.height_px = 0
        self.annotations: list[dict[str, Any]] = []
        self._bars: dict[str, list[dict[str, Any]]] = {kind: [] for kind in BARS}
        self._marks: dict[str, list[dict[str, Any]]] = {kind: [] for kind in MARKS}

    def add_states(self, alert: str, one: Series) -> None:
        """Add a label set's lane: its states as bars, pages as marks, and beneath what held them back."""
        self.write(say_selector("", one.labels) or alert, 0.0, f"${one.hue}")
        y_px = self.take(BAR_PX)
        for state, start_s, end_s in _states(one, self.until_s):
            self.bar(state, y_px, start_s, end_s, state, label=state)
        for event in one.events:
            if event.kind in MARKS:
                hover = f"{HOPS[event.kind]} at {format_s(event.at_s)}, {event.receiver or 'no receiver'}"
                self.mark(event.kind, y_px, event.at_s, hover)
        if one.held:
            y_px = self.take(BAR_PX)
            for span in one.held:
                by = say_holder(span.why, span.by)
                self.bar(span.why, y_px, span.since_s, span.until_s, f"{span.why} by {by}", label=span.why)
        self.height_px += GAP_PX

    def add_traffic(self, placements: Sequence[Placement], everything: Sequence[Placement]) -> None:
        """Add a lane per drill of this alert with its load profiles on it, and one for all others'."""
        self.height_px += GAP_PX
        for placement in placements:
            self.write(placement.drill.name, placement.start_s, "$ink")
            self._add_drill(placement)
            self.height_px += GAP_PX
        others = [place for place in everything if place not in placements and place.drill.traffic]
        if others:
            self.write("traffic of the other drills", 0.0, "$muted")
            y_px = self.take(THIN_PX)
            for other in others:
                for profile in other.drill.traffic:
                    begin_s, end_s = other.start_s + profile.start_s, other.start_s + profile.end_s
                    self.bar("other", y_px, begin_s, end_s, f"{other.drill.name}: {profile.name}", px=THIN_PX)

    def list_traces(self) -> list[Trace]:
        """Return the traces, those that lie over others last."""
        bars = [_bar_trace(kind, self._bars[kind]) for kind in BARS if self._bars[kind]]
        return bars + [_mark_trace(kind, self._marks[kind]) for kind in MARKS if self._marks[kind]]

    def _add_drill(self, placement: Placement) -> None:
        """Draw a drill with its load profiles on it, those that overlap beneath each other."""
        drill, start_s = placement.drill, placement.start_s
        rows: list[float] = []
        for profile in sorted(drill.traffic, key=lambda profile: profile.start_s):
            row = next((row for row, end_s in enumerate(rows) if end_s <= profile.start_s), len(rows))
            rows[row : row + 1] = [profile.end_s]
            rate_per_s = max((stage.rate_per_s for stage in profile.stages), default=0.0)
            self.bar(
                "act",
                self.height_px + (row + 0.5) * BAR_PX,
                start_s + profile.start_s,
                start_s + profile.end_s,
                f"{profile.name} ({profile.scenario}), up to {rate_per_s:g}/s",
                label=profile.name,
            )
        px = max(1, len(rows)) * BAR_PX
        self.bar("drill", self.take(px), start_s, placement.end_s, drill.name, px=px + 4)

    def take(self, px: int) -> float:
        """Take a lane of this height and return where its middle is."""
        middle_px = self.height_px + px / 2
        self.height_px += px
        return middle_px

    def write(self, text: str, start_s: float, colour: str) -> None:
        """Write a lane's title over it: from its start, or in the last third back from the right edge."""
        late = start_s > self.until_s * 2 / 3
        self.annotations.append(
            {
                "text": plot_text(text),
                "x": 1 if late else minutes(max(0.0, start_s)),
                "xref": "paper" if late else "x",
                "xanchor": "right" if late else "left",
                "y": self.take(TEXT_PX),
                "yref": "y2",
                "yanchor": "middle",
                "showarrow": False,
                "borderpad": 0,
                "font": {"color": colour, "size": 11.5},
            }
        )

    def bar(
        self,
        kind: str,
        y_px: float,
        start_s: float,
        end_s: float,
        hover: str,
        *,
        label: str = "",
        px: int = BAR_PX,
    ) -> None:
        """Add a bar, as far as it lies in the run."""
        start_s, end_s = max(0.0, start_s), min(self.until_s, end_s)
        if start_s < end_s:
            self._bars[kind].append(
                {
                    "base": minutes(start_s),
                    "x": minutes(end_s - start_s),
                    "y": y_px,
                    "width": px,
                    "text": plot_text(label),
                    "hovertext": plot_text(f"{hover}, {format_s(start_s)} to {format_s(end_s)}"),
                }
            )

    def mark(self, kind: str, y_px: float, at_s: float, hover: str) -> None:
        """Add a mark."""
        self._marks[kind].append({"x": minutes(at_s), "y": y_px, "hovertext": plot_text(hover)})


def _bar_trace(kind: str, bars: Sequence[Mapping[str, Any]]) -> Trace:
    colour = "held" if kind in get_args(Suppression) else kind
    marker: Trace = {"color": f"${colour}", "line": {"color": f"${colour}-edge", "width": 1}}
    if kind in PATTERNS:
        marker["pattern"] = {
            "shape": PATTERNS[kind],
            "bgcolor": f"${colour}",
            "fgcolor": f"${colour}-hatch",
            "size": 6,
            "solidity": 0.4 if kind == "pending" else 0.25,
        }
    return {
        "type": "bar",
        "orientation": "h",
        "meta": kind,
        "yaxis": "y2",
        "marker": marker,
        "textposition": "inside",
        "insidetextanchor": "start" if kind in {"act", "closed", "open"} else "middle",
        "textangle": 0,
        "textfont": {"color": f"$on-{colour}", "size": 10.5},
        "hoverinfo": "text",
        **_columns(bars),
    }


def _mark_trace(kind: str, marks: Sequence[Mapping[str, Any]]) -> Trace:
    symbol = MARKS[kind]
    edge = "$ink" if symbol.endswith("-open") else "$paper"
    return {
        "type": "scatter",
        "mode": "markers",
        "meta": kind,
        "yaxis": "y2",
        "marker": {
            "color": "$unmet" if kind == "refused" else "$ink",
            "size": SMALL_PX if kind == "updated" else MARK_PX,
            "symbol": symbol,
            "line": {"color": edge, "width": 1.5},
        },
        "hoverinfo": "text",
        **_columns(marks),
    }


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _states(one: Series, until_s: float) -> Iterator[tuple[str, float, float]]:
    """Yield (`pending` or `firing`, from, to); what has not ended by the end of the run ends there."""
    state, since_s = "", 0.0
    for event in one.events:
        if event.kind not in {"pending", "firing", "resolved"}:
            continue
        if state:
            ends_s = event.at_s
            if state == "pending" and event.kind == "pending":
                ends_s = min(ends_s, _falls_s(one.curve, since_s, until_s))
            yield state, since_s, ends_s
        state, since_s = ("" if event.kind == "resolved" else event.kind), event.at_s
    if state:
        yield state, since_s, _falls_s(one.curve, since_s, until_s) if state == "pending" else until_s


def _falls_s(curve: Curve | None, since_s: float, until_s: float) -> float:
    """Return when a pending alert went back to inactive, which nothing announces: when its curve did."""
    if curve is None:
        return until_s
    sign = -1.0 if curve.op.startswith("<") else 1.0
    return next(
        (
            at_s
            for at_s, value in curve.points
            if at_s > since_s and not sign * value >= sign * curve.threshold
        ),
        until_s,
    )


def minutes(seconds: float) -> float:
    """Convert to the x axis."""
    return round(seconds / 60, 4)


def plot_text(text: str) -> str:
    """Escape text for plotly.js, which reads tags and entities in all that it writes."""
    return html.escape(printable(text), quote=False)
