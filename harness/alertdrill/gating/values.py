"""What touched alerts compare with their thresholds in a drill, before and after a change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from alertdrill.core.drill import Placement
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Curve

Curves = tuple[Curve, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The values of one alert in a drill that expects something of it, in seconds from the drill's start.

    A side is None where its rules cannot be replayed. `expected` are the label sets that the drill names;
    the drill `lasts_s`.
    """

    drill: str
    alert: str
    expected: tuple[Labels, ...]
    lasts_s: float
    before: Curves | None
    after: Curves | None


def list_values(
    placement: Placement, alerts: Sequence[str], before: Sequence[Curve] | None, after: Sequence[Curve] | None
) -> Iterator[Values]:
    """Yield the values of those alerts that a drill expects something of, and that have any."""
    for alert in alerts:
        expected = tuple(one.labels for one in placement.drill.expects if one.alert == alert)
        old, new = _cut(before, alert, placement), _cut(after, alert, placement)
        if expected and (old or new):
            yield Values(
                drill=placement.drill.name,
                alert=alert,
                expected=expected,
                lasts_s=placement.end_s - placement.start_s,
                before=old,
                after=new,
            )


def _cut(curves: Sequence[Curve] | None, alert: str, own: Placement) -> Curves | None:
    """Return an alert's curves while a drill is held; a recording may have others before and after."""
    if curves is None:
        return None
    cut = (
        replace(
            curve,
            points=tuple(
                (at_s - own.start_s, value)
                for at_s, value in curve.points
                if own.start_s <= at_s <= own.end_s
            ),
        )
        for curve in curves
        if curve.alert == alert
    )
    return tuple(curve for curve in cut if curve.points)
