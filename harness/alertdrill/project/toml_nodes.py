"""Reads a TOML text as nodes that know their line, as YAML is read. Pure."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from alertdrill.errors import BadInput
from alertdrill.project.toml_lines import Place, find_lines
from alertdrill.rules.yaml.nodes import Mapping, Node, Scalar, Sequence

MAX_DEPTH = 20
"""Levels of a project; none has more than six."""

MAX_DOTS = 100
"""Of a dotted key; tomllib needs the square of it in memory."""

_OF_KEYS = re.compile(r"""[A-Za-z0-9_ \t-]+|"[^"\n]*"|'[^'\n]*'|[^"'A-Za-z0-9_ \t-]|["']""")
_DIGITS = re.compile(r"[0-9_]{4301}")
_WHERE = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)
_PLAINLY = (
    ("Cannot overwrite a value", "a key is stated twice"),
    ("Cannot declare", "a table is stated twice: cannot declare"),
)
"""How tomllib says what happens most, and what it means."""


def read_toml(text: str, name: str, place: Place = ()) -> Mapping | None:
    """Return the table at a place of a TOML text, None if it has none; `name` is what messages call it.

    Raises BadInput with `file:line` for what is not TOML, is no table, or is nested too deeply.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS and _has_long_key(line):
            raise BadInput(f"{name}:{number}: the file has a key of more than {MAX_DOTS} parts")
    try:
        values: Any = tomllib.loads(text)
        lines = find_lines(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(_explain(str(error), text, name)) from error
    except ValueError as error:  # which is Python's own, of a number
        found = _DIGITS.search(text)
        above = text.count("\n", 0, found.start() if found else 0)
        raise BadInput(f"{name}:{above + 1}: the file has a number of too many digits") from error
    except RecursionError as error:
        raise BadInput(f"{name}:1: the file is nested too deeply") from error
    for key in place:
        if not isinstance(values, dict) or key not in values:
            return None
        values = values[key]
    node = _Maker(name, lines).make(values, place)
    if not isinstance(node, Mapping):
        raise BadInput(f"{name}:{node.line}: {'.'.join(map(str, place))} is no table")
    return node


def get_value(node: Node) -> Any:
    """Return what a node states: texts, numbers, truths, lists and tables of them."""
    if isinstance(node, Mapping):
        return {key: get_value(value) for key, value in node.values.items()}
    if isinstance(node, Sequence):
        return [get_value(item) for item in node.items]
    if node.style:
        return node.text
    return {"true": True, "false": False}.get(node.text, _read_number(node.text))


def _has_long_key(line: str) -> bool:
    """Say whether a line has a dotted key of too many parts; texts are no parts of one."""
    dots = 0
    for piece in _OF_KEYS.findall(line):
        if piece == ".":
            dots += 1
        elif piece in "=,[]{}#+:":
            dots = 0
        if dots > MAX_DOTS:
            return True
    return False


def _read_number(text: str) -> int | float | str:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text  # a date


def _explain(message: str, text: str, name: str) -> str:
    found = _WHERE.fullmatch(message)
    line = text.rstrip("\n").count("\n") + 1
    if found is not None:
        message, line = found[1], int(found[2] or line)
    for said, meant in _PLAINLY:
        message = message.replace(said, meant, 1)
    return f"{name}:{line}: the file is not TOML: {message[:1].lower()}{message[1:]}"


class _Maker:
    """Makes nodes of the values of one file."""

    def __init__(self, name: str, lines: dict[Place, int]) -> None:
        self._name = name
        self._lines = lines

    def make(self, value: Any, place: Place) -> Node:
        """Return the node of the value at a place."""
        line = self._lines.get(place, 1)
        if len(place) > MAX_DEPTH:
            raise BadInput(f"{self._name}:{line}: the file is nested more than {MAX_DEPTH} levels deep")
        if isinstance(value, dict):
            keys = {key: _make_scalar(key, self._lines[*place, key]) for key in value}
            values = {key: self.make(one, (*place, key)) for key, one in value.items()}
            return Mapping(start=0, line=line, is_flow=False, keys=keys, values=values)
        if isinstance(value, list):
            items = [self.make(one, (*place, number)) for number, one in enumerate(value)]
            return Sequence(start=0, line=line, is_flow=False, items=items)
        return _make_scalar(value, line)


def _make_scalar(value: Any, line: int) -> Scalar:
    if isinstance(value, str):
        return Scalar(text=value, start=0, end=0, line=line, style='"')
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return Scalar(text=text, start=0, end=0, line=line, style="")
