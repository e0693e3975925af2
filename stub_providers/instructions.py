"""What the control API is told, read strictly: JSON in, a behaviour or one sentence of refusal out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from stub_providers.behaviour import (
    ERROR_CLASSES,
    MAX_LATENCY_S,
    Behaviour,
    Constant,
    ErrorEvery,
    ErrorNext,
    ErrorShare,
    Latency,
    Lognormal,
    Mixed,
    Uniform,
)
from stub_providers.dialects.texts import MAX_MODEL_CHARS, is_model

MAX_TOKENS = 10_000_000
MAX_CALLS = 1_000_000_000
MAX_SIGMA = 5.0

_LATENCY_FIELDS = {
    "constant": {"kind", "s"},
    "mixed": {"kind", "s", "slow_s", "every"},
    "uniform": {"kind", "low_s", "high_s"},
    "lognormal": {"kind", "median_s", "sigma"},
}


class BadInstruction(Exception):
    """An instruction that cannot be followed; the message is one sentence that says why."""


def read_json(raw: bytes) -> object:
    """Read a control body, without the NaN and Infinity that Python's JSON would let through.

    Raises BadInstruction when it is not JSON.
    """
    try:
        return json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadInstruction("The body must be JSON.") from None


def read_model(name: str) -> str:
    """Return a model's name, or raise BadInstruction when it is too long or cannot be printed."""
    if not is_model(name):
        raise BadInstruction(f"A model's name must have 1 to {MAX_MODEL_CHARS} printable characters.")
    return name


def read_listening(body: object) -> bool:
    """Return the flag of `{"listening": true|false}`, or raise BadInstruction."""
    told = _fields(body, "The body", {"listening"})
    listening = told.get("listening")
    if not isinstance(listening, bool):
        raise BadInstruction("listening must be true or false.")
    return listening


def read_behaviour(body: object) -> Behaviour:
    """Return the behaviour that a control body states; each part is optional.

    `{"latency": {"kind": "constant", "s"} | {"kind": "mixed", "s", "slow_s", "every"} |
    {"kind": "uniform", "low_s", "high_s"} | {"kind": "lognormal", "median_s", "sigma"},
    "completion_tokens", "prompt_tokens",
    "errors": {"class", "share"} | {"class", "every"} | {"class", "next"}}`, times in rule time.
    Raises BadInstruction for anything else.
    """
    told = _fields(body, "The behaviour", {"latency", "completion_tokens", "prompt_tokens", "errors"})
    parts: dict[str, Any] = {
        name: _whole(told[name], name, 0, MAX_TOKENS)
        for name in ("completion_tokens", "prompt_tokens")
        if name in told
    }
    if "latency" in told:
        parts["latency"] = _latency(told["latency"])
    if "errors" in told:
        parts["errors"] = _errors(told["errors"])
    return Behaviour(**parts)


def _latency(told: object) -> Latency:
    if not isinstance(told, dict) or not isinstance(told.get("kind"), str):
        raise BadInstruction("latency must be an object with a kind: constant, mixed, uniform or lognormal.")
    kind = told["kind"]
    if kind not in _LATENCY_FIELDS:
        raise BadInstruction("latency.kind must be constant, mixed, uniform or lognormal.")
    _fields(told, f"A {kind} latency", _LATENCY_FIELDS[kind])
    if kind == "constant":
        return Constant(s=_number(told.get("s"), "latency.s", MAX_LATENCY_S))
    if kind == "mixed":
        return Mixed(
            s=_number(told.get("s"), "latency.s", MAX_LATENCY_S),
            slow_s=_number(told.get("slow_s"), "latency.slow_s", MAX_LATENCY_S),
            every=_whole(told.get("every"), "latency.every", 1, MAX_CALLS),
        )
    if kind == "uniform":
        low_s = _number(told.get("low_s"), "latency.low_s", MAX_LATENCY_S)
        high_s = _number(told.get("high_s"), "latency.high_s", MAX_LATENCY_S)
        if low_s > high_s:
            raise BadInstruction("latency.low_s must not be more than latency.high_s.")
        return Uniform(low_s=low_s, high_s=high_s)
    return Lognormal(
        median_s=_number(told.get("median_s"), "latency.median_s", MAX_LATENCY_S),
        sigma=_number(told.get("sigma"), "latency.sigma", MAX_SIGMA),
    )


def _errors(told: object) -> ErrorShare | ErrorEvery | ErrorNext:
    fields = _fields(told, "errors", {"class", "share", "every", "next"})
    error = fields.get("class")
    if error not in ERROR_CLASSES:
        raise BadInstruction(f"errors.class must be one of {', '.join(ERROR_CLASSES)}.")
    if len(fields.keys() & {"share", "every", "next"}) != 1:
        raise BadInstruction("errors must have exactly one of share, every and next.")
    if "share" in fields:
        return ErrorShare(error=error, share=_number(fields["share"], "errors.share", 1.0))
    if "every" in fields:
        return ErrorEvery(error=error, every=_whole(fields["every"], "errors.every", 1, MAX_CALLS))
    return ErrorNext(error=error, count=_whole(fields["next"], "errors.next", 1, MAX_CALLS))


def _fields(told: object, what: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(told, dict):
        raise BadInstruction(f"{what} must be an object.")
    if told.keys() - known:
        raise BadInstruction(f"{what} may only have the fields {', '.join(sorted(known))}.")
    return told


def _number(value: object, what: str, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise BadInstruction(f"{what} must be a number from 0 to {most:g}.")
    return float(value)


def _whole(value: object, what: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadInstruction(f"{what} must be a whole number from {least} to {most}.")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
