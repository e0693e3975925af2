"""Finds the lines on which a TOML text states its keys and items; tomllib tells only their values. Pure.

The text is known to be TOML, for tomllib has read it, so nothing is checked here a second time.
Grammar: https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import re
import tomllib

Place = tuple[str | int, ...]
"""The keys, and the numbers of items, that lead to a value."""

_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_STRING = re.compile(
    r"""\"{3}(?:[^"\\]|\\.|"(?!""))*"{3,5}|'{3}(?:[^']|'(?!''))*'{3,5}|"(?:[^"\\]|\\.)*"|'[^']*'""", re.DOTALL
)
_BARE = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]+|[^\s,\]}#]+")


def find_lines(text: str) -> dict[Place, int]:
    """Return the line of every key, table and item of a TOML text, by its place."""
    return _Scanner(text).scan()


class _Scanner:
    """Goes through a text once, from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted_to = 0
        self._lines: dict[Place, int] = {}
        self._counts: dict[Place, int] = {}
        """How many tables each array of tables has so far."""

    def scan(self) -> dict[Place, int]:
        """Return the lines that were found."""
        table: Place = ()
        self._skip_gap()
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._read_header()
            else:
                self._read_pair(table)
            self._skip_gap()
        return self._lines

    def _read_header(self) -> Place:
        """Return the place of the table that a header begins."""
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        *within, last = self._read_keys()
        place: Place = ()
        for key in within:
            place = self._note((*place, key))
            if place in self._counts:
                place = (*place, self._counts[place] - 1)
        place = self._note((*place, last))
        if brackets == 2:
            number = self._counts.get(place, 0)
            self._counts[place] = number + 1
            place = self._note((*place, number))
        self._skip_gap()
        self._at += brackets
        return place

    def _read_pair(self, table: Place) -> None:
        place = table
        for key in self._read_keys():
            place = self._note((*place, key))
        self._at += 1  # the sign =
        self._skip_gap()
        self._read_value(place)

    def _read_keys(self) -> list[str]:
        """Return the keys of a dotted key, and stand behind it and its blanks."""
        keys = []
        while True:
            self._skip_gap()
            key = self._take(_KEY)
            keys.append(str(tomllib.loads(f"key = {key}")["key"]) if key[0] in "\"'" else key)
            self._skip_gap()
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _read_value(self, place: Place) -> None:
        opening = self._text[self._at]
        if opening not in "[{":
            self._take(_STRING if opening in "\"'" else _BARE)
            return
        self._at += 1
        number = 0
        while True:
            self._skip_gap()
            found = self._text[self._at]
            if found in "]},":
                self._at += 1
                if found != ",":
                    return
            elif opening == "{":
                self._read_pair(place)
            else:
                self._read_value(self._note((*place, number)))
                number += 1

    def _note(self, place: Place) -> Place:
        """Keep the line of a place that is met for the first time."""
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        self._lines.setdefault(place, self._line)
        return place

    def _skip_gap(self) -> None:
        self._take(_GAP)

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found is not None  # noqa: S101 - tomllib read it, so it is there
        self._at = found.end()
        return found.group()
