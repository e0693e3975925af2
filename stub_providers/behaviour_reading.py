"""A behaviour as JSON states it, read strictly: one sentence of refusal for anything else.

docs/reference/stub-providers.md lists all of it; `behaviour_catalogue` has an example of each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields as list_fields
from itertools import pairwise
from typing import Any

from stub_providers.behaviour import Behaviour
from stub_providers.checks import BadInstruction, read_fields, read_flag, read_number, read_whole
from stub_providers.distributions import (
    MAX_LATENCY_S,
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
from stub_providers.flaws import FLAW_KINDS, Flaw
from stub_providers.limits import PER_S, UNITS, Limits
from stub_providers.spells import Spell
from stub_providers.strikes import ERROR_CLASSES, ErrorMix, Errors, Every, Next, OneError, Share, Strike

MAX_TOKENS = 10_000_000
MAX_CALLS = 1_000_000_000
MAX_SIGMA = 5.0
MIN_SHAPE, MAX_SHAPE = 0.01, 1_000.0
LEAST = 0.001
"""Of what may not be 0: seconds of stalls, spells and limits, and bytes a second."""
MAX_SLOWDOWN = 1_000.0
MAX_BYTES_PER_S = 1_000_000_000.0
MAX_SPELLS = 20
WHEN = ("share", "every", "next")
SPELL_FIELDS = ("after_s", "for_s", "every_s", "slowdown", "errors", "flaw")
LATENCY_FIELDS: Mapping[str, tuple[str, ...]] = {
    "constant": ("s",),
    "mixed": ("s", "slow_s", "every"),
    "uniform": ("low_s", "high_s"),
    "lognormal": ("median_s", "sigma"),
    "gamma": ("mean_s", "shape"),
    "percentiles": ("at",),
}
FLAW_FIELDS: Mapping[str, tuple[str, ...]] = {
    "stall": ("after", "for_s"),
    "drip": ("after", "bytes_per_s"),
    "reset": ("after",),
    "truncated": ("after",),
    "malformed": (),
}
_KINDS = f"{', '.join([*LATENCY_FIELDS][:-1])} or {[*LATENCY_FIELDS][-1]}"


def read_behaviour(body: object) -> Behaviour:
    """Return the behaviour that a JSON object states; each part is optional, times are in rule time.

    Raises BadInstruction for anything else.
    """
    told = read_fields(body, "The behaviour", [one.name for one in list_fields(Behaviour)])
    return Behaviour(**{name: _PARTS[name](value, name) for name, value in told.items()})


def _read_latency(told: object, what: str) -> Latency:
    if not isinstance(told, dict) or not isinstance(told.get("kind"), str):
        raise BadInstruction(f"{what} must be an object with a kind: {_KINDS}.")
    kind = told["kind"]
    if kind not in LATENCY_FIELDS:
        raise BadInstruction(f"{what}.kind must be {_KINDS}.")
    read_fields(told, f"A {kind} {what.replace('_', ' ')}", {"kind", *LATENCY_FIELDS[kind]})

    def seconds(name: str) -> float:
        return read_number(told.get(name), f"{what}.{name}", MAX_LATENCY_S)

    match kind:
        case "constant":
            return Constant(s=seconds("s"))
        case "mixed":
            every = read_whole(told.get("every"), f"{what}.every", 1, MAX_CALLS)
            return Mixed(s=seconds("s"), slow_s=seconds("slow_s"), every=every)
        case "uniform":
            low_s, high_s = seconds("low_s"), seconds("high_s")
            if low_s > high_s:
                raise BadInstruction(f"{what}.low_s must not be more than {what}.high_s.")
            return Uniform(low_s=low_s, high_s=high_s)
        case "lognormal":
            sigma = read_number(told.get("sigma"), f"{what}.sigma", MAX_SIGMA)
            return Lognormal(median_s=seconds("median_s"), sigma=sigma)
        case "gamma":
            shape = read_number(told.get("shape"), f"{what}.shape", MAX_SHAPE, MIN_SHAPE)
            return Gamma(mean_s=seconds("mean_s"), shape=shape)
    return _read_percentiles(told.get("at"), f"{what}.at")


def _read_percentiles(told: object, what: str) -> Percentiles:
    if not isinstance(told, dict) or not 1 <= len(told) <= 100:
        raise BadInstruction(f'{what} must be an object of 1 to 100 percentiles, as {{"50": 1, "99": 9}}.')
    points = []
    for name, seconds in told.items():
        percent = _parse_percent(name)
        if percent is None:
            raise BadInstruction(f"{what} must have percentiles from 0 to 100 as names.")
        points.append((percent, read_number(seconds, f"{what}.{name}", MAX_LATENCY_S)))
    points.sort()
    if any(before[0] == after[0] for before, after in pairwise(points)):
        raise BadInstruction(f"{what} must name no percentile twice.")
    if any(before[1] > after[1] for before, after in pairwise(points)):
        raise BadInstruction(f"{what} must not have a higher percentile with a shorter time.")
    return Percentiles(points=tuple(points))


def _parse_percent(text: str) -> float | None:
    try:
        percent = float(text) if text.isascii() and len(text) <= 10 else math.nan
    except ValueError:
        return None
    return percent if 0 <= percent <= 100 else None


def _read_count(told: object, what: str) -> Count:
    if not isinstance(told, dict):
        return read_whole(told, what, 0, MAX_TOKENS)
    if "median" in told:
        read_fields(told, what, ("median", "sigma"))
        median = read_whole(told["median"], f"{what}.median", 0, MAX_TOKENS)
        sigma = read_number(told.get("sigma"), f"{what}.sigma", MAX_SIGMA)
        return LognormalCount(median=median, sigma=sigma, most=MAX_TOKENS)
    read_fields(told, what, ("low", "high"))
    low, high = (read_whole(told.get(name), f"{what}.{name}", 0, MAX_TOKENS) for name in ("low", "high"))
    if low > high:
        raise BadInstruction(f"{what}.low must not be more than {what}.high.")
    return UniformCount(low=low, high=high)


def _read_errors(told: object, what: str) -> Errors:
    fields = read_fields(told, what, ("class", *WHEN, "mix"))
    if "mix" in fields:
        if len(fields) > 1:
            raise BadInstruction(f"{what}.mix has the classes and their shares, so it must stand alone.")
        return _read_mix(fields["mix"], f"{what}.mix")
    error = fields.get("class")
    if error not in ERROR_CLASSES:
        raise BadInstruction(f"{what}.class must be one of {', '.join(ERROR_CLASSES)}.")
    return OneError(error=error, when=_read_when(fields, what))


def _read_mix(told: object, what: str) -> ErrorMix:
    fields = read_fields(told, what, ERROR_CLASSES)
    shares = tuple(
        (error, read_number(fields[error], f"{what}.{error}", 1.0))
        for error in ERROR_CLASSES
        if error in fields
    )
    if not shares or sum(share for _, share in shares) > 1.0 + 1e-9:
        raise BadInstruction(f"{what} must have at least one share, and no more than 1 in all.")
    return ErrorMix(shares=shares)


def _read_when(fields: Mapping[str, Any], what: str) -> Strike:
    if len(fields.keys() & set(WHEN)) != 1:
        raise BadInstruction(f"{what} must have exactly one of share, every and next.")
    if "share" in fields:
        return Share(share=read_number(fields["share"], f"{what}.share", 1.0))
    if "every" in fields:
        return Every(every=read_whole(fields["every"], f"{what}.every", 1, MAX_CALLS))
    return Next(count=read_whole(fields["next"], f"{what}.next", 1, MAX_CALLS))


def _read_flaw(told: object, what: str) -> Flaw:
    kind = told.get("kind") if isinstance(told, dict) else None
    if not isinstance(kind, str) or kind not in FLAW_KINDS:
        raise BadInstruction(f"{what} must be an object with a kind: one of {', '.join(FLAW_KINDS)}.")
    own = FLAW_FIELDS[kind]
    fields = read_fields(told, f"A {what} of the kind {kind}", ("kind", *WHEN, *own))
    parts: dict[str, float] = {}
    if "after" in fields:
        parts["after"] = read_number(fields["after"], f"{what}.after", 1.0)
    if "for_s" in own:
        parts["for_s"] = read_number(fields.get("for_s"), f"{what}.for_s", MAX_LATENCY_S, LEAST)
    if "bytes_per_s" in own:
        parts["bytes_per_s"] = read_number(
            fields.get("bytes_per_s"), f"{what}.bytes_per_s", MAX_BYTES_PER_S, LEAST
        )
    return Flaw(kind=kind, when=_read_when(fields, what), **parts)


def _read_limits(told: object, what: str) -> Limits:
    fields = read_fields(told, what, (*UNITS, "per_s"))
    most = {
        unit: read_whole(fields[unit], f"{what}.{unit}", 1, MAX_CALLS) for unit in UNITS if unit in fields
    }
    if not most:
        raise BadInstruction(f"{what} must have at least one of {', '.join(UNITS)}.")
    return Limits(
        most=most,
        per_s=read_number(fields.get("per_s", PER_S), f"{what}.per_s", MAX_LATENCY_S, LEAST),
    )


def _read_spells(told: object, what: str) -> tuple[Spell, ...]:
    if not isinstance(told, list) or not 1 <= len(told) <= MAX_SPELLS:
        raise BadInstruction(f"{what} must be a list of 1 to {MAX_SPELLS} objects.")
    return tuple(_read_spell(one, f"{what}[{number}]") for number, one in enumerate(told))


def _read_spell(told: object, what: str) -> Spell:
    fields = read_fields(told, what, SPELL_FIELDS)
    parts: dict[str, Any] = {"for_s": read_number(fields.get("for_s"), f"{what}.for_s", MAX_LATENCY_S, LEAST)}
    if "after_s" in fields:
        parts["after_s"] = read_number(fields["after_s"], f"{what}.after_s", MAX_LATENCY_S)
    if "every_s" in fields:
        every_s = parts["every_s"] = read_number(fields["every_s"], f"{what}.every_s", MAX_LATENCY_S, LEAST)
        if every_s < parts["for_s"]:
            raise BadInstruction(f"{what}.every_s must not be less than {what}.for_s.")
    if "slowdown" in fields:
        parts["slowdown"] = read_number(fields["slowdown"], f"{what}.slowdown", MAX_SLOWDOWN)
    if "errors" in fields:
        parts["errors"] = _read_errors(fields["errors"], f"{what}.errors")
    if "flaw" in fields:
        parts["flaw"] = _read_flaw(fields["flaw"], f"{what}.flaw")
    if not parts.keys() & {"slowdown", "errors", "flaw"}:
        raise BadInstruction(f"{what} must say what is wrong by at least one of slowdown, errors and flaw.")
    return Spell(**parts)


_PARTS: Mapping[str, Callable[[object, str], Any]] = {
    "latency": _read_latency,
    "first_token": _read_latency,
    "between_tokens": _read_latency,
    "completion_tokens": _read_count,
    "prompt_tokens": _read_count,
    "errors": _read_errors,
    "flaw": _read_flaw,
    "limits": _read_limits,
    "spells": _read_spells,
    "lookups": read_flag,
}
