"""The figures of a gated change: an alert's value before and after against its threshold. Pure.

They are what the page's own plots draw. A figure weighs most of a report, so all of them share `Room`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from alertdrill.core.timeline import Curve
from alertdrill.core.wording import say_selector
from alertdrill.gating.values import Values
from alertdrill.reports.html.packing import pack
from alertdrill.reports.html.scale import choose_scale
from alertdrill.reports.html.series import measure_nearness

MOST_SETS = 3
"""Label sets of a figure: each has a colour for both sides, and six curves are as many as can be read."""
MOST_CHARACTERS = 900_000
"""Of all curves together: the page opens at once, and a pull request's artifact stays below 2 MB."""
DASHED = 12
"""The page draws a hue from here on with dashes, in the colour of the hue that much lower."""
SIDES = ("before", "after")

Data = dict[str, Any]
Key = tuple[tuple[tuple[str, str], ...], str]
"""A label set, and how it is compared: what is the same curve on both sides."""


@dataclass(slots=True)
class Room:
    """How many characters are left for curves."""

    left: int = MOST_CHARACTERS

    def take(self, figure: Data) -> bool:
        """Take what a figure needs, and tell whether there is so much."""
        needs = len(json.dumps(figure["curves"]))
        if needs > self.left:
            self.left = 0  # what comes later is not described in vain
            return False
        self.left -= needs
        return True


def describe_figures(values: Sequence[Values], room: Room) -> Data:
    """Return the figures of an alert that there is room for, and how many there is none for."""
    drawn: list[Data] = []
    for one in values:
        if not room.left or not room.take(figure := _describe(one)):
            break
        drawn.append(figure)
    return {"figures": drawn, "figures_more": len(values) - len(drawn)}


def _describe(values: Values) -> Data:
    sides = [{_name(curve): curve for curve in side or ()} for side in (values.before, values.after)]
    keys = sorted({key: None for side in sides for key in side}, key=lambda key: _rank(key, sides, values))
    shown = keys[:MOST_SETS]
    curves = [side[key] for key in shown for side in sides if key in side]
    scale = choose_scale(curves)
    remarks = [*scale.remarks]
    for said, own in zip(SIDES, (values.before, values.after), strict=True):
        if own is None:
            remarks.append(f"The rules {said} cannot be replayed here.")
        elif not own:
            remarks.append(f"The rules {said} have no value here that is compared with a number.")
    if len(keys) > MOST_SETS:
        remarks.append(f"{len(keys) - MOST_SETS} more label sets that came less near are left out.")
    return {
        "drill": values.drill,
        "until": round(values.lasts_s, 1),
        "log": scale.is_log,
        "low": float(f"{scale.bottom:.6g}"),
        "high": float(f"{scale.top:.6g}"),
        "thresholds": _list_thresholds(shown, sides),
        "curves": [one for hue, key in enumerate(shown) for one in _list_curves(hue, key, sides, values)],
        "remarks": remarks,
    }


def _name(curve: Curve) -> Key:
    labels = sorted((name, value) for name, value in curve.labels.items() if name != "__name__")
    return tuple(labels), curve.op


def _rank(key: Key, sides: Sequence[dict[Key, Curve]], values: Values) -> tuple[bool, float, Key]:
    """Order what the drill is about before all else, then what came nearest or went farthest."""
    labels = dict(key[0])
    is_own = any(
        all(labels.get(name, value) == value for name, value in one.items()) for one in values.expected
    )
    return not is_own, -max(measure_nearness(side.get(key)) for side in sides), key


def _list_thresholds(shown: Sequence[Key], sides: Sequence[dict[Key, Curve]]) -> list[Data]:
    """Return the lines that values are compared with; what only one side has is named by it."""
    before, after = (
        {(side[key].op, side[key].threshold): None for key in shown if key in side} for side in sides
    )
    return [
        {"value": value, "says": f"{said}{op} {value:g}", "left": said.startswith(SIDES[0])}
        for op, value in {**before, **after}
        if math.isfinite(value)
        for said in [_say_side((op, value) in before, (op, value) in after)]
    ]


def _say_side(is_before: bool, is_after: bool) -> str:
    return "" if is_before and is_after else f"{SIDES[0] if is_before else SIDES[1]}: "


def _list_curves(hue: int, key: Key, sides: Sequence[dict[Key, Curve]], values: Values) -> Iterator[Data]:
    """Yield the curves of a label set; where both sides have the same values, they are one."""
    name = say_selector("", dict(key[0])) or values.alert
    before, after = (side.get(key) for side in sides)
    if before is not None and after is not None and pack(before.points) == pack(after.points):
        spread = _curve(f"before and after {name}", hue, after)
        if before.threshold != after.threshold:
            spread["says"] += f", before by {before.op} {before.threshold:g}"
        yield spread
        return
    if before is not None:
        yield _curve(f"before {name}", hue + DASHED, before)
    if after is not None:
        yield _curve(f"after {name}", hue, after)


def _curve(name: str, hue: int, curve: Curve) -> Data:
    numbers = [value for _, value in curve.points if not math.isnan(value)]
    spread = f"{min(numbers):.4g} to {max(numbers):.4g}" if numbers else "no number"
    return {
        "name": name,
        "hue": hue,
        "says": f"{name}: {spread}, compared by {curve.op} {curve.threshold:g}",
        "points": pack(curve.points),
    }
