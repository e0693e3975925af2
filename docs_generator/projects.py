"""Reference page of what a project file states, made of its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from docs_generator.behaviours import write_project_schema
from docs_generator.commands import NOTE

TABLES = (
    *(("target", "[target]"), ("prometheus", "[prometheus]"), ("running_alertmanager", "[alertmanager]")),
    *(("scrape", "[[scrape]]"), ("relabel", "relabel of [[scrape]]")),
    *(("provider", "[[provider]]"), ("behaviour", "behaviour of [[provider]]")),
    *(("key_behaviour", "[[provider.keys]]"), ("timer", "[[timer]]")),
)
"""The schema's names of tables, and the project file's."""
INTRODUCTION = """\
The top of an `alertdrill.toml`, or the table `[tool.alertdrill]` of a `pyproject.toml`. Paths are relative to
the file, and what they name has to be there; a secret is read when it is sent. See
[how to write one](../how-to/project.md) and [the JSON Schema](project.schema.json).
"""


def write_project_fields() -> str:
    """Return the page with every table and its fields."""
    schema = json.loads(write_project_schema())
    parts = [f"# The fields of a project\n\n{NOTE}\n\n{INTRODUCTION}\n{_write_table(schema)}\n"]
    for name, title in TABLES:
        table = schema["$defs"][name]
        parts.append(f"## {title}\n\n{table['description']}\n\n{_write_table(table)}\n")
    return "\n".join(parts)


def _write_table(table: Mapping[str, Any]) -> str:
    rows = ["| field | kind | default | meaning |", "|---|---|---|---|"]
    for name, field in table["properties"].items():
        default = f"`{json.dumps(field['default'])}`" if "default" in field else ""
        stated = "required" if name in table.get("required", ()) else default
        rows.append(f"| `{name}` | {_say_kind(field)} | {stated} | {field['description']} |")
    return "\n".join(rows)


def _say_kind(field: Mapping[str, Any]) -> str:
    """Say what a field is: a kind of value, a table, or one of some words."""
    if "enum" in field:
        return "one of " + ", ".join(f"`{word}`" for word in field["enum"])
    if "oneOf" in field:
        return "one of " + ", ".join(f"`{{{', '.join(_list_stated(one))}}}`" for one in field["oneOf"])
    if "anyOf" in field:
        return " or ".join(map(_say_kind, field["anyOf"]))
    if "$ref" in field:
        name = str(field["$ref"]).rpartition("/")[2]
        kinds = {
            "secret": '`{env = "NAME"}` or `{file = "PATH"}`',
            "name": "text",
            "latency": "duration or table",
            "tokens": "whole number or table",
        }
        return kinds.get(name, "table")
    if field["type"] == "array":
        return f"list of {_say_kind(field['items'])}"
    return {"string": "text", "object": "table", "integer": "whole number"}.get(field["type"], field["type"])


def _list_stated(table: Mapping[str, Any]) -> Iterator[str]:
    for name, field in table["properties"].items():
        yield f'{name} = "{field["const"]}"' if "const" in field else name
