"""How deeply a document is nested, found before a parser that calls itself for every level sees it. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

MAX_DEPTH = 100
"""Levels of a document; none that is read here has twenty."""

_NOT_OF_STRUCTURE = bytes(set(range(256)) - set(b'"[]{}'))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_STRING = re.compile(rb'"[^"]*"?')
_TOKEN = re.compile(rb'"(?:\\.|[^"\\])*"?|[][{}\n]', re.DOTALL)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_json(text: str | bytes) -> Any:
    """Return the document that a JSON text states.

    Raises ValueError for what is no JSON, and for more than `MAX_DEPTH` levels, with the line.
    """
    content = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if _is_too_deep(content):
        raise ValueError(f"line {_find_line(content)}: nested more than {MAX_DEPTH} levels deep")
    return json.loads(text)


def find_too_deep(text: str) -> int | None:
    """Return the line of a YAML text on which it is more than `MAX_DEPTH` levels deep; None if none is."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > MAX_DEPTH:
                return int(event.start_mark.line) + 1
    except yaml.YAMLError:
        pass  # up to where it is no YAML, which its reader says better
    return None


def _is_too_deep(content: bytes) -> bool:
    """Tell whether a JSON text has too many levels; in few passes, because a large answer has many values.

    What is left of the text are its brackets, and each pass takes the innermost out.
    """
    if content.count(b"[") + content.count(b"{") <= MAX_DEPTH:
        return False
    brackets = _ESCAPE.sub(b"", content) if b"\\" in content else content
    brackets = brackets.translate(_ONE_KIND, _NOT_OF_STRUCTURE)
    # Of two texts side by side the quotes between them can go: what is left is one text.
    brackets = _STRING.sub(b"", brackets.replace(b'""', b""))
    for _ in range(MAX_DEPTH):
        length = len(brackets)
        brackets = brackets.replace(b"[]", b"")
        if len(brackets) == length:
            # Nothing, or brackets that nobody closes: no JSON, but the parser goes as deep before it says so.
            return brackets.count(b"[") > MAX_DEPTH
    return b"[" in brackets


def _find_line(content: bytes) -> int:
    depth, line = 0, 1
    for token in _TOKEN.finditer(content):
        found = token.group()
        line += found.count(b"\n")
        depth += found in (b"[", b"{")
        depth -= found in (b"]", b"}")
        if depth > MAX_DEPTH:
            break
    return line
