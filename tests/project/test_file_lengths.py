"""No Python file of the repository is longer than can be read in one go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 400


def find_sources(folder: Path, ignored: frozenset[str]) -> Iterator[Path]:
    """Yield the Python files below a folder, but for what git ignores."""
    for path in sorted(folder.iterdir()):
        if path.name in ignored or path.is_symlink():
            continue
        if path.is_dir():
            yield from find_sources(path, ignored)
        elif path.suffix == ".py":
            yield path


def test_no_file_is_longer_than_can_be_read_in_one_go() -> None:
    """A file that grows beyond it is about more than one thing, and is split by what it is about."""
    lines = (ROOT / ".gitignore").read_text().split()
    sources = list(find_sources(ROOT, frozenset({".git", *(line.rstrip("/") for line in lines)})))
    assert {path.relative_to(ROOT).parts[0] for path in sources} >= {"harness", "scenarios", "tests", ".ci"}
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in sources
    }
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}
