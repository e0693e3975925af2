"""All servers are set up in one way, and no other way is left."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from pathlib import Path

from support.sources import walk_naming

ROOT = Path(__file__).parents[4]
OURS = ROOT / "harness" / "alertdrill" / "runtime" / "http_server.py"
TWIN = ROOT / "stub_providers" / "http_server.py"
ELSEWHERE = {"AppRunner", "ServerRunner", "run_app"}
READERS = {"read", "json", "text", "post"}


def find_attributes(path: Path, names: Set[str]) -> Iterator[tuple[str, str]]:
    """Yield every attribute with one of these names that a file takes of a plain name, with that name."""
    for node in walk_naming(path.read_text(), names):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in names:
            yield node.value.id, node.attr


def find_sources() -> list[Path]:
    """Return every file of the program but the two that set servers up."""
    found = [path for room in ("harness", "stub_providers") for path in (ROOT / room).rglob("*.py")]
    return sorted(set(found) - {OURS, TWIN})


def test_the_two_set_ups_are_one() -> None:
    """The stubs import nothing of ours, so they have the same file."""
    assert TWIN.read_text() == OURS.read_text()


def test_no_server_is_set_up_in_another_way() -> None:
    """Whoever serves does it with HttpRunner."""
    others = [
        path for path in find_sources() if any(of == "web" for of, _ in find_attributes(path, ELSEWHERE))
    ]
    assert others == []


def test_no_body_is_read_in_another_way() -> None:
    """Whoever reads a request's body does it with `read_body`, which bounds its time and its size."""
    others = [
        path
        for path in find_sources()
        if any(of == "request" for of, _ in find_attributes(path, READERS | {"content", "multipart"}))
    ]
    assert others == []
