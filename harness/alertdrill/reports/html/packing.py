"""Curves as compact arrays, which the page's script unpacks: a report has a thousand of them. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

Point = tuple[float, float]
Packed = dict[str, Any]

TENTHS = 10
"""Instants are kept to a tenth of a second of rule time."""
ABOVE, BELOW = "+", "-"
"""Infinities, which JSON has no number for; a gap is null."""


def pack(points: Sequence[Point], digits: int = 4) -> Packed:
    """Return points as `step` (in tenths of a second), `t` (the first instant and the ways on) and `v`.

    Instants are in steps, values have so many significant digits. What lies on a level line is left out.
    """
    kept = _thin([(at_s, _round(value, digits)) for at_s, value in points if math.isfinite(at_s)])
    instants = [round(at_s * TENTHS) for at_s, _ in kept]
    step = math.gcd(*instants) or 1
    counts = [instant // step for instant in instants]
    ways = [after - before for before, after in zip([0, *counts], counts, strict=False)]
    return {"step": step, "t": ways, "v": [_write(value) for _, value in kept]}


def _round(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")


def _write(value: float) -> float | int | str | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return ABOVE if value > 0 else BELOW
    return int(value) if value == int(value) else value


def _thin(points: Sequence[Point]) -> list[Point]:
    """Leave out what lies on a level line, or in a gap: it weighs, and the line is the same without it."""
    return [
        point
        for before, point, after in zip([None, *points], points, [*points[1:], None], strict=False)
        if before is None or after is None or not (_is_level(before, point) and _is_level(point, after))
    ]


def _is_level(one: Point, other: Point) -> bool:
    return one[1] == other[1] or (math.isnan(one[1]) and math.isnan(other[1]))
