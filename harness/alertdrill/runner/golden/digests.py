"""What a golden recording depends on, as digests: the same with any Python, wherever the files lie. Pure.

A source is digested as what it does. Names of files and modules, imports, comments, docstrings and layout say
where things are and how they read, so they do not count. The syntax tree is written in a notation of our own,
because `ast.dump`, the tokens of f-strings and the fields of nodes change from one Python to the next.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from alertdrill.core.drill import Drill, LoadProfile

_LEFT_OUT = {"ctx", "kind", "type_comment", "type_ignores"}
"""Fields that follow from where a node stands, or that say nothing of what it does."""
_CAME_LATER = {"burstiness", "trace", "key_env"}
"""Fields of load profiles and their changes that older recordings know nothing of."""
_MODULE = re.compile(r"(?<=python -m )[\w.]+")


def digest_drill(drill: Drill) -> str:
    """Return a digest of what a drill does: its traffic, and what it does to the stack.

    Numbers count by their value: 60 and 60.0 seconds are the same.
    """
    done = {
        "traffic": [_describe_profile(profile) for profile in drill.traffic],
        "outages": [asdict(outage) for outage in drill.outages],
        "faults": [asdict(fault) for fault in drill.faults],
    }
    return _hash(json.dumps(_even_out(done), sort_keys=True, default=str))


def _describe_profile(profile: LoadProfile) -> dict[str, Any]:
    """Return a load profile's fields; one that came later counts only where it says something."""
    told = _leave_out_later(asdict(profile))
    return told | {"changes": [_leave_out_later(asdict(change)) for change in profile.changes]}


def _leave_out_later(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value or name not in _CAME_LATER}


def _even_out(value: object) -> object:
    """Return a document in which every whole number is an integer."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _even_out(one) for key, one in value.items()}
        case list() | tuple():
            return [_even_out(one) for one in value]
        case _:
            return value


def digest_sources(texts: Mapping[str, str]) -> str:
    """Return a digest of files by their names: of Python's only what they do, of others the text.

    Of the names only the ending counts, and a file that does nothing does not count at all. Raises
    SyntaxError for what is no Python.
    """
    does = (_describe_source(text) if name.endswith(".py") else text for name, text in texts.items())
    return _hash(json.dumps(sorted(_hash(text) for text in does if text)))


def _describe_source(source: str) -> str:
    """Return what a Python source does, empty if that is nothing."""
    statements = list(_describe_statements(ast.parse(source).body))
    return json.dumps(statements) if statements else ""


def _describe_statements(statements: Iterable[object]) -> Iterator[Any]:
    for statement in statements:
        if not (
            isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass)
            or _is_docstring(statement)
            or _is_for_types_only(statement)
        ):
            yield _describe(statement)


def _is_docstring(statement: object) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _is_for_types_only(statement: object) -> bool:
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Name)
        and statement.test.id == "TYPE_CHECKING"
    )


def _describe(part: object) -> Any:
    """Return a part of a syntax tree as a JSON document: a node is a list of its name and its fields."""
    match part:
        case ast.Constant():
            return _describe_constant(part.value)
        case ast.JoinedStr():
            return ["JoinedStr", *_describe_pieces(part.values)]
        case ast.AST():
            fields = {name: value for name, value in ast.iter_fields(part) if name not in _LEFT_OUT}
            # A newer Python has more fields, which older sources leave empty.
            told = {name: _describe(value) for name, value in fields.items() if value not in (None, [])}
            return [type(part).__name__, told]
        case [ast.stmt(), *_]:
            return list(_describe_statements(part))
        case list():
            return [_describe(one) for one in part]
        case _:
            return part


def _describe_constant(value: object) -> list[str]:
    """Return a constant, in ASCII, since which characters `repr` escapes depends on Python's Unicode."""
    text = _MODULE.sub("", value) if isinstance(value, str) else value
    return [type(value).__name__, ascii(text)]


def _describe_pieces(pieces: Iterable[ast.expr]) -> Iterator[Any]:
    """Yield the pieces of an f-string; Pythons differ in whether texts that adjoin are one piece."""
    text = ""
    for piece in pieces:
        if isinstance(piece, ast.Constant) and isinstance(piece.value, str):
            text += piece.value
            continue
        if text:
            yield _describe_constant(text)
        text = ""
        yield _describe(piece)
    if text:
        yield _describe_constant(text)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
