"""What of an expression decides whether an alert fires: its comparisons with a constant. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from alertdrill.linting.parts import Part
from alertdrill.rules.promql.expressions import format_duration

_TURNED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
RATING = {"rate", "increase", "irate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A comparison with a constant; `operator` is turned if the constant stands on the left."""

    part: Part
    vector: Part
    operator: str
    value: float


def find_threshold(part: Part) -> Threshold | None:
    """Return the threshold that a part is a comparison with; None of everything else."""
    if not part.is_comparison:
        return None
    left, right = part.children
    if right.value is not None and not left.is_scalar:
        return Threshold(part=part, vector=left, operator=part.name, value=right.value)
    if left.value is not None and not right.is_scalar:
        return Threshold(part=part, vector=right, operator=_TURNED[part.name], value=left.value)
    return None


def list_conditions(part: Part) -> Iterator[Part]:
    """Yield the parts one of which has to hold, or all, for an expression to have a value.

    Of `and` both sides, of `or` both, of `unless` the left one; everything else as it is.
    """
    if part.kind == "binary" and part.name in {"and", "or"}:
        for child in part.children:
            yield from list_conditions(child)
    elif part.kind == "binary" and part.name == "unless":
        yield from list_conditions(part.children[0])
    else:
        yield part


def list_leading(part: Part) -> Iterator[Part]:
    """Yield the parts that an expression has its values of: what only guards them is left out."""
    if part.kind == "binary" and part.name in {"and", "unless"}:
        yield from list_leading(part.children[0])
    elif part.kind == "binary" and part.name == "or":
        for child in part.children:
            yield from list_leading(child)
    else:
        yield part


def list_thresholds(part: Part) -> Iterator[Threshold]:
    """Yield the thresholds that decide whether an expression has a value."""
    for condition in list_conditions(part):
        threshold = find_threshold(condition)
        if threshold is None or threshold.part.returns_bool:
            continue
        yield threshold
        if threshold.vector.kind == "binary" and threshold.vector.name in {"and", "or", "unless"}:
            yield from list_thresholds(threshold.vector)


def say_time(seconds: float) -> str:
    """Return a time as rules have it: `5m`, `1h30m`."""
    return format_duration(round(seconds, 3))
