"""Where a character of a YAML scalar's text stands in its file. Pure.

What a scalar says and how it is written have the same characters in the same order but for white space,
escapes and quotes; so both are gone along side by side.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

from alertdrill.rules.yaml.nodes import Scalar


def find_index(scalar: Scalar, offset: int, source: str) -> int:
    """Return the index in the file's text of a character of a scalar's text."""
    written = source[scalar.start : scalar.end]
    at = _find_begin(scalar, written)
    wanted = sum(not char.isspace() for char in scalar.text[:offset])
    is_escaping = scalar.style == '"'
    seen = 0
    while at < len(written):
        char = written[at]
        length = (
            2 if (is_escaping and char == "\\") or written[at : at + 2] == "''" == scalar.style * 2 else 1
        )
        if char.isspace() or (length == 2 and written[at + 1 : at + 2] in {"n", "t", "r", "\n", " "}):
            at += length
            continue
        if seen == wanted:
            return scalar.start + at
        seen += 1
        at += length
    return scalar.start


def _find_begin(scalar: Scalar, written: str) -> int:
    """Return where the text begins after an anchor, a tag, quotes, or the sign of a block."""
    if scalar.style in {"|", ">"}:
        return written.find("\n", written.find(scalar.style)) + 1
    if scalar.style in {'"', "'"}:
        return written.find(scalar.style) + 1
    if scalar.alias_of is not None or not written.startswith(("&", "!")):
        return 0
    return max(written.find(scalar.text[:1]), 0)


def locate(source: str, index: int) -> tuple[int, int]:
    """Return the line and the column of an index, both from 1."""
    begins = _list_lines(source)
    line = bisect_right(begins, index)
    return line, index - begins[line - 1] + 1


@lru_cache(maxsize=64)
def _list_lines(source: str) -> tuple[int, ...]:
    """Return where the lines of a file begin, which is asked for each of its rules."""
    return 0, *(found.end() for found in re.finditer("\n", source))
