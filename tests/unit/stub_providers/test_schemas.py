"""Values that fit a JSON schema, and stay small whatever the schema is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stub_providers.dialects.schemas import MAX_CHARS, MAX_ITEMS, make_value

TEXT = "smoke detector"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, TEXT),
        ({"type": "STRING"}, TEXT),
        ({"type": ["integer", "null"]}, 0),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "boolean"}, False),
        ({"type": "null"}, None),
        ({"enum": ["low", "high"]}, "low"),
        ({"const": 7}, 7),
        ({"type": "string", "maxLength": 5}, "smoke"),
        ({"type": "string", "minLength": 20}, "smoke detector smoke"),
        ({"type": "string", "format": "date"}, "2026-01-31"),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 0),
        ({"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b"]}, {"b": TEXT}),
        ({"$defs": {"n": {"type": "integer"}}, "$ref": "#/$defs/n"}, 0),
        (None, None),
        ("odd", None),
    ],
)
def test_a_value_fits_its_schema(schema: object, value: object) -> None:
    """Types, enums, required fields, bounds and definitions are kept."""
    assert make_value(schema) == value


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"type": "object", "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}, "required": ["a", "b"]},
        {"type": "array", "minItems": 10**9, "items": {"$ref": "#"}},
        {"type": "string", "minLength": 10**9},
        {"enum": ["x" * 10**6]},
        {"type": "integer", "minimum": float("inf")},
        {
            "type": "object",
            "properties": {str(n): {} for n in range(10**4)},
            "required": list(map(str, range(10**4))),
        },
        {"anyOf": [], "type": [], "required": 5, "properties": [], "$ref": "#/no/such"},
    ],
)
def test_a_value_is_small_whatever_the_schema_is(schema: Any) -> None:
    """A schema that refers to itself, and one of a million items, are some kilobytes of JSON."""
    assert len(json.dumps(make_value(schema), allow_nan=False)) < 200 * (MAX_CHARS + MAX_ITEMS)
