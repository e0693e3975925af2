"""Sources of ours as syntax trees, where there is something to look for in them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path


def walk_naming(source: str, names: Iterable[str]) -> Iterator[ast.AST]:
    """Yield every node of a source that has one of these names, and none of any other.

    Most sources do not even have the letters of what is looked for: parsing those is most of such a test.
    """
    if any(name in source for name in names):
        yield from ast.walk(ast.parse(source))


def walk_files_naming(paths: Iterable[Path], names: Iterable[str]) -> Iterator[tuple[Path, ast.AST]]:
    """Yield every node of the files that have one of these names, with its file."""
    wanted = tuple(names)
    for path in paths:
        for node in walk_naming(path.read_text(encoding="utf-8"), wanted):
            yield path, node
