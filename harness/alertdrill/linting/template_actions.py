"""The actions of templates, and which labels they read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ACTION = re.compile(r"""\{\{-?((?:"(?:\\.|[^"\\])*"|`[^`]*`|[^"`}]|\}(?!\}))*?)-?\}\}""", re.DOTALL)
_LABEL = re.compile(r"\$labels\.(\w+)|index\s+\$labels\s+\"([^\"]+)\"")
_FIELD = re.compile(r"(?<![\w)$])\.Labels\.(\w+)|index\s+\.Labels\s+\"([^\"]+)\"")
_QUERIES = re.compile(r"\bquery\b")
_TESTS = re.compile(r"^\s*(?:else\s+)?(?:if|with)\b|\b(?:or|and|not|eq|ne)\b")
_WORD = re.compile(r"^\s*(if|range|with|block|define|end)\b")
_MOVES_DOT = {"range", "with", "block", "define"}


def list_actions(text: str) -> Iterator[str]:
    """Yield what stands between braces in a template, comments left out."""
    for found in _ACTION.finditer(text):
        if not found[1].lstrip().startswith("/*"):
            yield found[1]


def list_labels(text: str) -> list[str]:
    """Return the labels of the alert's series that a template prints, each once.

    Those that it tests are left out: it minds that they may not be there. So are fields of a dot that `range`
    or `with` has moved, and what is asked for by a query.
    """
    found: dict[str, None] = {}
    tested: set[str] = set()
    blocks: list[str] = []
    for action in list_actions(text):
        patterns = [_LABEL] if _MOVES_DOT & set(blocks) else [_LABEL, _FIELD]
        names = [first or second for one in patterns for first, second in one.findall(action)]
        if _TESTS.search(action):
            tested.update(names)
        elif not _QUERIES.search(action):
            found.update(dict.fromkeys(names))
        word = _WORD.match(action)
        if word is not None and word[1] != "end":
            blocks.append(word[1])
        elif word is not None and blocks:
            blocks.pop()
    return [name for name in found if name not in tested]
