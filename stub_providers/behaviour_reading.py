"""A behaviour as JSON states it, read strictly: one sentence of refusal for anything else.

docs/reference/stub-providers.md lists all of it, `behaviour_fields` has it as data. The modules that this one
needs import each other by relative names, so that they can be loaded under another package's name as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from .behaviour import Behaviour
from .behaviour_fields import (
    COUNTS,
    FLAWS,
    LATENCIES,
    LIMITS,
    MAX_PERCENTILES,
    MAX_SPELLS,
    MAX_TOKENS,
    PARTS,
    PER,
    SECONDS,
    SHARE,
    SPELL,
    SPELL_PARTS,
    TOKENS,
    WHEN,
    WRONG,
    Fields,
    Notation,
    Number,
    list_flaw_fields,
)
from .checks import BadInstruction, Place, read_fields, read_flag, read_number, read_whole, read_word
from .distributions import (
    Constant,
    Count,
    Gamma,
    Latency,
    Lognormal,
    LognormalCount,
    Mixed,
    Percentiles,
    Uniform,
    UniformCount,
)
from .flaws import Flaw
from .limits import UNITS, Limits
from .spells import Spell
from .strikes import ERROR_CLASSES, ErrorMix, Errors, Every, Next, OneError, Share, Strike

_MADE: Mapping[str, Callable[..., Latency]] = {
    "constant": Constant,
    "mixed": Mixed,
    "uniform": Uniform,
    "lognormal": Lognormal,
    "gamma": Gamma,
}


def read_behaviour(body: object) -> Behaviour:
    """Return the behaviour that a JSON object states; each part is optional, times are in rule time.

    Raises BadInstruction for anything else.
    """
    told = read_fields(body, (), PARTS, "The behaviour")
    return Behaviour(**{name: _NOTATIONS[PARTS[name]](value, (name,)) for name, value in told.items()})


def _read_latency(told: object, place: Place) -> Latency:
    kind = _read_kind(told, place, LATENCIES)
    if kind == "percentiles":
        fields = read_fields(told, place, ("kind", "at"), f"A {kind} {_say_part(place)}")
        return _read_percentiles(fields.get("at"), (*place, "at"))
    own = LATENCIES[kind]
    fields = read_fields(told, place, ("kind", *own), f"A {kind} {_say_part(place)}")
    numbers = _read_numbers(fields, place, own)
    if kind == "uniform" and numbers["low_s"] > numbers["high_s"]:
        raise BadInstruction("must not be more than high_s", (*place, "low_s"))
    return _MADE[kind](**numbers)


def _read_percentiles(told: object, place: Place) -> Percentiles:
    if not isinstance(told, dict) or not 1 <= len(told) <= MAX_PERCENTILES:
        raise BadInstruction(
            f'must be an object of 1 to {MAX_PERCENTILES} percentiles, as {{"50": 1, "99": 9}}', place
        )
    points = []
    for name, seconds in told.items():
        percent = _parse_percent(name)
        if percent is None:
            raise BadInstruction("is no percentile from 0 to 100", (*place, str(name)))
        points.append((percent, _read(seconds, (*place, name), SECONDS)))
    points.sort()
    if any(before[0] == after[0] for before, after in pairwise(points)):
        raise BadInstruction("must name no percentile twice", place)
    if any(before[1] > after[1] for before, after in pairwise(points)):
        raise BadInstruction("must not have a higher percentile with a shorter time", place)
    return Percentiles(points=tuple(points))


def _parse_percent(text: str) -> float | None:
    try:
        percent = float(text) if text.isascii() and len(text) <= 10 else math.nan
    except ValueError:
        return None
    return percent if 0 <= percent <= 100 else None


def _read_count(told: object, place: Place) -> Count:
    if not isinstance(told, dict):
        return int(_read(told, place, TOKENS))
    by_range, by_median = COUNTS
    own = by_median if "median" in told else by_range
    numbers = _read_numbers(read_fields(told, place, own), place, own)
    if own is by_median:
        return LognormalCount(median=int(numbers["median"]), sigma=numbers["sigma"], most=MAX_TOKENS)
    low, high = int(numbers["low"]), int(numbers["high"])
    if low > high:
        raise BadInstruction("must not be more than high", (*place, "low"))
    return UniformCount(low=low, high=high)


def _read_errors(told: object, place: Place) -> Errors:
    fields = read_fields(told, place, ("class", *WHEN, "mix"))
    if "mix" in fields:
        if len(fields) > 1:
            raise BadInstruction("has the classes and their shares, so it must stand alone", (*place, "mix"))
        return _read_mix(fields["mix"], (*place, "mix"))
    error = read_word(fields.get("class"), (*place, "class"), ERROR_CLASSES)
    return OneError(error=error, when=_read_when(fields, place))  # type: ignore[arg-type] # one of them


def _read_mix(told: object, place: Place) -> ErrorMix:
    fields = read_fields(told, place, ERROR_CLASSES)
    shares = tuple(
        (error, _read(fields[error], (*place, error), SHARE)) for error in ERROR_CLASSES if error in fields
    )
    if not shares or sum(share for _, share in shares) > 1.0 + 1e-9:
        raise BadInstruction("must have at least one share, and no more than 1 in all", place)
    return ErrorMix(shares=shares)


def _read_when(fields: Mapping[str, Any], place: Place) -> Strike:
    if len(fields.keys() & WHEN.keys()) != 1:
        raise BadInstruction(f"must say which calls it strikes, by exactly one of {', '.join(WHEN)}", place)
    (key,) = fields.keys() & WHEN.keys()
    number = _read(fields[key], (*place, key), WHEN[key])
    if key == "share":
        return Share(share=number)
    return Every(every=int(number)) if key == "every" else Next(count=int(number))


def _read_flaw(told: object, place: Place) -> Flaw:
    kind = _read_kind(told, place, FLAWS)
    own = list_flaw_fields(kind)
    fields = read_fields(told, place, ("kind", *WHEN, *own), f"A {_say_part(place)} of the kind {kind}")
    needed = {name: number for name, number in own.items() if name in fields or name in FLAWS[kind]}
    numbers = _read_numbers(fields, place, needed)
    return Flaw(kind=kind, when=_read_when(fields, place), **numbers)  # type: ignore[arg-type] # one of them


def _read_limits(told: object, place: Place) -> Limits:
    fields = read_fields(told, place, (*LIMITS, *PER))
    most = {unit: int(_read(fields[unit], (*place, unit), LIMITS[unit])) for unit in UNITS if unit in fields}
    if not most:
        raise BadInstruction(f"must have at least one of {', '.join(LIMITS)}", place)
    return Limits(most=most, **_read_stated(fields, place, PER))


def _read_spells(told: object, place: Place) -> tuple[Spell, ...]:
    if not isinstance(told, list) or not 1 <= len(told) <= MAX_SPELLS:
        raise BadInstruction(f"must be a list of 1 to {MAX_SPELLS} objects", place)
    return tuple(_read_spell(one, (*place, number)) for number, one in enumerate(told))


def _read_spell(told: object, place: Place) -> Spell:
    fields = read_fields(told, place, (*SPELL, *SPELL_PARTS))
    parts: dict[str, Any] = {"for_s": _read(fields.get("for_s"), (*place, "for_s"), SPELL["for_s"])}
    parts |= _read_stated(fields, place, SPELL)
    if parts.get("every_s", parts["for_s"]) < parts["for_s"]:
        raise BadInstruction("must not be less than for_s", (*place, "every_s"))
    parts |= {
        name: _NOTATIONS[PARTS[name]](fields[name], (*place, name)) for name in SPELL_PARTS if name in fields
    }
    if not parts.keys() & set(WRONG):
        raise BadInstruction(f"must say what is wrong, by at least one of {', '.join(WRONG)}", place)
    return Spell(**parts)


def _read_kind(told: object, place: Place, known: Mapping[str, Fields]) -> str:
    if not isinstance(told, dict) or not isinstance(told.get("kind"), str):
        raise BadInstruction(f"must be an object with a kind: one of {', '.join(known)}", place)
    return read_word(told["kind"], (*place, "kind"), known)


def _read_numbers(fields: Mapping[str, Any], place: Place, own: Fields) -> dict[str, Any]:
    """Return fields that all have to be there."""
    return {name: _read(fields.get(name), (*place, name), number) for name, number in own.items()}


def _read_stated(fields: Mapping[str, Any], place: Place, own: Fields) -> dict[str, Any]:
    """Return the fields that are there."""
    return _read_numbers(fields, place, {name: number for name, number in own.items() if name in fields})


def _read(value: object, place: Place, number: Number) -> float:
    if number.is_whole:
        return read_whole(value, place, int(number.least), int(number.most))
    return read_number(value, place, number.most, number.least)


def _say_part(place: Place) -> str:
    return str(place[-1]).replace("_", " ")


_NOTATIONS: Mapping[Notation, Callable[[object, Place], Any]] = {
    "latency": _read_latency,
    "tokens": _read_count,
    "errors": _read_errors,
    "flaw": _read_flaw,
    "limits": _read_limits,
    "spells": _read_spells,
    "flag": read_flag,
}
