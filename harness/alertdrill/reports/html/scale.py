"""How high a figure's curves are drawn, so that the threshold and what comes near it can be seen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from alertdrill.core.timeline import Curve

FAR = 3.0
"""A value this many times over the threshold would flatten all that is near it on a linear axis."""
LOWEST = 1e-3
"""A logarithmic axis goes no farther down than this share of the threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A y axis from `bottom` to `top`, where infinities are drawn, and what a reader must know of it."""

    is_log: bool
    top: float
    bottom: float
    remarks: tuple[str, ...]


def choose_scale(curves: Iterable[Curve]) -> Scale:
    """Choose a linear axis, or for values far over the threshold a logarithmic one.

    Zero has no logarithm, so where the values come down to it the axis is linear and ends early.
    """
    curves = list(curves)
    values = [value for curve in curves for _, value in curve.points]
    finite = [value for value in values if math.isfinite(value)]
    thresholds = [curve.threshold for curve in curves if math.isfinite(curve.threshold)]
    remarks = []
    if any(math.isinf(value) for value in values):
        remarks.append("An infinite value is drawn at the edge: a quantile past the histogram's last bucket.")
    if any(math.isnan(value) for value in values):
        remarks.append("A gap is a value that is not a number: there was nothing to measure.")
    high = max(finite + thresholds, default=1.0)
    low = min(finite + thresholds, default=0.0)
    near = max(thresholds, default=0.0)
    if near > 0 and high > FAR * near:
        if low > 0:
            bottom, top = max(low, near * LOWEST) / 1.4, high * 1.6
            return Scale(is_log=True, top=top, bottom=bottom, remarks=("The axis is logarithmic.", *remarks))
        remarks.insert(
            0,
            f"The axis ends at {FAR:g} times the threshold; the highest value was {high:.4g}.",
        )
        high = FAR * near / 1.12
    bottom = min(0.0, low)
    top = bottom + (high - bottom or 1.0) * 1.12
    return Scale(is_log=False, top=top, bottom=bottom, remarks=tuple(remarks))
