"""The signatures of Gemini's thoughts: the third generation signs a call of a function, and wants that back.

https://ai.google.dev/gemini-api/docs/thought-signatures: the first call of each of the model's turns has one,
and is looked at since the user last said anything but a function's result.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from stub_providers.dialects.gemini.errors import refuse
from stub_providers.dialects.gemini.fields import read_field

GENERATION = "gemini-3"
UNCHECKED = ("context_engineering_is_the_way_to_go", "skip_thought_signature_validator")
"""What Google takes in place of one, for calls that are not of its own models."""


def sign(part: dict[str, Any], model: str) -> dict[str, Any]:
    """Return a part with a call, signed if its model signs."""
    if not _signs(model):
        return part
    return part | {"thoughtSignature": _make(part["functionCall"])}


def check_signatures(contents: Sequence[Mapping[str, Any]], model: str) -> None:
    """Raise Refused for a first call of the turn at hand without a signature, or with another's."""
    if not _signs(model):
        return
    for position, content in _list_turn(contents):
        called = [part for part in content["parts"] if read_field(part, "functionCall")]
        if content.get("role") != "model" or not called:
            continue
        call = read_field(called[0], "functionCall")
        name = call.get("name") if isinstance(call, dict) else None
        signature = read_field(called[0], "thoughtSignature")
        if not signature:
            raise refuse(
                "Function call is missing a thought_signature in functionCall parts. Additional data, "
                f"function call `default_api:{name}` , position {position}. Please refer to "
                "https://ai.google.dev/gemini-api/docs/thought-signatures for more details.",
                model,
            )
        if signature not in UNCHECKED and not (isinstance(call, dict) and signature == _make(call)):
            raise refuse("Corrupted thought signature.", model)


def _signs(model: str) -> bool:
    return model.startswith(GENERATION)


def _list_turn(contents: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """Return what came since the user last spoke, each with its position, of which the first is 1."""
    numbered = list(enumerate(contents, 1))
    spoken = [
        position
        for position, content in numbered
        if (content.get("role") or "user") == "user"
        and not any(read_field(part, "functionResponse") for part in content["parts"])
    ]
    return numbered[spoken[-1] :] if spoken else numbered


def _make(call: Mapping[str, Any]) -> str:
    """Return the signature of a call, the same each time."""
    stated = json.dumps([call.get("name"), call.get("args") or {}], sort_keys=True)
    return base64.b64encode(hashlib.sha256(stated.encode()).digest()).decode()
