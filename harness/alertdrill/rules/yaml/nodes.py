"""YAML as nodes that know where they stand, so that a file can be edited without being written anew.

Prometheus decodes a scalar by the type of its field: `yes`, `1.10` and `2001-01-01` are texts where a text is
wanted. So nodes keep the text. Anchors, aliases and merge keys are those of YAML 1.1; an alias stands for the
node itself, but for a scalar, which knows its own place and that of its anchor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from alertdrill.errors import BadRules

MAX_DEPTH = 50
MAX_MERGED = 1000
"""Keys of a mapping with merge keys; merges of merges could multiply without bound."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = {"", "~", "null", "Null", "NULL"}


@dataclass(slots=True, kw_only=True, eq=False)
class Scalar:
    """A scalar's text, and where it stands with its anchor and tag; `style` is its quotes, none if plain."""

    text: str
    start: int
    end: int
    line: int
    style: str
    alias_of: Scalar | None = None

    @property
    def is_null(self) -> bool:
        """Whether it says nothing."""
        return not self.style and self.text in _NULLS


@dataclass(slots=True, kw_only=True, eq=False)
class Sequence:
    """A list; in flow style `[…]` its end is where it ends, else where its last item does."""

    start: int
    end: int = 0
    line: int
    is_flow: bool
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Mapping:
    """A mapping: its own pairs in order, and all that it has, with what is merged into it."""

    start: int
    end: int = 0
    line: int
    is_flow: bool
    pairs: list[tuple[Scalar, Node]] = field(default_factory=list)
    values: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Scalar] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


def read_nodes(text: str, name: str) -> Node | None:
    """Return the document that a text states, None if it is empty; `name` is what messages call it.

    Raises BadRules for what is not YAML, a key that is stated twice, more than one document, and what is
    nested too deeply.
    """
    return next(iter(_read(text, name, is_single=True)), None)


def read_all_nodes(text: str, name: str) -> list[Node]:
    """Return the documents of a text that are not empty; raises BadRules as `read_nodes` does."""
    return _read(text, name, is_single=False)


def _read(text: str, name: str, *, is_single: bool) -> list[Node]:
    try:
        return _Composer(name, is_single=is_single).compose(yaml.parse(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # Where a text ends without a line break, the parser takes it for one line longer.
        line = 1 if mark is None else min(mark.line, text.count("\n")) + 1
        raise BadRules(f"{name}:{line}: the file is not YAML: {error.problem or error.context}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        raise BadRules(f"{name}:{line}: the file is not YAML: {error.reason}") from error


class _Composer:
    """Makes nodes of events, one after another: a file cannot exhaust the stack."""

    def __init__(self, name: str, *, is_single: bool) -> None:
        self._name = name
        self._is_single = is_single
        self._anchors: dict[str, Node] = {}
        self._open: list[tuple[Sequence | Mapping, str | None]] = []
        self._keys: list[Scalar | None] = []
        self._documents: list[Node] = []

    def compose(self, events: Iterator[yaml.Event]) -> list[Node]:
        """Return the documents, without empty ones."""
        for event in events:
            line = event.start_mark.line + 1
            match event:
                case yaml.AliasEvent():
                    self._close(self._follow(event, line), None)
                case yaml.ScalarEvent():
                    self._close(_make_scalar(event, line), event.anchor)
                case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                    self._begin(event, line)
                case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                    node, anchor = self._open.pop()
                    self._keys.pop()
                    self._end(node, event.end_mark.index)
                    self._close(node, anchor)
                case yaml.DocumentStartEvent():
                    if self._documents and self._is_single:
                        raise BadRules(f"{self._name}:{line}: the file has more than one document")
                    self._anchors.clear()
        return [one for one in self._documents if not (isinstance(one, Scalar) and one.is_null)]

    def _begin(self, event: yaml.CollectionStartEvent, line: int) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise BadRules(f"{self._name}:{line}: the file is nested too deeply")
        kind = Sequence if isinstance(event, yaml.SequenceStartEvent) else Mapping
        node = kind(start=event.start_mark.index, line=line, is_flow=bool(event.flow_style))
        self._open.append((node, event.anchor))
        self._keys.append(None)

    def _end(self, node: Sequence | Mapping, end: int) -> None:
        if isinstance(node, Mapping):
            self._merge(node)
        if node.is_flow:
            node.end = end
        elif isinstance(node, Mapping):
            node.end = node.pairs[-1][1].end if node.pairs else node.start
        else:
            node.end = node.items[-1].end if node.items else node.start

    def _close(self, node: Node, anchor: str | None) -> None:
        """Hand a whole node to the one that it is in."""
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self._documents.append(node)
            return
        holder = self._open[-1][0]
        if isinstance(holder, Sequence):
            holder.items.append(node)
        elif (key := self._keys[-1]) is None:
            if not isinstance(node, Scalar):
                raise BadRules(f"{self._name}:{node.line}: a key is not a string")
            self._keys[-1] = node
        else:
            self._keys[-1] = None
            self._add(holder, key, node)

    def _add(self, mapping: Mapping, key: Scalar, value: Node) -> None:
        mapping.pairs.append((key, value))
        if key.text == "<<" and not key.style:
            return
        if key.text in mapping.values:
            shown = repr(key.text[:40])
            raise BadRules(f"{self._name}:{key.line}: the file is not YAML: found duplicate key {shown}")
        mapping.values[key.text] = value
        mapping.keys[key.text] = key

    def _merge(self, mapping: Mapping) -> None:
        """Add what merge keys bring; what a mapping states itself comes first, then what is merged first."""
        for key, value in mapping.pairs:
            if key.text != "<<" or key.style:
                continue
            for merged in value.items if isinstance(value, Sequence) else [value]:
                if not isinstance(merged, Mapping):
                    raise BadRules(f"{self._name}:{key.line}: what is merged is not a mapping")
                mapping.values = merged.values | mapping.values
                mapping.keys = merged.keys | mapping.keys
                if len(mapping.values) > MAX_MERGED:
                    raise BadRules(f"{self._name}:{key.line}: a mapping has more than {MAX_MERGED} keys")

    def _follow(self, event: yaml.AliasEvent, line: int) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise BadRules(f"{self._name}:{line}: the file is not YAML: found undefined alias")
        if not isinstance(node, Scalar):
            return node
        return Scalar(
            text=node.text,
            start=event.start_mark.index,
            end=event.end_mark.index,
            line=line,
            style=node.style,
            alias_of=node.alias_of or node,
        )


def _make_scalar(event: yaml.ScalarEvent, line: int) -> Scalar:
    return Scalar(
        text=event.value,
        start=event.start_mark.index,
        end=event.end_mark.index,
        line=line,
        style=event.style or "",
    )
