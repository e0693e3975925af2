"""The programs themselves: which version a file is, and whether two of them belong together."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from alertdrill.errors import LimitReached, MissingEngine
from alertdrill.runtime.binaries.generations import Family, Generation, MajorMinor
from alertdrill.runtime.last_words import find_last_words
from alertdrill.runtime.limits import find_limit, find_limit_of
from alertdrill.runtime.looking import is_file, is_there

VERSION_TIMEOUT_S = 20.0
"""A cold start of a binary of 150 MB from a busy disk takes seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A family's server and tool of one version, and where they came from."""

    server: Path
    tool: Path
    version: str
    source: str


def demand_program(path: Path) -> None:
    """Raise MissingEngine for what is no executable file."""
    if not is_there(path):
        raise MissingEngine(f"{path} does not exist")
    if not is_file(path) or not os.access(path, os.X_OK):
        raise MissingEngine(f"{path} is not an executable file")


def read_version(path: Path, program: str) -> str:
    """Return the version that a program states, e.g. `3.5.3+ds1`.

    Raises MissingEngine if it is another's, LimitReached if it cannot be started on this machine.

    All four print `<program>, version <version> (branch: …)` first, older ones to standard error
    (prometheus/common, version.Print).
    """
    demand_program(path)
    stat = path.stat()
    return _ask_version(path, program, (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns))


@lru_cache(64)
def _ask_version(path: Path, program: str, _identity: tuple[int, ...]) -> str:
    """Return the version that a program states; it is asked once, as long as it is the same file."""
    try:
        ran = subprocess.run(  # noqa: S603 - the program that the user named or that we unpacked
            [path, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=VERSION_TIMEOUT_S,
            check=False,
        )
    except OSError as error:
        if limit := find_limit_of(error):
            raise LimitReached(f"{path} cannot be started: {limit}") from error
        raise MissingEngine(f"{path} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise MissingEngine(f"{path} did not state its version within {VERSION_TIMEOUT_S:g} s") from error
    said = ran.stdout.decode(errors="replace")
    stated = re.search(rf"^{program}, version v?(\d+\.\d+\S*)", said, re.MULTILINE)
    if stated is None:
        # With hardly any memory the loader ends it before it can say a word.
        limit = find_limit(find_last_words(said))
        limit = limit or (find_limit_of(MemoryError()) if ran.returncode == -signal.SIGSEGV else None)
        if ran.returncode and limit:
            raise LimitReached(f"{path} cannot be started: {limit}")
        raise MissingEngine(f"{path} is not {program}")
    return stated[1]


def read_pair(
    family: Family, paths: Mapping[str, Path], source: str, generation: Generation | None = None
) -> Pair:
    """Return the pair of two programs (name -> path), checked to be one supported version.

    Raises MissingEngine if a program is not what it should be, if the two differ in version, if the
    version is too old, or if it is not of the generation asked for.
    """
    server, tool = family.programs
    version = read_version(paths[server], server)
    tool_version = read_version(paths[tool], tool)
    if version != tool_version:
        raise MissingEngine(
            f"{paths[server]} is version {version} but {paths[tool]} is version {tool_version}"
        )
    _check_supported(family, version, paths[server], generation)
    return Pair(server=paths[server], tool=paths[tool], version=version, source=source)


def read_tool(family: Family, path: Path, generation: Generation | None = None) -> str:
    """Return the version of a family's tool alone; raises as `read_pair` does."""
    _, tool = family.programs
    version = read_version(path, tool)
    _check_supported(family, version, path, generation)
    return version


def _check_supported(family: Family, version: str, path: Path, generation: Generation | None) -> None:
    major, minor = re.findall(r"\d+", version)[:2]
    found = (int(major), int(minor))
    if found < family.least:
        raise MissingEngine(
            f"{path} is {family.title} {version}, but {_dotted(family.least)} or later is needed"
        )
    if generation is None:
        return
    release = family.releases[generation]
    if not release.least <= found < release.below:
        raise MissingEngine(
            f"{path} is {family.title} {version}, but the generation asked for needs "
            f"{_dotted(release.least)} or later and below {_dotted(release.below)}"
        )


def _dotted(version: MajorMinor) -> str:
    return ".".join(map(str, version))
