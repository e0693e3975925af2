"""Whether the instants that a drill in YAML states fit together; each mistake has its own line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import Expectation, Expected, Grouped
from alertdrill.rules.fields import Fields
from alertdrill.rules.promql.expressions import format_duration
from alertdrill.systems.drill_files.known import Known, list_told_of_the_end

Stated = Sequence[tuple[Fields, Expected]]
"""Expectations, each with the fields that state it."""


def check_order(expectations: Stated) -> None:
    """Raise BadInput for an alert that would have to resolve before it may fire."""
    for fields, expected in expectations:
        if isinstance(expected, Expectation | Grouped):
            fires_s, resolves_s = expected.fires_within_s, expected.resolves_within_s
            if resolves_s < fires_s:
                raise fields.fail(
                    f"{expected.alert} has to resolve by {format_duration(resolves_s)}, and may fire as late "
                    f"as {format_duration(fires_s)}: it resolves after that"
                )


def check_lasts(fields: Fields, drill: Drill, expectations: Stated, known: Known) -> None:
    """Raise BadInput for a drill that states an end at which an alert or a page may still be open."""
    for _, expected in expectations:
        if not isinstance(expected, Expectation | Grouped):
            continue
        resolves_s, closing_s, who = expected.resolves_within_s, *_find_closing(expected, known)
        if drill.lasts_s >= resolves_s + closing_s:
            continue
        may = f"{expected.alert} may resolve as late as {format_duration(resolves_s)}"
        if closing_s:
            may += f", and {who} is told of that up to {format_duration(closing_s)} later"
        raise fields.fail(
            f"{drill.name} lasts {format_duration(drill.lasts_s)}, which is too short: {may}; let it last "
            f"{format_duration(resolves_s + closing_s)} or longer",
            fields.find_key("lasts"),
        )


def check_begun(drill: Drill, begun: Iterable[tuple[Fields, float]]) -> None:
    """Raise BadInput for something that would begin only when the drill is over."""
    for fields, at_s in begun:
        if at_s >= drill.lasts_s:
            raise fields.fail(
                f"{fields.what} comes at {format_duration(at_s)}, and {drill.name} is over at "
                f"{format_duration(drill.lasts_s)}: it would never come"
            )


def check_sent(drill: Drill, ends: Iterable[tuple[Fields, float]]) -> None:
    """Raise BadInput for traffic that goes on when the drill is over."""
    for fields, end_s in ends:
        if end_s > drill.lasts_s:
            raise fields.fail(
                f"{fields.what} is sent until {format_duration(end_s)}, and {drill.name} is over at "
                f"{format_duration(drill.lasts_s)}: send it shorter, or let the drill last longer"
            )


def _find_closing(expected: Expectation | Grouped, known: Known) -> tuple[float, str]:
    """Return how long after the alert the last of its pages may close, and whose that is."""
    if known.find_closing_s is None:
        return 0.0, ""
    within_s = expected.closes_within_s if isinstance(expected, Expectation) else None
    closings = [
        (known.find_closing_s(one) if within_s is None else within_s, one)
        for one in list_told_of_the_end(expected)
    ]
    return max(closings, default=(0.0, ""))
