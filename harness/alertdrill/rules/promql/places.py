"""Where in an expression its parser's complaint is, which says it in words only. Pure."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""(?P<skipped>\#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
    |(?P<open>[(\[{])|(?P<close>[)\]}])
    |(?P<word>[A-Za-z0-9_:.]+)|(?P<rest>.)""",
    re.DOTALL | re.VERBOSE,
)
_NAMED = re.compile(r"'(?P<name>[^']+)'|syntax: (?P<number>\S+)$")
_CLOSERS = {"(": ")", "[": "]", "{": "}"}


def find_place(text: str, reason: str) -> int | None:
    """Return the offset of what a complaint is about, None where that is not certain.

    That is a bracket that is never closed, or a word that the complaint names and the expression has once.
    """
    if "unclosed" in reason or "unexpected end of input inside" in reason:
        return _find_unclosed(text)
    found = _NAMED.search(reason)
    if found is None:
        return None
    name = found["name"] or found["number"]
    starts = [one.start() for one in _TOKEN.finditer(text) if one["word"] == name]
    return starts[0] if len(starts) == 1 else None


def say_place(text: str, offset: int) -> str:
    """Return a place as editors count: `character 5`, and of several lines `line 2, character 5`."""
    before = text[:offset]
    character = f"character {offset - before.rfind(chr(10))}"
    return f"line {before.count(chr(10)) + 1}, {character}" if "\n" in text.strip() else character


def _find_unclosed(text: str) -> int | None:
    opened: list[tuple[str, int]] = []
    for token in _TOKEN.finditer(text):
        if token["open"]:
            opened.append((token["open"], token.start()))
        elif token["close"] and (not opened or _CLOSERS[opened.pop()[0]] != token["close"]):
            return None
    return opened[-1][1] if opened else None
