"""Lines of a log in logfmt, as Prometheus and Alertmanager write them by default. Pure.

Both generations: up to 0.27 `ts=… caller=… level=…`, later Go's slog with `time=… level=… source=…`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

FIELD = re.compile(r'(?<![\w.])([A-Za-z_][\w.]*)=("(?:[^"\\]|\\.)*"|\S*)')
"""A name and its value, where a name can begin: a long word would be read again from each of its letters."""
MAX_LINE_CHARACTERS = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: when (epoch seconds), how grave (in lower case), what, and all other fields."""

    at_s: float
    level: str
    said: str
    fields: dict[str, str]


def read_lines(text: Iterable[str]) -> Iterator[Line]:
    """Yield the lines that are logfmt; others (a panic, an unfinished last line) are passed over."""
    for raw in text:
        fields = {name: unquote(value) for name, value in FIELD.findall(raw[:MAX_LINE_CHARACTERS])}
        instant = fields.pop("ts", None) or fields.pop("time", None)
        level, said = fields.pop("level", ""), fields.pop("msg", "")
        with suppress(ValueError):
            if instant is not None:
                at_s = datetime.fromisoformat(instant).timestamp()
                yield Line(at_s=at_s, level=level.lower(), said=said, fields=fields)


def unquote(value: str) -> str:
    """Return what a value stands for, which is quoted or not."""
    if not value.startswith('"'):
        return value
    try:
        return str(json.loads(value))
    except ValueError:  # Go quotes more than JSON knows
        return value[1:-1]
