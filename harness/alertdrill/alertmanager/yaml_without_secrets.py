"""Reads YAML as Alertmanager does, by the fields that it may have; secrets are forgotten on the way. Pure.

Alertmanager decodes a scalar by the type of its field, not by its looks: `on`, `1.10` and `08:30` are texts
where a text is wanted. Rules of its YAML library (gopkg.in/yaml.v2): anchors, merge keys, no key twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scanner import Scanner

from alertdrill.alertmanager.schema import OTHER_SECTIONS, Field, Fields, ListOf, MapOf, Scalar
from alertdrill.errors import BadInput
from alertdrill.runtime.nesting import find_too_deep

Located = Iterator[tuple[str, str]]
"""Complaints: a pointer, and what is wrong there."""

MAX_NODES = 100_000
"""Of a document after its aliases are written out."""
MAX_DEPTH = 100

_TRUE = {"y", "yes", "true", "on"}
_FALSE = {"n", "no", "false", "off"}
_NULL = {"", "~", "null", "Null", "NULL"}
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,14}")
_WHOLE = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?(?P<octal>[0-7]+)|0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_MAX_DIGITS = 100
_NUMBERED = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_IS_SECTION = re.compile(r"[a-z0-9]+_configs")
_FIELD_NAME = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_SAYABLE = re.compile(r"(?:[^'\"*&<]|'<[a-z ]+>'|<[a-z ]+>|'[][{}:,?-]')*")
"""What the parser says in words of its own: up to the first quotation that is no name of a token."""


def read_document(text: str, fields: Fields, source: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Return a YAML document as plain data, and the line of every key and item by its pointer.

    A pointer is a path such as `/route/routes/0/receiver`. What stands in a SECRET field is not kept: its
    value is `"<secret>"`. A field without a value is left out; a text is empty then. Raises BadInput, which
    starts with `source:line: `, and says nothing of the file but names of fields.
    """
    too_deep = find_too_deep(text)
    if too_deep is not None:
        raise BadInput(f"{source}:{too_deep}: the file is nested too deeply")
    complaint = ""
    try:
        node = _compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # The rest of what the parser says may quote the file: a value that is not YAML may be a password.
        problem = error.problem or ""
        why = next(_SAYABLE.finditer(problem))[0].strip()
        why += " …" if why and len(why) < len(problem.strip()) else ""
        line = 1 if mark is None else mark.line + 1
        complaint = f"{source}:{line}: the file is not YAML" + (f": {why}" if why else "")
    except RecursionError:
        complaint = f"{source}:1: the file is nested too deeply"
    except (YAMLError, ValueError):
        complaint = f"{source}:1: the file is not YAML"
    # Outside of the handlers, so that the parser's error, which quotes the file, is not the context of ours.
    if complaint:
        raise BadInput(complaint)
    if not isinstance(node, MappingNode):
        raise BadInput(f"{source}:1: not an Alertmanager config: it is no mapping")
    reader = _Reader(source)
    document: dict[str, Any] = reader.read(node, fields, "", ())
    return document, reader.lines


def list_secrets(text: str, fields: Fields) -> tuple[str, ...]:
    """Return what stands in the SECRET fields of a document, so that no message has it; keep it no longer."""
    reader = _Reader("", keeps_secrets=True)
    # What cannot be read is refused elsewhere.
    with suppress(YAMLError, BadInput, RecursionError):
        reader.read(_compose(text), fields, "", ())
    return tuple(reader.secrets)


def write_document(document: Mapping[str, Any]) -> str:
    """Return plain data as JSON that is YAML too, one key or item a line."""
    text = json.dumps(document, indent=2, ensure_ascii=False)  # YAML knows no pairs of surrogates
    # Line breaks in YAML, or not allowed in it as they stand.
    return re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda found: f"\\u{ord(found[0]):04x}", text)


class _Scanner(Scanner):
    """Finds tokens, also after tabs where no key could begin: so do libyaml and Go's YAML."""

    def scan_to_next_token(self) -> Any:
        """Go on to the next token."""
        super().scan_to_next_token()
        while self.reader.peek() == "\t" and not self.allow_simple_key:
            while self.reader.peek() in " \t":
                self.reader.forward()
            super().scan_to_next_token()


def _compose(text: str) -> Any:
    parser = YAML(typ="safe", pure=True)
    parser.Scanner = _Scanner
    return parser.compose(text)


class _Reader:
    """Turns nodes into plain data; every complaint says where."""

    def __init__(self, source: str, *, keeps_secrets: bool = False) -> None:
        self.lines: dict[str, int] = {}
        self.secrets: list[str] = []
        self._keeps_secrets = keeps_secrets
        self._source = source
        self._count = 0

    def read(self, node: Node, field: Field, pointer: str, above: tuple[int, ...]) -> Any:
        """Return what a node holds; `above` are the nodes that it is in. Raises BadInput."""
        self._count += 1
        if self._count > MAX_NODES:
            raise self._bad(node, f"the file has more than {MAX_NODES} values")
        if id(node) in above or len(above) > MAX_DEPTH:
            raise self._bad(node, "the file is nested too deeply, or in itself")
        below = (*above, id(node))
        if isinstance(field, Scalar):
            return self._read_scalar(node, field, pointer, below)
        if _is_null(node):
            return None
        if isinstance(field, ListOf):
            if not isinstance(node, SequenceNode):
                raise self._bad(node, f"{_name(pointer)} is not a list")
            read: list[Any] = []
            for item in node.value:
                # What is left out has no place of its own: those after it stand where they are found later.
                at = f"{pointer}/{len(read)}"
                self.lines[at] = item.start_mark.line + 1
                read += self._read_item(item, field, at, below)
            return read
        if not isinstance(node, MappingNode):
            raise self._bad(node, f"{_name(pointer)} is not a mapping")
        return dict(self._read_mapping(node, field, pointer, below))

    def _read_item(self, node: Node, field: ListOf, pointer: str, below: tuple[int, ...]) -> Sequence[Any]:
        if _is_null(node) and field.null is not None:
            return field.null
        if _is_null(node) and not isinstance(field.item, Scalar):
            raise self._bad(node, f"an item of {_name(pointer)} is empty")
        return (self.read(node, field.item, pointer, below),)

    def _read_mapping(
        self, node: MappingNode, field: MapOf | Fields, pointer: str, below: tuple[int, ...]
    ) -> Iterator[tuple[str, Any]]:
        for key, (key_node, value_node) in self._list_pairs(node, below).items():
            at = f"{pointer}/{key}"
            self.lines[at] = key_node.start_mark.line + 1
            if isinstance(field, MapOf):
                yield key, self.read(value_node, field.value, at, below)
                continue
            known = field.get(key, field.get(OTHER_SECTIONS) if _IS_SECTION.fullmatch(key) else None)
            if known is None:
                where = f" in {_name(pointer)}" if pointer else ""
                raise self._bad(key_node, f"the field {_show(key)}{where} is unknown")
            value = self.read(value_node, known, at, below)
            if value is not None:
                yield key, value

    def _list_pairs(self, node: MappingNode, below: tuple[int, ...]) -> dict[str, tuple[Node, Node]]:
        """Return keys and values; those of merged mappings come after, and give way to, its own."""
        own: dict[str, tuple[Node, Node]] = {}
        merged: dict[str, tuple[Node, Node]] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                raise self._bad(key_node, "a key is not a text")
            if key_node.value == "<<" and not key_node.style:
                for other in value_node.value if isinstance(value_node, SequenceNode) else [value_node]:
                    if not isinstance(other, MappingNode) or id(other) in below or len(below) > MAX_DEPTH:
                        raise self._bad(key_node, "<< does not name a mapping")
                    for key, pair in self._list_pairs(other, (*below, id(other))).items():
                        merged.setdefault(key, pair)
                continue
            if key_node.value in own:
                raise self._bad(key_node, f"{_show(key_node.value)} is stated twice")
            own[key_node.value] = (key_node, value_node)
        return {**own, **{key: pair for key, pair in merged.items() if key not in own}}

    def _read_scalar(self, node: Node, field: Scalar, pointer: str, below: tuple[int, ...]) -> Any:
        if field is Scalar.SECRET:
            if self._keeps_secrets and isinstance(node, ScalarNode):
                self.secrets.append(str(node.value))
            return None if _is_null(node) else Scalar.SECRET.value
        if field is Scalar.OPEN:
            return self._read_open(node, pointer, below)
        if not isinstance(node, ScalarNode):
            raise self._bad(node, f"{_name(pointer)} is not a text")
        if field in (Scalar.TEXT, Scalar.ADDRESS):
            return "" if _is_null(node) else str(node.value)
        if _is_null(node):
            return None
        if field is Scalar.OPTIONAL:
            return str(node.value)
        if field is Scalar.TIMEOUT:
            number = None if node.style else _resolve_number(node)
            return str(node.value) if number is None else number
        value = _resolve_flag(node) if field is Scalar.FLAG else _resolve_number(node)
        if value is None:
            raise self._bad(node, f"{_name(pointer)} is not {field.value}")
        return value

    def _read_open(self, node: Node, pointer: str, below: tuple[int, ...]) -> Any:
        if isinstance(node, MappingNode):
            return self.read(node, MapOf(Scalar.OPEN), pointer, below[:-1])
        if isinstance(node, SequenceNode):
            return self.read(node, ListOf(Scalar.OPEN), pointer, below[:-1])
        return None if _is_null(node) or not isinstance(node, ScalarNode) else _resolve(node)

    def _bad(self, node: Node, what: str) -> BadInput:
        return BadInput(f"{self._source}:{node.start_mark.line + 1}: {what}")


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.style and node.value in _NULL


def _resolve(node: ScalarNode) -> str | int | bool:
    """Return a scalar as a flag or a number where JSON writes that as it stands here."""
    text = str(node.value)
    if node.style:
        return text
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if _NUMBER.fullmatch(text) else text


def _resolve_flag(node: ScalarNode) -> bool | None:
    """Return what a flag says, in any of the words that YAML 1.1 has for it."""
    text = str(node.value)
    if node.style or text not in {text.lower(), text.upper(), text.capitalize()}:
        return None
    return True if text.lower() in _TRUE else False if text.lower() in _FALSE else None


def _resolve_number(node: ScalarNode) -> int | None:
    """Return a whole number, in any way of YAML 1.1; of a fraction its whole part, as Alertmanager does.

    It has no numbers of more than 64 bits.
    """
    # What is quoted is a text, but `!!int '5'` is a number.
    if node.style and str(node.tag) not in _NUMBERED:
        return None
    text = str(node.value).replace("_", "")
    if len(text) > _MAX_DIGITS:
        return None
    if found := _WHOLE.fullmatch(text):
        sign = -1 if text.startswith("-") else 1
        number = sign * int(found["octal"], 8) if found["octal"] else int(text, 0)
    elif _DECIMAL.fullmatch(text) and abs(float(text)) < 2.0**64:
        number = int(float(text))
    else:
        return None
    return number if -(2**63) <= number < 2**64 else None


def _name(pointer: str) -> str:
    """Return the field that a pointer leads to, for a message."""
    names = [part for part in pointer.split("/") if part and not part.isdecimal()]
    return _show(names[-1]) if names else "the file"


def _show(key: str) -> str:
    return key if _FIELD_NAME.fullmatch(key) else "a field"


def locate(lines: Mapping[str, int], pointer: str, source: str) -> str:
    """Return `source:line` of a pointer, or of the nearest thing around it that has a line."""
    while pointer and pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return f"{source}:{lines[pointer]}" if pointer else source
