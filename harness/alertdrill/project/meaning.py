"""What a speed makes of the value of an expression, and of whether it has one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["accrues", "durations"]
"""Why a value is another at a speed: it accrues with the wall clock, or is a duration of its."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A reason why a value is not what it would be at speed 1; `why` names the selector.

    `recorded` is the recording rule that reads it, if there is one between. `is_spent` says that calls spend
    it, as they do seconds of a processor: divided by a count it is what each call spends.
    """

    kind: Kind
    why: str
    is_spent: bool = False
    recorded: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What is known of an expression.

    `value` are the doubts about its value, `presence` those about which series it has: what was compared
    decides that. `counters` are the counters that the value is made of. `is_reading` says that it is a
    reading of the wall clock as it stands, which may be compared with another one.
    """

    value: frozenset[Doubt] = frozenset()
    presence: frozenset[Doubt] = frozenset()
    counters: frozenset[str] = frozenset()
    is_reading: bool = False


NOTHING = Meaning()


def join(*meanings: Meaning) -> Meaning:
    """Return the meaning of what is made of several."""
    return Meaning(
        value=frozenset().union(*(one.value for one in meanings)),
        presence=frozenset().union(*(one.presence for one in meanings)),
        counters=frozenset().union(*(one.counters for one in meanings)),
        is_reading=bool(meanings) and all(one.is_reading for one in meanings),
    )


def calculate(operator: str, left: Meaning, right: Meaning) -> Meaning:
    """Return the meaning of arithmetic; what calls spend is a share once it is divided by a count."""
    joined = join(left, right)
    value = joined.value
    if operator == "/":
        value = _share(left, right) | _share(right, left)
    return Meaning(value=value, presence=joined.presence, counters=joined.counters)


def compare(left: Meaning, right: Meaning, *, is_bool: bool, with_zero: bool) -> Meaning:
    """Return the meaning of a comparison, which decides what there is, or is itself the value."""
    is_order = (left.is_reading and right.is_reading) or (with_zero and (left.is_reading or right.is_reading))
    decided = frozenset[Doubt]() if is_order else left.value | right.value
    presence = left.presence | right.presence
    if is_bool:
        return Meaning(value=decided, presence=presence)
    return Meaning(
        value=left.value, presence=presence | decided, counters=left.counters, is_reading=left.is_reading
    )


def combine(operator: str, left: Meaning, right: Meaning) -> Meaning:
    """Return the meaning of `and`, `or` and `unless`."""
    if operator == "or":
        return join(left, right)
    return Meaning(
        value=left.value,
        presence=left.presence | right.presence,
        counters=left.counters,
        is_reading=left.is_reading,
    )


def count(meaning: Meaning) -> Meaning:
    """Return the meaning of how many there are, whatever their values."""
    return Meaning(presence=meaning.presence)


def pick(meaning: Meaning) -> Meaning:
    """Return the meaning of those that are chosen by their values."""
    return Meaning(
        value=meaning.value,
        presence=meaning.presence | meaning.value,
        counters=meaning.counters,
        is_reading=meaning.is_reading,
    )


def settle(meaning: Meaning) -> Meaning:
    """Return the meaning of a value that is there whatever becomes of its series, as of `scalar()`."""
    return Meaning(value=meaning.value | meaning.presence, counters=meaning.counters)


def _share(of: Meaning, other: Meaning) -> frozenset[Doubt]:
    return frozenset(doubt for doubt in of.value if not (doubt.is_spent and other.counters))
