"""Edits of a YAML text in place: what is not edited stays as it was written, to the last blank."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import yaml

from alertdrill.rules.yaml.nodes import Mapping, Node, Scalar, Sequence

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
_PLAIN = re.compile(r"[A-Za-z0-9(](?:[^\n\r:#,\[\]{}\x00-\x1f\x7f-\x9f]|(?<=\S)#|:(?=[^\s,\[\]{}]))*(?<!\s)")
_PLAIN_IN_BLOCK = re.compile(r"[A-Za-z0-9(](?:[^\n\r:#\x00-\x1f\x7f-\x9f]|(?<=\S)#|:(?=\S))*(?<!\s)")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")


class Edits:
    """Changes to a text by the nodes that were read from it; all are made at once, in the end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._wanted: dict[Scalar, tuple[str, bool]] = {}
        self._gone: list[tuple[int, int]] = []
        self._new: list[tuple[int, str]] = []
        self._dashes: list[int] | None = None

    def restate(self, scalar: Scalar, text: str, *, in_flow: bool) -> None:
        """Give a scalar another text; `in_flow` if it is in a mapping or list of flow style."""
        self._wanted[scalar] = (text, in_flow)

    def delete_items(self, sequence: Sequence, indices: Iterable[int]) -> None:
        """Take items out of a list."""
        items = sequence.items
        for index in indices:
            if not sequence.is_flow:
                self._gone.append(self._find_lines(items[index]))
            elif index + 1 < len(items):
                self._gone.append((items[index].start, items[index + 1].start))
            else:
                start = items[index - 1].end if index else items[index].start
                self._gone.append((start, items[index].end))

    def delete_pair(self, mapping: Mapping, at: int) -> None:
        """Take a pair out of a mapping that has others."""
        pairs = mapping.pairs
        if at + 1 < len(pairs):
            self._gone.append((pairs[at][0].start, pairs[at + 1][0].start))
        else:
            self._gone.append((pairs[at - 1][1].end, pairs[at][1].end))

    def add_pair(self, mapping: Mapping, key: str, value: str) -> None:
        """Put a pair of plain scalars before those that a mapping has."""
        first = mapping.pairs[0][0].start
        column = first - self._text.rfind("\n", 0, first) - 1
        end = ", " if mapping.is_flow else "\n" + " " * column
        self._new.append((first, f"{key}: {value}{end}"))

    def _find_lines(self, item: Node) -> tuple[int, int]:
        """Return where the lines of an item of a block list begin and end, from its dash on."""
        if self._dashes is None:
            tokens = yaml.scan(self._text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            self._dashes = [t.start_mark.index for t in tokens if isinstance(t, yaml.BlockEntryToken)]
        dash = max(index for index in self._dashes if index < item.start or index == item.start)
        start = self._text.rfind("\n", 0, dash) + 1
        if self._text.endswith("\n", 0, item.end):
            return start, item.end
        end = self._text.find("\n", item.end)
        return start, len(self._text) if end < 0 else end + 1

    def apply(self, start: int, end: int) -> str:
        """Return the text from `start` to `end` with the changes that were asked for."""
        spans = [(*span, "") for span in self._gone]
        spans += [(at, at, text) for at, text in self._new]
        for scalar, (text, in_flow) in self._wanted.items():
            anchor = scalar.alias_of
            if anchor is not None and self._is_kept(anchor, start, end) and self._state(anchor) == text:
                continue
            if anchor is None and text == scalar.text:
                continue
            spans.append((scalar.start, scalar.end, self._write(scalar, text, in_flow=in_flow)))
        written = []
        for first, last, text in sorted(spans):
            if last > end:
                continue
            # What begins before the last span ends is in it, or deletes on.
            if first >= start:
                written += [self._text[start:first], text]
            start = max(start, last)
        return "".join((*written, self._text[start:end]))

    def _is_kept(self, anchor: Scalar, start: int, end: int) -> bool:
        gone = any(first <= anchor.start < last for first, last in self._gone)
        return start <= anchor.start < end and not gone

    def _state(self, scalar: Scalar) -> str:
        return self._wanted.get(scalar, (scalar.text, False))[0]

    def _write(self, scalar: Scalar, text: str, *, in_flow: bool) -> str:
        raw = self._text[scalar.start : scalar.end]
        if scalar.alias_of is not None:
            return _write_flow("", text, in_flow=in_flow)
        properties = _PROPERTIES.match(raw)
        kept = properties.group() if properties else ""
        if scalar.style not in ("|", ">"):
            return kept + _write_flow(scalar.style, text, in_flow=in_flow)
        block = _write_block(raw[len(kept) :], text)
        return kept + (block or _write_flow('"', text, in_flow=in_flow) + raw[len(raw.rstrip()) :])


def _write_flow(style: str, text: str, *, in_flow: bool) -> str:
    """Return a scalar in its quotes, or in such as it needs."""
    if not style and (_PLAIN if in_flow else _PLAIN_IN_BLOCK).fullmatch(text):
        return text
    if style == '"' or _UNPRINTABLE.search(text):
        quoted = json.dumps(text, ensure_ascii=False)
        return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
    return "'" + text.replace("'", "''") + "'"


def _write_block(raw: str, text: str) -> str | None:
    """Return a block scalar with the same header and indentation; None where that cannot be kept."""
    header, _, body = raw.partition("\n")
    lines = text.rstrip("\n").split("\n")
    first = next((line for line in body.split("\n") if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip(" "))]
    states_indent = any(char.isdigit() for char in header.partition("#")[0])
    if not indent or states_indent or not lines[0].strip() or lines[0].startswith((" ", "\t")):
        return None
    if (header.startswith(">") and len(lines) > 1) or _UNPRINTABLE.search("".join(lines)):
        return None
    written = "\n".join(indent + line if line else "" for line in lines)
    return f"{header}\n{written}{raw[len(raw.rstrip()) :]}"
