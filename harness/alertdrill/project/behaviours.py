"""A stub provider's behaviour as people write it in YAML or TOML; see docs/reference/stub-providers.md.

It is put into the words of the providers' control API, and read by their own reader, which knows what there
is. A field of seconds, `for_s: 300`, is written as a duration besides, `for: 5m`, and a share as `10%`; so a
field that is new there can be written at once. Only what people say in other words than programs has a line
here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from typing import Any

from alertdrill.errors import BadInput
from alertdrill.project.stub_reading import behaviour_fields, behaviour_reading, checks
from alertdrill.rules.fields import Fields, parse_seconds, parse_share, say_nearest
from alertdrill.rules.promql.expressions import format_duration
from alertdrill.rules.yaml.nodes import Mapping, Node, Scalar

DURATION = "a duration such as 5m or 1h30m"
SIGMA = 0.3
"""The sigma of a median that states none."""
CLASS = "server_error"
"""The class of errors that state none."""
WORDS: AnyMapping[str, AnyMapping[str, str]] = {
    "mixed": {"usually": "s", "slow": "slow_s"},
    "uniform": {"from": "low_s", "to": "high_s"},
    "lognormal": {"median": "median_s"},
    "gamma": {"mean": "mean_s"},
    "percentiles": {},
}
"""The words that tell a kind of latency which is not named, and the control API's for them."""
COUNT_WORDS: AnyMapping[str, str] = {"from": "low", "to": "high"}
PERCENTILE = re.compile(r"p([0-9]+(?:\.[0-9]+)?)")
MAX_MODEL_CHARS = 200
MAX_NAMED = 100
"""Of models, and of keys, that behave otherwise from the start."""
SECONDS = "_s"
AT = "at"
"""What has seconds by percent, whose names have no unit."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BOUNDS = re.compile(r"must be a number from (\S+) to (\S+)")
_TRUTHS = {"true": True, "false": False}


def read_behaviour(fields: Fields) -> dict[str, Any]:
    """Return the behaviour that is stated among the fields, as the control API takes it; others are left.

    Times are seconds. Raises BadInput with `file:line` and the nearest name for what the API would refuse.
    """
    translation = _Translation(fields)
    told = {
        name: translation.read(notation, fields.take_node(name), (name,), name)
        for name, notation in behaviour_fields.PARTS.items()
        if fields.has(name)
    }
    try:
        behaviour_reading.read_behaviour(told)
    except checks.BadInstruction as bad:
        raise translation.explain(bad) from bad
    return told


def read_whole_behaviour(fields: Fields) -> dict[str, Any]:
    """Return the behaviour that the fields are, and nothing else; raises BadInput."""
    told = read_behaviour(fields)
    fields.end()
    return told


def read_models(fields: Fields) -> dict[str, dict[str, Any]]:
    """Return the behaviours of `models` by their names, none where nothing is stated; raises BadInput."""
    if not fields.has("models"):
        return {}
    node = fields.take_node("models")
    within = type(fields)(node, fields.name, f"models of {fields.what}")
    told = {}
    for model, one in within.take_rest().items():
        if model == "*" or not (1 <= len(model) <= MAX_MODEL_CHARS and model.isprintable()):
            raise within.fail(f"{within.what} has {model[:40]!r}, which is no name of a model", one)
        told[model] = read_whole_behaviour(type(fields)(one, fields.name, f"{model} of {within.what}"))
    if len(told) > MAX_NAMED:
        raise within.fail(f"{within.what} has more than {MAX_NAMED} models", node)
    return told


def take_key(fields: Fields) -> str:
    """Return the name of the environment variable that `key: {env: NAME}` says a key is in.

    Raises BadInput for a literal one, which is not repeated.
    """
    node = fields.take_node("key")
    name = node.values.get("env") if isinstance(node, Mapping) and len(node.values) == 1 else None
    if not isinstance(name, Scalar) or not _VARIABLE.fullmatch(name.text):
        raise fields.fail(f"key of {fields.what} is a secret, so it has to be {{env: NAME}}", node)
    return name.text


class _Translation:
    """Puts the parts of one behaviour into the control API's words, and remembers who wrote what where."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._written: dict[checks.Place, tuple[str, Node]] = {}
        """By the control API's place: what the file calls the field, and its value."""
        self._words: dict[checks.Place, dict[str, str]] = {}
        """By place of an object: the file's words for fields of the control API."""

    def read(self, notation: str, node: Node, place: checks.Place, key: str) -> Any:
        """Return the value of a part."""
        self._written[place] = (key, node)
        match notation, node:
            case "latency", Scalar():
                return {"kind": "constant", "s": self._read_duration(node, place)}
            case "latency", Mapping():
                return self._read_latency(node, place)
            case "tokens", Mapping():
                told = self._read_fields(node, place, COUNT_WORDS)
                return {"sigma": SIGMA, **told} if "median" in told else told
            case "errors", Mapping():
                told = self._read_fields(node, place)
                return told if told.keys() & {"class", "mix"} else {"class": CLASS, **told}
        return self._read_value(node, place)

    def explain(self, bad: checks.BadInstruction) -> BadInput:
        """Return an error that says it in the words of the file, with the line."""
        place, why = bad.place, self._restate(bad)
        key, node = self._written.get(place, ("", None))
        shown = self._fields.show(node) if isinstance(node, Scalar) else ""
        if isinstance(bad, checks.UnknownField):
            return self._explain_unknown(bad, key, node, shown)
        if node is None:
            owner = place[:-1]
            missing = f"{self._say(owner)} has no {self._say_word(place)}: it {why}"
            return self._fields.fail(missing, self._written[owner][1])
        for told, word in self._list_words(place[:-1]):
            why = re.sub(rf"\b{re.escape(told)}\b", word.replace("\\", r"\\"), why)
        if shown and why.startswith("must be "):
            near = say_nearest(node.text, bad.known) if isinstance(node, Scalar) else ""
            return self._fields.fail(
                f"{self._say(place)} is {shown}, not {why.removeprefix('must be ')}{near}", node
            )
        return self._fields.fail(f"{self._say(place)} {why}", node)

    def _restate(self, bad: checks.BadInstruction) -> str:
        """Return what a value must be, in the words of a file where its field has one of them."""
        place, why = bad.place, bad.why
        if why == "must be an object":
            return (
                f"must be a mapping of fields{', such as {share: 10%}' if place[-1:] == ('errors',) else ''}"
            )
        found = _BOUNDS.fullmatch(why)
        if found is None:
            return why
        least, most = float(found[1]), float(found[2])
        key = self._written[place][0] if place in self._written else self._say_word(place)
        if place[-1] in behaviour_fields.TIMES and not key.endswith(SECONDS) and key != "s":
            return f"must be a duration from {format_duration(least)} to {format_duration(most)}"
        return "must be a share from 0% to 100%, such as 10%" if (least, most) == (0, 1) else why

    def _explain_unknown(self, bad: checks.UnknownField, key: str, node: Node | None, shown: str) -> BadInput:
        *owner, name = bad.place
        if shown and f"{name}{SECONDS}" in behaviour_fields.TIMES.intersection(bad.known):
            return self._fields.fail(f"{self._say(bad.place)} is {shown}, not {DURATION}", node)
        if shown and key != name and str(name).removesuffix(SECONDS) in bad.known:
            return self._fields.fail(f"{self._say(bad.place)} is {shown}, not a number", node)
        words = [self._say_word((*owner, known)) for known in bad.known]
        near = say_nearest(key, [*words, *bad.known])
        return self._fields.fail(
            f"{self._say(tuple(owner))} has a field {key!r}, which is unknown{near}", node
        )

    def _say(self, place: checks.Place) -> str:
        """Return a place in the words of the file: `share of errors of item 1 of spells of …`."""
        said = []
        for depth in range(len(place), 0, -1):
            part = place[depth - 1]
            word = f"item {part + 1}" if isinstance(part, int) else self._written[place[:depth]][0]
            said += [word if word.isprintable() else repr(word)] if word else []
        return " of ".join((*said, self._fields.what))

    def _list_words(self, owner: checks.Place) -> list[tuple[str, str]]:
        """Return the file's words for fields of an object, by the control API's names."""
        stated = [
            (str(place[-1]), key)
            for place, (key, _) in self._written.items()
            if place and place[:-1] == owner
        ]
        return [*self._words.get(owner, {}).items(), *stated]

    def _say_word(self, place: checks.Place) -> str:
        """Return the file's word for a field that is not stated."""
        name = str(place[-1])
        if name not in behaviour_fields.TIMES:
            return self._words.get(place[:-1], {}).get(name, name)
        if any(key in behaviour_fields.TIMES for _, key in self._list_words(place[:-1])):
            return name  # the control API's own names are used there
        return self._words.get(place[:-1], {}).get(name, name.removesuffix(SECONDS))

    def _read_latency(self, node: Mapping, place: checks.Place) -> dict[str, Any]:
        """Return a latency whose kind is named, or told by its words."""
        if "kind" in node.values:
            kind = node.values["kind"]
            return self._read_fields(
                node, place, WORDS.get(kind.text if isinstance(kind, Scalar) else "", {})
            )
        if any(PERCENTILE.fullmatch(key) for key in node.values):
            return {"kind": "percentiles", "at": self._read_percentiles(node, place)}
        stated = [kind for kind, words in WORDS.items() if words.keys() & node.values.keys()]
        if not stated:
            known = sorted({word for words in WORDS.values() for word in words} | {"kind"})
            near = next(filter(None, (say_nearest(key, known) for key in node.values)), "")
            raise self._fields.fail(
                f"{self._say(place)} is no latency: a duration such as 2s, or one of {{usually, slow, "
                f"every}}, {{from, to}}, {{median, sigma}}, {{mean, shape}} and {{p50, p99, …}}{near}",
                node,
            )
        told = self._read_fields(node, place, WORDS[stated[0]])
        if stated[0] == "lognormal":
            told = {"sigma": SIGMA, **told}
        return {"kind": stated[0], **told}

    def _read_percentiles(self, node: Mapping, place: checks.Place) -> dict[str, float]:
        """Return seconds by percent of `{p50: 1s, p99: 9s}`."""
        at = (*place, "at")
        self._written[at] = ("", node)
        told = {}
        for key, value in node.values.items():
            found = PERCENTILE.fullmatch(key)
            percent = found[1] if found else key
            self._written[*at, percent] = (key, value)
            told[percent] = self._read_duration(value, (*at, percent))
        return told

    def _read_duration(self, node: Node, place: checks.Place) -> float:
        text = node.text if isinstance(node, Scalar) else ""
        seconds = parse_seconds(text)
        if seconds is None:
            said = f" {self._fields.show(node)}" if isinstance(node, Scalar) else " a list or a mapping"
            raise self._fields.fail(f"{self._say(place)} is{said}, not {DURATION}", node)
        return seconds

    def _read_fields(
        self, node: Mapping, place: checks.Place, words: AnyMapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return an object: a duration adds `_s` to its field's name, and `words` are names that differ."""
        words = words or {}
        if words.keys() & node.values.keys():
            self._words[place] = {told: word for word, told in words.items()}
        told: dict[str, Any] = {}
        for key, value in node.values.items():
            name = words.get(key, key)
            if _has_unit(value) and place[-1] != AT and name not in behaviour_fields.TIMES:
                name = f"{name}{SECONDS}"
            inner = (*place, name)
            if name in told:
                raise self._fields.fail(f"{self._say(inner)} is stated twice", value)
            if key in words and name in behaviour_fields.TIMES:
                self._written[inner] = (key, value)
                told[name] = self._read_duration(value, inner)
            else:
                told[name] = self.read(behaviour_fields.PARTS.get(name, ""), value, inner, key)
        return told

    def _read_value(self, node: Node, place: checks.Place) -> Any:
        """Return what a value states: a number, a share of `10%`, a duration's seconds, a text, or others."""
        if isinstance(node, Mapping):
            return self._read_fields(node, place)
        if not isinstance(node, Scalar):
            return [self.read("", item, (*place, number), "") for number, item in enumerate(node.items)]
        if self._fields.can_be(node, is_text=False):
            if node.is_null:
                return None
            number = _parse_number(node.text)
            if number is not None:
                return number
        if self._fields.can_be(node, is_text=True):
            number = parse_share(node.text) if node.text.endswith("%") else None
            if _has_unit(node):
                number = parse_seconds(node.text)
            if number is not None:
                return number
        return node.text


def _has_unit(node: Node) -> bool:
    """Say whether a value is a duration with its unit: a plain 0 may be any number."""
    return isinstance(node, Scalar) and not node.text.isdecimal() and parse_seconds(node.text) is not None


def _parse_number(text: str) -> int | float | bool | None:
    if text in _TRUTHS:
        return _TRUTHS[text]
    for parse in (int, float):
        try:
            return parse(text)
        except ValueError:
            continue
    return None
