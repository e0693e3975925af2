"""What the control API is told, read strictly: JSON in, or one sentence of refusal out."""

from __future__ import annotations

import hashlib
import json
from typing import NoReturn

from stub_providers.behaviour import Behaviour
from stub_providers.behaviour_reading import read_behaviour
from stub_providers.checks import BadInstruction, read_fields, read_flag
from stub_providers.dialects.texts import MAX_MODEL_CHARS, is_model

MAX_KEY_CHARS = 1_000


def read_json(raw: bytes) -> object:
    """Read a control body, without the NaN and Infinity that Python's JSON would let through.

    Raises BadInstruction when it is not JSON.
    """
    try:
        return json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadInstruction("must be JSON") from None


def read_model(name: str) -> str:
    """Return a model's name, or raise BadInstruction when it is too long or cannot be printed."""
    if not is_model(name):
        raise BadInstruction(f"must have 1 to {MAX_MODEL_CHARS} printable characters", whole="A model's name")
    return name


def read_listening(body: object) -> bool:
    """Return the flag of `{"listening": true|false}`, or raise BadInstruction."""
    return read_flag(read_fields(body, (), {"listening"}).get("listening"), ("listening",))


def read_key_behaviour(body: object) -> tuple[str, Behaviour | None, object]:
    """Return the key of `{"key", "behaviour"}`, its behaviour, if it is to have one, and that as it stands.

    Raises BadInstruction.
    """
    told = read_fields(body, (), {"key", "behaviour"})
    key = told.get("key")
    if not isinstance(key, str) or not 1 <= len(key) <= MAX_KEY_CHARS or not key.isprintable():
        raise BadInstruction(f"must be a text of 1 to {MAX_KEY_CHARS} printable characters", ("key",))
    if "behaviour" not in told:
        raise BadInstruction("must be an object, or null to take it back", ("behaviour",))
    stated = told["behaviour"]
    return key, None if stated is None else read_behaviour(stated), stated


def fingerprint(key: str) -> str:
    """Return what stands for a key where it may be read by others."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()[:12]


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
