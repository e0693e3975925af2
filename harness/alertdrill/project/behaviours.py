"""A stub provider's behaviour in a project file, as its control API takes it; tests hold both together."""

from __future__ import annotations

from typing import Any

from alertdrill.core.drill import ERROR_CLASSES
from alertdrill.project.toml_fields import TomlFields

MAX_LATENCY_S = 86_400.0
MAX_TOKENS = 10_000_000
MAX_CALLS = 1_000_000_000
MAX_SIGMA = 5.0
LATENCIES = {
    "constant": {"s": MAX_LATENCY_S},
    "mixed": {"s": MAX_LATENCY_S, "slow_s": MAX_LATENCY_S, "every": MAX_CALLS},
    "uniform": {"low_s": MAX_LATENCY_S, "high_s": MAX_LATENCY_S},
    "lognormal": {"median_s": MAX_LATENCY_S, "sigma": MAX_SIGMA},
}
"""The kinds of latency, and their fields with the most that each can be."""
WHEN = ("share", "every", "next")
"""Which calls fail: a share of them, every n-th, or the next n."""


def read_behaviour(fields: TomlFields) -> dict[str, Any]:
    """Return a behaviour; raises BadInput for what the control API would refuse."""
    behaviour: dict[str, Any] = {}
    if fields.has("latency"):
        behaviour["latency"] = _read_latency(fields.take_fields("latency"))
    if fields.has("errors"):
        behaviour["errors"] = _read_errors(fields.take_fields("errors"))
    for key in ("completion_tokens", "prompt_tokens"):
        if fields.has(key):
            behaviour[key] = int(_check(fields, key, fields.take_count(key), MAX_TOKENS))
    fields.end()
    return behaviour


def _read_latency(fields: TomlFields) -> dict[str, Any]:
    kind = fields.take_word("kind", LATENCIES)
    latency = {
        key: _check(
            fields, key, fields.take_positive(key) if key == "every" else fields.take_number(key), most
        )
        for key, most in LATENCIES[kind].items()
    }
    if kind == "uniform" and latency["low_s"] > latency["high_s"]:
        raise fields.fail(f"low_s of {fields.what} is more than its high_s")
    fields.end()
    return {"kind": kind, **latency}


def _read_errors(fields: TomlFields) -> dict[str, Any]:
    error = fields.take_word("class", ERROR_CLASSES)
    stated = [key for key in WHEN if fields.has(key)]
    if len(stated) != 1:
        raise fields.fail(f"{fields.what} has to say which calls fail, by one of {', '.join(WHEN)}")
    (key,) = stated
    if key == "share":
        when = _check(fields, key, fields.take_number(key), 1)
    else:
        when = int(_check(fields, key, fields.take_positive(key), MAX_CALLS))
    fields.end()
    return {"class": error, key: when}


def _check(fields: TomlFields, key: str, value: float, most: float) -> float:
    if not 0 <= value <= most:
        raise fields.fail(f"{key} of {fields.what} is {value:g}, not a number from 0 to {most:g}")
    return value
