"""The fields of a mapping in a file, each taken once: what is left is unknown, and all know their line."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from typing import Self, TypeVar

from alertdrill.errors import BadInput
from alertdrill.rules.promql.expressions import parse_duration
from alertdrill.rules.yaml.nodes import Mapping, Node, Scalar, Sequence

_Value = TypeVar("_Value")
_TRUTHS = {"true": True, "false": False}
_RATE = re.compile(r"(\d+(?:\.\d+)?)/(s|m|h)")
MOST_SHARE = 10.0
"""A larger one has to be a percentage."""
_PER_S = {"s": 1, "m": 60, "h": 3600}


LIKE = {"lasts": ("for",)}
"""What else is written for a field: a fault of the network is `for: 20s`, one of the stack `lasts: 20s`."""


class _Backwards(ValueError):
    """Bounds of which the lower one is above the upper one."""

    def __init__(self) -> None:
        super().__init__("the first is more than the last; state the smaller one first")


class Fields:
    """A mapping of a YAML file. `what` is what it is in messages: `the drill "outage"`.

    Every method raises BadInput with `file:line` for a value that is none of its kind.
    """

    mapping = "mapping of fields"
    """What the file's format calls one."""

    def __init__(self, node: Node, name: str, what: str) -> None:
        self.name = name
        self.what = what
        self.line = node.line
        if not isinstance(node, Mapping):
            raise self.fail(f"{what} is no {self.mapping}", node)
        self._keys = node.keys
        self._left = dict(node.values)
        self._known: list[str] = []

    def fail(self, why: str, node: Node | None = None) -> BadInput:
        """Return an error that says where."""
        return BadInput(f"{self.name}:{self.line if node is None else node.line}: {why}")

    def find_key(self, key: str) -> Node | None:
        """Return where a field is stated, also once it was taken."""
        return self._keys.get(key)

    def has(self, key: str) -> bool:
        """Say whether the field is stated, and not null."""
        self._known.append(key)
        node = self._left.get(key)
        return node is not None and not (isinstance(node, Scalar) and node.is_null)

    def has_more(self) -> bool:
        """Say whether a field is left that nobody took."""
        return bool(self._left)

    def take_node(self, key: str) -> Node:
        """Return a field's node."""
        if not self.has(key):
            near = get_close_matches(key, self._left, n=1)
            near = near or [one for one in LIKE.get(key, ()) if one in self._left]
            found = f", but a field {near[0]!r}" if near else ""
            stated = f"states no value for {key}" if key in self._left else f"has no {key}{found}"
            raise self.fail(f"{self.what} {stated}")
        return self._left.pop(key)

    def put_back(self, key: str, node: Node) -> Self:
        """Have a field's node taken again, as something else."""
        self._left[key] = node
        return self

    def take_text(self, key: str, default: str | None = None) -> str:
        """Return a text that is not empty."""
        return self._take(key, default, "a text", lambda text: text or None)

    def take_word(self, key: str, among: Iterable[str], default: str | None = None) -> str:
        """Return one of some words."""
        words = tuple(among)
        return self._take(
            key, default, f"one of {', '.join(words)}", lambda text: text if text in words else None, words
        )

    def take_number(self, key: str, default: float | None = None) -> float:
        """Return a number."""
        return self._take(key, default, "a number", _parse_number, is_text=False)

    def take_count(self, key: str, default: int | None = None) -> int:
        """Return a whole number from 0 up."""
        return self._take(key, default, "a whole number", _parse_whole, is_text=False)

    def take_positive(self, key: str, default: int | None = None) -> int:
        """Return a whole number from 1 up."""
        return self._take(
            key, default, "a whole number from 1 up", lambda text: _parse_whole(text) or None, is_text=False
        )

    def take_counts(self, key: str) -> tuple[int, int]:
        """Return bounds of a number: `3`, or `2..4`."""
        return self._take(key, None, "a number such as 3, or 2..4", _parse_counts)

    def take_truth(self, key: str, default: bool | None = None) -> bool:
        """Return true or false."""
        return self._take(key, default, "true or false", lambda text: _TRUTHS.get(text), is_text=False)

    def take_duration(self, key: str, default: float | None = None) -> float:
        """Return the seconds of a duration: `12m`, `1h30m`."""
        return self._take(key, default, "a duration such as 5m or 1h30m", parse_seconds)

    def take_span(self, key: str) -> tuple[float, float]:
        """Return the seconds of a span: `12m..16m`, `..16m` from 0 on, and `16m` likewise."""
        return self._take(key, None, "a span such as 12m..16m", _parse_span)

    def take_share(self, key: str, default: float | None = None) -> float:
        """Return a share, from `85%` or `0.85`."""
        return self._take(key, default, "a share such as 85%", parse_share)

    def take_shares(self, key: str) -> tuple[float, float | None]:
        """Return bounds of a share: `60%..95%`, and `60%` without an upper one."""
        return self._take(key, None, "a share such as 85%, or 60%..95%", _parse_shares)

    def take_rate(self, key: str) -> float:
        """Return arrivals per second, from `0.4/s`, `24/m` or `3/h`."""
        return self._take(key, None, "a rate such as 0.4/s or 24/m", parse_rate)

    def take_labels(self, key: str) -> dict[str, str]:
        """Return labels and their values, none where nothing is stated."""
        if not self.has(key):
            return {}
        node = self.take_node(key)
        if not isinstance(node, Mapping):
            raise self.fail(f"{key} is no mapping of labels to values", node)
        labels = {}
        for label, value in node.values.items():
            if not isinstance(value, Scalar) or value.is_null:
                raise self.fail(f"the label {label} has no text as its value", value)
            if not label:
                raise self.fail("a label has no name", value)
            labels[label] = value.text
        return labels

    def take_texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, none where nothing is stated."""
        nodes = self.take_items(key)
        for node in nodes:
            if not isinstance(node, Scalar) or not node.text:
                raise self.fail(f"{key} is no list of texts", node)
        return tuple(node.text for node in nodes if isinstance(node, Scalar))

    def take_items(self, key: str) -> list[Node]:
        """Return the nodes of a list, none where nothing is stated."""
        if not self.has(key):
            return []
        node = self.take_node(key)
        if not isinstance(node, Sequence):
            raise self.fail(f"{key} is no list", node)
        return node.items

    def take_fields(self, key: str, what: str | None = None) -> Self:
        """Return the fields of a mapping within."""
        return type(self)(self.take_node(key), self.name, what or f"{key} of {self.what}")

    def take_rest(self) -> dict[str, Node]:
        """Return all that was not taken."""
        rest, self._left = self._left, {}
        return rest

    def end(self) -> None:
        """Raise BadInput for the first field that nobody took, with the known name that is nearest."""
        for key in self._left:
            if not self.has(key) and key in self._known[:-1]:
                continue
            raise self._fail_unknown(key, self._known[:-1])

    def check_known(self, known: Collection[str]) -> None:
        """Raise BadInput for the first field that is not among those known, before any is taken."""
        for key in self._left:
            if key not in known:
                raise self._fail_unknown(key, known)

    def _fail_unknown(self, key: str, known: Iterable[str]) -> BadInput:
        near = say_nearest(key, known)
        return self.fail(f"{self.what} has a field {key!r}, which is unknown{near}", self._keys[key])

    def can_be(self, _node: Scalar, *, is_text: bool) -> bool:  # noqa: ARG002 - for subclasses
        """Say whether a value can be a text, or else a number or a truth: in YAML, its field decides."""
        return True

    def show(self, node: Scalar) -> str:
        """Return a value as messages show it."""
        return repr(node.text)

    def _take(
        self,
        key: str,
        default: _Value | None,
        kind: str,
        parse: Callable[[str], _Value | None],
        words: Iterable[str] = (),
        *,
        is_text: bool = True,
    ) -> _Value:
        if not self.has(key) and default is not None:
            self._left.pop(key, None)
            return default
        node = self.take_node(key)
        is_kind = isinstance(node, Scalar) and self.can_be(node, is_text=is_text)
        try:
            value = parse(node.text) if isinstance(node, Scalar) and is_kind else None
        except _Backwards as error:
            shown = self.show(node) if isinstance(node, Scalar) else key
            raise self.fail(f"{key} of {self.what} is {shown}: {error}", node) from error
        if value is None:
            said = f" {self.show(node)}" if isinstance(node, Scalar) else " a list or a mapping"
            near = say_nearest(node.text, words) if isinstance(node, Scalar) else ""
            raise self.fail(f"{key} of {self.what} is{said}, not {kind}{near}", node)
        return value


def say_nearest(name: str, known: Iterable[str]) -> str:
    """Say which name was probably meant: `; do you mean "labels"?`, or nothing."""
    near = get_close_matches(name, list(dict.fromkeys(known)), n=1, cutoff=0.6)
    return f"; do you mean {near[0]!r}?" if near else ""


def _parse_whole(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _parse_number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value and abs(value) < float("inf") else None


def parse_seconds(text: str) -> float | None:
    """Return a duration such as `5m` in seconds; None for a text that is none."""
    try:
        return parse_duration(text)
    except ValueError:
        return None


def _parse_span(text: str) -> tuple[float, float] | None:
    first, dots, last = text.partition("..")
    from_s, to_s = (parse_seconds(first or "0"), parse_seconds(last)) if dots else (0.0, parse_seconds(text))
    if from_s is None or to_s is None:
        return None
    if from_s > to_s:
        raise _Backwards
    return from_s, to_s


def parse_share(text: str) -> float | None:
    """Return a share, from `85%` or `0.85`; None for a text that is none."""
    number = _parse_number(text.removesuffix("%"))
    if number is None or number < 0:
        return None
    if text.endswith("%"):
        return number / 100
    return number if number <= MOST_SHARE else None  # 60 is 60%, said wrong


def _parse_shares(text: str) -> tuple[float, float | None] | None:
    first, dots, last = text.partition("..")
    least, most = parse_share(first), parse_share(last) if dots else None
    if least is None or (dots and most is None):
        return None
    if most is not None and most < least:
        raise _Backwards
    return least, most


def _parse_counts(text: str) -> tuple[int, int] | None:
    first, dots, last = text.partition("..")
    last = last if dots else first
    if not (first.isdecimal() and last.isdecimal()):
        return None
    if int(first) > int(last):
        raise _Backwards
    return int(first), int(last)


def parse_rate(text: str) -> float | None:
    """Return arrivals per second, from `0.4/s`, `24/m` or `3/h`; None for a text that is none."""
    found = _RATE.fullmatch(text.replace(" ", ""))
    return None if found is None else float(found[1]) / _PER_S[found[2]]
