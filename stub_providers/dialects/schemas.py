"""The smallest value that fits a JSON schema, for structured answers and the arguments of tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stub_providers.dialects.texts import is_number

MAX_DEPTH = 8
MAX_VALUES = 200
MAX_ITEMS = 8
MAX_CHARS = 200
MAX_NUMBER = 10**15
_TEXT = "smoke detector "
_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "crew@example.com",
    "time": "12:00:00Z",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def make_value(schema: object) -> Any:
    """Return a value that fits `schema` as far as types, enums, required fields, bounds and `$defs` go.

    It stays small whatever the schema is: what lies deeper or beyond its bounds is left out, or null.
    """
    return _Maker(schema).make(schema, 0)


class _Maker:
    """Makes the values of one schema, `MAX_VALUES` at most; `$ref` is looked up in the schema itself."""

    def __init__(self, root: object) -> None:
        self._root = root
        self._left = MAX_VALUES

    def make(self, schema: object, depth: int) -> Any:
        self._left -= 1
        if not isinstance(schema, Mapping) or depth > MAX_DEPTH or self._left < 0:
            return None
        if "const" in schema:
            return _keep_small(schema["const"])
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return _keep_small(schema["enum"][0])
        if isinstance(schema.get("$ref"), str):
            return self.make(self._find(schema["$ref"]), depth + 1)
        for several in ("anyOf", "oneOf", "allOf"):
            if isinstance(schema.get(several), list) and schema[several]:
                return self.make(schema[several][0], depth + 1)
        return self._make_typed(schema, depth)

    def _make_typed(self, schema: Mapping[str, Any], depth: int) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = kind[0] if kind else None
        kind = kind.lower() if isinstance(kind, str) else "object" if "properties" in schema else "string"
        if kind == "object":
            return self._make_object(schema, depth)
        if kind == "array":
            wanted = _read_count(schema.get("minItems"), MAX_ITEMS)
            return [self.make(schema.get("items"), depth + 1) for _ in range(wanted)]
        if kind in ("integer", "number"):
            least = schema.get("minimum")
            return least if is_number(least, -MAX_NUMBER, MAX_NUMBER) else 0
        if kind == "string":
            text = _FORMATS.get(str(schema.get("format")), _TEXT.strip())
            short = _read_count(schema.get("minLength"), MAX_CHARS)
            text = text if len(text) >= short else (_TEXT * MAX_CHARS)[:short]
            return text[: _read_count(schema.get("maxLength", MAX_CHARS), MAX_CHARS)]
        return False if kind == "boolean" else None

    def _make_object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties")
        required = schema.get("required")
        if not isinstance(properties, Mapping) or not isinstance(required, list):
            return {}
        names = [name for name in required if isinstance(name, str) and name in properties]
        return {name: self.make(properties[name], depth + 1) for name in names[: max(0, self._left)]}

    def _find(self, ref: str) -> object:
        found: object = self._root
        for name in ref.removeprefix("#/").split("/")[:MAX_DEPTH]:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found


def _keep_small(value: object) -> object:
    """Return a constant of the schema, unless it is none of the simple kinds or long."""
    if isinstance(value, str):
        return value[:MAX_CHARS]
    return value if isinstance(value, bool) or is_number(value, -MAX_NUMBER, MAX_NUMBER) else None


def _read_count(value: object, most: int) -> int:
    return min(value, most) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
