"""Reference page of what a drill is written with: the types, their fields, and the words that they take."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import get_args

from alertdrill.core import drill, expectation
from docs_generator.commands import NOTE

WORDS = {
    "Arrivals": drill.Arrivals,
    "Fault": drill.Fault,
    "Failing": drill.Failing,
    "Integration": expectation.Integration,
    "Suppression": expectation.Suppression,
}
"""Aliases of literal words that fields take; docs/glossary.md says what each word means."""


def write_fields() -> str:
    """Return the page with every type of drills and expectations."""
    parts = [
        f"# The fields of a drill\n\n{NOTE}\n",
        "All types are frozen dataclasses; fields are given by name. Times are seconds of rule time.\n",
    ]
    for module in (drill, expectation):
        for kind in _list_types(module):
            parts.append(f"## {kind.__name__}\n\n{inspect.getdoc(kind)}\n\n{_write_table(kind)}\n")
    parts.append(
        "## Words\n\nThe [glossary](../glossary.md) says what each means.\n\n| type | words |\n|---|---|"
    )
    for name, alias in WORDS.items():
        parts.append(f"| `{name}` | {', '.join(f'`{word}`' for word in get_args(alias))} |")
    return "\n".join(parts) + "\n"


def _list_types(module: ModuleType) -> Iterator[type]:
    """Yield the dataclasses that a module defines, in its order."""
    for kind in vars(module).values():
        if dataclasses.is_dataclass(kind) and isinstance(kind, type) and kind.__module__ == module.__name__:
            yield kind


def _write_table(kind: type) -> str:
    rows = ["| field | type | default |", "|---|---|---|"]
    for field in dataclasses.fields(kind):
        named = str(field.type).replace("|", "\\|")
        rows.append(f"| `{field.name}` | `{named}` | {_say_default(field)} |")
    return "\n".join(rows)


def _say_default(field: dataclasses.Field[object]) -> str:
    if field.default is not dataclasses.MISSING:
        return f"`{field.default!r}`"
    if field.default_factory is not dataclasses.MISSING:
        return f"`{field.default_factory()!r}`"
    return "required"
