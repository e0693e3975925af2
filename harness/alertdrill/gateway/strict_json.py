"""JSON as its standard has it: numbers that no other reader would take are refused."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def load_strictly(text: str | bytes) -> Any:
    """Return the document of a JSON text.

    Raises ValueError for what is no JSON, and for NaN, Infinity and numbers that no double holds, which
    Python reads and writes, and a provider refuses (RFC 8259, section 6); RecursionError for what is nested
    too deeply.
    """
    return json.loads(text, parse_constant=_refuse, parse_float=_read_finite)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _read_finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is more than a double holds")
    return number
