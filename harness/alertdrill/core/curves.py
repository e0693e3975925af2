"""Points of a curve, with the stretches marked where there was nothing to draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]


def mark_gaps(points: Sequence[Point], step_s: float) -> tuple[Point, ...]:
    """Return points (instant, value) that are `step_s` apart, each stretch without one marked by one NaN."""
    marked = list(points[:1])
    for (before_s, _), point in pairwise(points):
        if point[0] - before_s > 1.5 * step_s:
            marked.append((before_s + step_s, math.nan))
        marked.append(point)
    return tuple(marked)
