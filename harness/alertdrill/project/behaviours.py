"""A stub provider's behaviour in a project file, as its control API takes it; tests hold both together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from alertdrill.core.drill import ERROR_CLASSES
from alertdrill.project.toml_fields import TomlFields
from alertdrill.rules.yaml.nodes import Mapping as MappingNode

MAX_LATENCY_S = 86_400.0
MAX_TOKENS = 10_000_000
MAX_CALLS = 1_000_000_000
MAX_SIGMA = 5.0
MAX_SLOWDOWN = 1_000.0
MAX_BYTES_PER_S = 1_000_000_000.0
MAX_SPELLS = 20
LEAST = 0.001
"""Of what may not be 0: seconds of stalls, spells and limits, and bytes a second."""
LATENCIES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "constant": {"s": (0, MAX_LATENCY_S)},
    "mixed": {"s": (0, MAX_LATENCY_S), "slow_s": (0, MAX_LATENCY_S), "every": (1, MAX_CALLS)},
    "uniform": {"low_s": (0, MAX_LATENCY_S), "high_s": (0, MAX_LATENCY_S)},
    "lognormal": {"median_s": (0, MAX_LATENCY_S), "sigma": (0, MAX_SIGMA)},
    "gamma": {"mean_s": (0, MAX_LATENCY_S), "shape": (0.01, 1_000.0)},
    "percentiles": {},
}
"""The kinds of latency, and their fields with the least and the most that each can be."""
FLAWS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "stall": {"for_s": (LEAST, MAX_LATENCY_S)},
    "drip": {"bytes_per_s": (LEAST, MAX_BYTES_PER_S)},
    "reset": {},
    "truncated": {},
    "malformed": {},
}
"""The kinds of flaws, and the fields that each has to have."""
UNITS = ("requests", "tokens", "input_tokens", "output_tokens")
"""What limits count."""
SPELL = ("after_s", "for_s", "every_s", "slowdown", "errors", "flaw")
"""What a spell states."""
WHEN = ("share", "every", "next")
"""Which calls fail: a share of them, every n-th, or the next n."""


def read_behaviour(fields: TomlFields) -> dict[str, Any]:
    """Return a behaviour; raises BadInput for what the control API would refuse."""
    behaviour = {name: read(fields, name) for name, read in PARTS.items() if fields.has(name)}
    fields.end()
    return behaviour


def _read_latency(outer: TomlFields, name: str) -> dict[str, Any]:
    fields = outer.take_fields(name)
    kind = fields.take_word("kind", LATENCIES)
    if kind == "percentiles":
        latency: dict[str, Any] = {"at": _read_percentiles(fields.take_fields("at"))}
    else:
        latency = {key: _read_number(fields, key, *bounds) for key, bounds in LATENCIES[kind].items()}
    if kind == "uniform" and latency["low_s"] > latency["high_s"]:
        raise fields.fail(f"low_s of {fields.what} is more than its high_s")
    fields.end()
    return {"kind": kind, **latency}


def _read_percentiles(fields: TomlFields) -> dict[str, float]:
    """Return seconds by percent, in order: a higher percentile never has a shorter time."""
    points: list[tuple[float, str, float]] = []
    for name in fields.names:
        try:
            percent = float(name)
        except ValueError:
            percent = -1.0
        if not 0 <= percent <= 100 or len(name) > 10 or not name.isascii():
            raise fields.fail(f"{fields.what} has {name!r}, which is no percentile from 0 to 100")
        points.append((percent, name, _read_number(fields, name, 0, MAX_LATENCY_S)))
    points.sort()
    if not points or len(points) > 100 or len({percent for percent, _, _ in points}) < len(points):
        raise fields.fail(f"{fields.what} has to have 1 to 100 percentiles, each once")
    if sorted(seconds for _, _, seconds in points) != [seconds for _, _, seconds in points]:
        raise fields.fail(f"{fields.what} has a higher percentile with a shorter time")
    return {name: seconds for _, name, seconds in points}


def _read_count(outer: TomlFields, name: str) -> int | dict[str, float]:
    if not isinstance(outer.peek(name), MappingNode):
        return int(_check(outer, name, outer.take_count(name), 0, MAX_TOKENS))
    fields = outer.take_fields(name)
    first, second = ("median", "sigma") if fields.has("median") else ("low", "high")
    told: dict[str, float] = {first: int(_check(fields, first, fields.take_count(first), 0, MAX_TOKENS))}
    if second == "sigma":
        told[second] = _read_number(fields, second, 0, MAX_SIGMA)
    else:
        told[second] = int(_check(fields, second, fields.take_count(second), told[first], MAX_TOKENS))
    fields.end()
    return told


def _read_errors(outer: TomlFields, name: str) -> dict[str, Any]:
    fields = outer.take_fields(name)
    if fields.has("mix"):
        mix = fields.take_fields("mix")
        shares = {error: _read_number(mix, error, 0, 1) for error in ERROR_CLASSES if mix.has(error)}
        mix.end()
        if not shares or sum(shares.values()) > 1 + 1e-9:
            raise mix.fail(f"{mix.what} has to have at least one share, and no more than 1 in all")
        told: dict[str, Any] = {"mix": shares}
    else:
        told = {"class": fields.take_word("class", ERROR_CLASSES), **_read_when(fields)}
    fields.end()
    return told


def _read_when(fields: TomlFields) -> dict[str, float]:
    stated = [key for key in WHEN if fields.has(key)]
    if len(stated) != 1:
        raise fields.fail(f"{fields.what} has to say which calls fail, by one of {', '.join(WHEN)}")
    (key,) = stated
    if key == "share":
        return {key: _read_number(fields, key, 0, 1)}
    return {key: int(_check(fields, key, fields.take_positive(key), 1, MAX_CALLS))}


def _read_flaw(outer: TomlFields, name: str) -> dict[str, Any]:
    fields = outer.take_fields(name)
    kind = fields.take_word("kind", FLAWS)
    told: dict[str, Any] = {"kind": kind}
    if kind != "malformed" and fields.has("after"):
        told["after"] = _read_number(fields, "after", 0, 1)
    told |= {key: _read_number(fields, key, *bounds) for key, bounds in FLAWS[kind].items()}
    told |= _read_when(fields)
    fields.end()
    return told


def _read_limits(outer: TomlFields, name: str) -> dict[str, float]:
    fields = outer.take_fields(name)
    told: dict[str, float] = {
        unit: int(_check(fields, unit, fields.take_positive(unit), 1, MAX_CALLS))
        for unit in UNITS
        if fields.has(unit)
    }
    if not told:
        raise fields.fail(f"{fields.what} has to limit at least one of {', '.join(UNITS)}")
    if fields.has("per_s"):
        told["per_s"] = _read_number(fields, "per_s", LEAST, MAX_LATENCY_S)
    fields.end()
    return told


def _read_spells(outer: TomlFields, name: str) -> list[dict[str, Any]]:
    nodes = outer.take_items(name)
    if not 1 <= len(nodes) <= MAX_SPELLS:
        raise outer.fail(f"{name} of {outer.what} has to have 1 to {MAX_SPELLS} spells")
    return [_read_spell(TomlFields(node, outer.name, f"a spell of {outer.what}")) for node in nodes]


def _read_spell(fields: TomlFields) -> dict[str, Any]:
    told: dict[str, Any] = {"for_s": _read_number(fields, "for_s", LEAST, MAX_LATENCY_S)}
    bounds = {
        "after_s": (0, MAX_LATENCY_S),
        "every_s": (told["for_s"], MAX_LATENCY_S),
        "slowdown": (0, MAX_SLOWDOWN),
    }
    told |= {
        key: _read_number(fields, key, *bounds[key]) for key in SPELL if key in bounds and fields.has(key)
    }
    told |= {key: PARTS[key](fields, key) for key in ("errors", "flaw") if fields.has(key)}
    if not told.keys() & {"slowdown", "errors", "flaw"}:
        raise fields.fail(f"{fields.what} has to say what is wrong, by slowdown, errors or flaw")
    fields.end()
    return told


def _read_number(fields: TomlFields, key: str, least: float, most: float) -> float:
    value = fields.take_positive(key) if key == "every" else fields.take_number(key)
    return _check(fields, key, value, least, most)


def _check(fields: TomlFields, key: str, value: float, least: float, most: float) -> float:
    if not least <= value <= most:
        raise fields.fail(f"{key} of {fields.what} is {value:g}, not a number from {least:g} to {most:g}")
    return value


PARTS: Mapping[str, Callable[[TomlFields, str], Any]] = {
    "latency": _read_latency,
    "first_token": _read_latency,
    "between_tokens": _read_latency,
    "completion_tokens": _read_count,
    "prompt_tokens": _read_count,
    "errors": _read_errors,
    "flaw": _read_flaw,
    "limits": _read_limits,
    "spells": _read_spells,
    "lookups": lambda fields, name: fields.take_truth(name),
}
