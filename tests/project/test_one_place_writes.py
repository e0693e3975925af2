"""Only `runtime/files.py` opens files for writing; every exemption is named here, with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.sources import walk_naming

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "harness" / "alertdrill"
BESIDE = ("scenarios", "stub_providers")

MAY_WRITE = {
    "runtime/files.py": "the place itself",
    "runtime/secret_files.py": "secrets have a place of their own: 0600 from the first byte on",
    "runtime/scratch.py": "an empty file in a folder of its own, opened to be locked",
    "runtime/process.py": "the log of a child process is handed to it open, and appended to",
    "stacks/compose/stack.py": "an empty log, which links of the report lead to before there is one",
    "stacks/compose/site.py": "the log of a child process, docker compose",
    "recording/spool.py": "a file without a name, gone when it is closed",
    "runtime/binaries/private_apt.py": "an empty file in a folder of our own, which apt wants to see",
    "cli/help.py": "a paragraph of help, which click's formatter keeps in memory",
    "load/background_writes.py": "runs in Locust's process, which imports nothing of ours",
}
"""What opens a file for writing, and why. SQLite opens its own: the gateway's keys, traces and accounts."""

WRITING_METHODS = {"write_text", "write_bytes", "touch"}
TEMPORARY = {"mkstemp", "TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile"}
COPYING = {"copy", "copy2", "copyfile", "copytree", "make_archive"}
OPENING = {"open", "fdopen", "FileIO", "GzipFile", "ZipFile"}
MODULES = {"os", "io", "gzip", "bz2", "lzma", "tarfile", "zipfile", "codecs"}
FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND", "O_TRUNC"}


def find_writes(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of every call in a source that opens a file for writing."""
    for node in walk_naming(source, WRITING_METHODS | TEMPORARY | COPYING | OPENING):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=name):
                owner = None
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                pass
            case ast.Attribute(attr=name):
                owner = ""
            case _:
                continue
        if (
            (name in WRITING_METHODS and owner is not None)
            or name in TEMPORARY
            or (name in COPYING and owner == "shutil")
            or (name in OPENING and (_has_writing_mode(node, owner) or _has_writing_flag(node)))
        ):
            yield node.lineno, name


def _has_writing_mode(call: ast.Call, owner: str | None) -> bool:
    """Whether the mode says so: a method's first argument, and otherwise the second."""
    at = 1 if owner is None or owner in MODULES else 0
    given = [*call.args[at : at + 1], *(word.value for word in call.keywords if word.arg == "mode")]
    if len(call.args) > 3 or any(word.arg == "fileobj" for word in call.keywords):
        return False  # what packs is given a stream that is open
    return any(
        isinstance(mode, ast.Constant) and isinstance(mode.value, str) and set(mode.value) & set("wax+")
        for mode in given
    )


def _has_writing_flag(call: ast.Call) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr in FLAGS for part in ast.walk(call))


def list_sources() -> list[str]:
    """Return every source of the package, from there, and of what is shipped beside it."""
    own = [path.relative_to(PACKAGE).as_posix() for path in sorted(PACKAGE.rglob("*.py"))]
    return own + [
        f"../../{path.relative_to(ROOT).as_posix()}"
        for folder in BESIDE
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]


def test_nothing_else_opens_a_file_for_writing() -> None:
    """What writes goes through `runtime/files.py`, which knows links, devices, modes and full disks."""
    sources = list_sources()
    assert set(MAY_WRITE) < set(sources)
    writes = {name: list(find_writes((PACKAGE / name).read_text())) for name in sources}
    assert {name: found for name, found in writes.items() if found and name not in MAY_WRITE} == {}


@pytest.mark.parametrize("name", MAY_WRITE)
def test_an_exemption_is_needed(name: str) -> None:
    """A source that writes nothing any more is no exemption."""
    assert list(find_writes((PACKAGE / name).read_text()))


@pytest.mark.parametrize(
    "source",
    [
        "open('x', 'w')",
        "open('x', mode='ab')",
        "path.open('xb')",
        "path.open('r+')",
        "path.write_text('')",
        "path.write_bytes(b'')",
        "path.touch()",
        "os.open('x', os.O_WRONLY | os.O_CREAT)",
        "os.fdopen(1, 'w')",
        "tempfile.mkstemp()",
        "tempfile.NamedTemporaryFile()",
        "shutil.copyfile('x', 'y')",
        "gzip.open('x', 'wb')",
        "tarfile.open('x', 'w:gz')",
        "io.FileIO(1, 'w')",
    ],
)
def test_each_way_of_opening_for_writing_is_seen(source: str) -> None:
    """The test above would be worth nothing if it knew only one way."""
    assert list(find_writes(source))


@pytest.mark.parametrize(
    "source", ["open('x')", "path.open('rb')", "os.open('x', os.O_RDONLY)", "a.write('w')"]
)
def test_reading_is_not_taken_for_writing(source: str) -> None:
    """What only reads is nobody's concern here."""
    assert not list(find_writes(source))
