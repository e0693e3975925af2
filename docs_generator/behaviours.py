"""A stub provider's behaviour in the JSON Schemas of drill files and project files, made of its fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from alertdrill.project.behaviours import COUNT_WORDS, WORDS
from stub_providers.behaviour_fields import (
    COUNTS,
    FLAWS,
    LATENCIES,
    LIMITS,
    MAX_PERCENTILES,
    MAX_SPELLS,
    PARTS,
    PER,
    SHARE,
    SPELL,
    SPELL_PARTS,
    TOKENS,
    WHEN,
    WRONG,
    Fields,
    Number,
    list_flaw_fields,
)
from stub_providers.strikes import ERROR_CLASSES

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
Schema = dict[str, Any]
DURATION = "^(?=[0-9])(?:[0-9]+y)?(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?(?:[0-9]+ms)?$"
MEANINGS: Mapping[str, str] = {
    "latency": "How long a call takes.",
    "first_token": "When a stream begins.",
    "between_tokens": "How long each token takes after the one before; drawn for each.",
    "completion_tokens": "The tokens of an answer.",
    "prompt_tokens": "The tokens that a prompt is said to have.",
    "errors": "Which calls fail, and how.",
    "flaw": "What goes wrong with answers that have begun.",
    "limits": "Rate limits.",
    "spells": "Bursts, brown-outs and outages.",
    "lookups": "Whether what is looked up meets it, too.",
}
LENGTH: Schema = {"$ref": "#/$defs/length"}
PERCENT = "(?:100(?:\\.0+)?|[0-9]{1,2}(?:\\.[0-9]+)?)"


def write_project_schema() -> str:
    """Return the JSON Schema of project files with the behaviours that there are."""
    schema = _read("project.schema.json")
    schema["$defs"] |= make_definitions()
    schema["$defs"]["behaviour"]["properties"] = list_parts()
    return _write(schema)


def write_drill_schema() -> str:
    """Return the JSON Schema of drill files with the behaviours that there are."""
    schema = _read("drills.schema.json")
    schema["$defs"] |= make_definitions()
    change = schema["$defs"]["change"]
    own = {name: field for name, field in change["properties"].items() if name not in PARTS}
    change["properties"] = own | list_parts()
    return _write(schema)


def list_parts() -> Schema:
    """Return the fields of a behaviour."""
    kinds: Mapping[str, Schema] = {
        "flag": {"type": "boolean"},
        "spells": {"type": "array", "minItems": 1, "maxItems": MAX_SPELLS, "items": _refer("spell")},
    }
    return {
        name: {**kinds.get(notation, _refer(notation)), "description": MEANINGS[name]}
        for name, notation in PARTS.items()
    }


def make_definitions() -> Schema:
    """Return what the parts of a behaviour refer to."""
    return {
        "length": {
            "description": "A duration as Prometheus writes it, such as 200ms, 90s or 1h30m.",
            "anyOf": [{"type": "string", "pattern": DURATION}, {"enum": [0, "0"]}],
        },
        "part": {
            "description": "A share such as 85% or 0.85.",
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 1},
                {"type": "string", "pattern": f"^{PERCENT}%$"},
            ],
        },
        "latency": {"anyOf": [LENGTH, *_list_words(), *_list_kinds()]},
        "tokens": {"anyOf": [_say(TOKENS), *_list_counts()]},
        "errors": _make_errors(),
        "flaw": {"anyOf": [_make_flaw(kind) for kind in FLAWS]},
        "limits": {
            **_make(
                "How much there is in each stretch of a length, a minute unless stated.",
                {},
                {**LIMITS, **PER},
            ),
            "anyOf": _list_required(LIMITS),
        },
        "spell": _make_spell(),
    }


def _list_words() -> Iterable[Schema]:
    """Yield each kind of latency by the words that tell it."""
    for kind, words in WORDS.items():
        if kind == "percentiles":
            yield {
                "type": "object",
                "description": "By percentiles.",
                "minProperties": 1,
                "maxProperties": MAX_PERCENTILES,
                "patternProperties": {f"^p{PERCENT}$": LENGTH},
                "additionalProperties": False,
            }
            continue
        named = {name: word for word, name in words.items()}
        properties = {
            named.get(name, name): LENGTH if number.is_seconds else _say(number)
            for name, number in LATENCIES[kind].items()
        }
        yield {
            "type": "object",
            "description": f"{kind.capitalize()}.",
            "properties": properties,
            "required": [name for name in properties if name != "sigma"],
            "additionalProperties": False,
        }


def _list_kinds() -> Iterable[Schema]:
    """Yield each kind of latency by its name, with fields as the control API has them."""
    for kind, fields in LATENCIES.items():
        schema = _make(f"{kind.capitalize()}, by its name.", fields, {}, kind)
        if kind == "percentiles":
            schema["properties"]["at"] = {
                "type": "object",
                "minProperties": 1,
                "maxProperties": MAX_PERCENTILES,
                "patternProperties": {f"^{PERCENT}$": {"anyOf": [_say(LATENCIES["constant"]["s"]), LENGTH]}},
                "additionalProperties": False,
            }
            schema["required"].append("at")
        yield schema


def _list_counts() -> Iterable[Schema]:
    by_range, by_median = COUNTS
    yield _make("A range.", by_range, {})
    yield _make("A range.", {word: by_range[name] for word, name in COUNT_WORDS.items()}, {})
    yield _make("Lognormal.", {"median": by_median["median"]}, {"sigma": by_median["sigma"]})


def _make_errors() -> Schema:
    by_class = _make("Some calls fail with one class of errors.", {}, WHEN)
    by_class["properties"] = {"class": {"enum": list(ERROR_CLASSES)}, **by_class["properties"]}
    shares = {**_make("A share for each class, 1 in all at most.", {}, dict.fromkeys(ERROR_CLASSES, SHARE))}
    mix = {
        "type": "object",
        "description": "Several classes.",
        "properties": {"mix": {**shares, "minProperties": 1}},
        "required": ["mix"],
        "additionalProperties": False,
    }
    return {"anyOf": [{**by_class, "oneOf": _list_required(WHEN)}, mix]}


def _make_flaw(kind: str) -> Schema:
    own = list_flaw_fields(kind)
    needed = FLAWS[kind]
    optional = {name: number for name, number in own.items() if name not in needed}
    return {
        **_make(f"The flaw {kind}.", needed, {**optional, **WHEN}, kind),
        "oneOf": _list_required(WHEN),
    }


def _make_spell() -> Schema:
    needed = {"for_s": SPELL["for_s"]}
    schema = _make(
        "A time in which it is worse: once, or every so often.",
        needed,
        {name: number for name, number in SPELL.items() if name not in needed},
    )
    schema["properties"] |= {name: {**_refer(name), "description": MEANINGS[name]} for name in SPELL_PARTS}
    return {**schema, "anyOf": _list_required(WRONG)}


def _make(what: str, needed: Fields, optional: Fields, kind: str | None = None) -> Schema:
    """Return an object; what is a length of time may be `for: 5m` or `for_s: 300`."""
    schema: Schema = {
        "type": "object",
        "description": what,
        "properties": {} if kind is None else {"kind": {"const": kind}},
        "required": [] if kind is None else ["kind"],
        "additionalProperties": False,
    }
    twice = []
    for name, number in {**needed, **optional}.items():
        schema["properties"][name] = _say(number)
        short = name.removesuffix("_s")
        if not number.is_seconds:
            schema["required"] += [name] if name in needed else []
        elif short == name:  # the `s` of a constant
            schema["required"].append(name)
        else:
            schema["properties"][short] = LENGTH
            ways = _list_required((short, name))
            twice.append({"oneOf": ways} if name in needed else {"not": {"required": [short, name]}})
    return {**schema, "allOf": twice} if twice else schema


def _say(number: Number) -> Schema:
    if number is SHARE:
        return _refer("part")
    bounds = {"minimum": number.least, "maximum": number.most}
    kind = "integer" if number.is_whole else "number"
    told = {"type": kind, **{key: int(one) if one == int(one) else one for key, one in bounds.items()}}
    return {"anyOf": [told, LENGTH]} if number.is_seconds else told


def _list_required(names: Iterable[str]) -> list[Schema]:
    return [{"required": [name]} for name in names]


def _refer(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _read(name: str) -> Schema:
    schema: Schema = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return schema


def _write(schema: Schema) -> str:
    return json.dumps(schema, indent=1) + "\n"
