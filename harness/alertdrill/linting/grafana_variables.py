"""Grafana's variables in a query: values in their place, where any value means the same to lint. Pure.

https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

WINDOW = "5m"
_VARIABLE = r"(?:\$\{[A-Za-z_][^}]*\}|\$[A-Za-z_]\w*|\[\[[A-Za-z_]\w*(?::\w+)?\]\])"
_STRING = r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\''
_PLACE = re.compile(
    rf"""(?P<label>[A-Za-z_]\w*)\s*(?:=~|!~|!=|=)\s*(?P<value>{_STRING})
    |(?P<string>{_STRING})
    |(?P<window>\[(?!\[)(?:{_VARIABLE}|[^\]])*\])
    |(?P<shift>\boffset\s+{_VARIABLE})
    |(?P<number>\$__(?:range_s|range_ms|interval_ms|from|to)\b|\$\{{__(?:range_s|range_ms|interval_ms|from|to)\}})
    |(?P<other>{_VARIABLE})""",
    re.VERBOSE | re.IGNORECASE,
)
_ANY = re.compile(_VARIABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A query without variables; `places` are offsets in it, and those in the query as it is written."""

    text: str
    places: tuple[tuple[int, int], ...]

    def find_offset(self, offset: int) -> int:
        """Return the offset in the query as it is written."""
        at = bisect_right(self.places, (offset, len(self.text) + 1)) - 1
        return offset if at < 0 else self.places[at][1] + offset - self.places[at][0]


def has_variable(expr: str) -> bool:
    """Say whether a query has a variable of Grafana's anywhere."""
    return _ANY.search(expr) is not None


def fill(expr: str) -> Filled | None:
    """Return a query whose variables have values; None where a variable stands for more than a value.

    A matcher by a variable matches everything, a window is five minutes. A variable that names a metric or
    labels may be anything.
    """
    made, places, at, length = [], [], 0, 0
    for found in _PLACE.finditer(expr):
        value = _replace(found)
        if value is None:
            return None
        before = expr[at : found.start()]
        length += len(before)
        places.append((length, found.start()))
        made += [before, value]
        length += len(value)
        at = found.end()
        places.append((length, at))
    return Filled(text="".join([*made, expr[at:]]), places=tuple(places))


def _replace(found: re.Match[str]) -> str | None:
    """Return what stands for a place of a query; None where that cannot be said."""
    text = found.group()
    match found.lastgroup:
        case "value":
            return f'{found["label"]}=~".*"' if _ANY.search(found["value"]) else text
        case "window" | "shift":
            return _ANY.sub(WINDOW, text)
        case "number":
            return "1"
        case "other":
            return None
        case _:
            return text
