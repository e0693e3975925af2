"""The actions of templates, and which labels they read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ACTION = re.compile(r"""\{\{-?((?:"(?:\\.|[^"\\])*"|`[^`]*`|[^"`}]|\}(?!\}))*?)-?\}\}""", re.DOTALL)
_LABEL = re.compile(r"(?:\$labels|(?<![\w\)$])\.Labels)\.(\w+)|index\s+(?:\$labels|\.Labels)\s+\"([^\"]+)\"")
_QUERIES = re.compile(r"\bquery\b")
_TESTS = re.compile(r"^\s*(?:else\s+)?(?:if|with)\b")
_RANGE = re.compile(r"^\s*range\b")


def list_actions(text: str) -> Iterator[str]:
    """Yield what stands between braces in a template, comments left out."""
    for found in _ACTION.finditer(text):
        if not found[1].lstrip().startswith("/*"):
            yield found[1]


def list_labels(text: str) -> list[str]:
    """Return the labels of the alert's series that a template prints, each once.

    Those that it tests are left out: it minds that they may not be there. So are those of a `range` and of a
    query, where a dot is something else.
    """
    found: dict[str, None] = {}
    tested: set[str] = set()
    for action in list_actions(text):
        names = [first or second for first, second in _LABEL.findall(action)]
        if _TESTS.search(action) or re.search(r"\b(?:or|and|not|eq|ne)\b", action):
            tested.update(names)
        elif _QUERIES.search(action) or _RANGE.search(action):
            continue
        else:
            found.update(dict.fromkeys(names))
    return [name for name in found if name not in tested]
