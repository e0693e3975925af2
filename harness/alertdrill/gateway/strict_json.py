"""JSON as RFC 8259 has it: Python's reader takes `NaN` and `Infinity`, too, which no provider does.

A number that is too large for a float, such as 1e999, would be written as `Infinity` and is refused as well.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def read_strictly(text: str | bytes) -> Any:
    """Return the document that a JSON text states; raises ValueError or RecursionError for anything else."""
    return _decode(text if isinstance(text, str) else text.decode(json.detect_encoding(text)))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _read_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large a number")
    return number


_decode = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_read_float).decode
