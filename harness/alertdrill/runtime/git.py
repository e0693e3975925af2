"""Reads files of a commit with git, and writes nothing: the work tree and the index stay as they are."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from alertdrill.errors import BadInput
from alertdrill.runtime.paths import shorten

MAX_BYTES = 4 * 1024 * 1024
"""Of a file of a commit."""
WITHIN_WALL_S = 30.0
MOST_LINKS = 10
_FILE, _LINK, _SUBMODULE = "100", "120", "160000"
"""How the modes of what a commit has begin."""
NONE = "no git repository: what a change did is seen beside a commit, as docs/how-to/gate.md says"


@dataclass(frozen=True, slots=True)
class Commit:
    """The files of a commit; `top` is the folder of the repository, `name` what the commit was called."""

    top: Path
    name: str
    digest: str

    def read(self, path: Path) -> str | None:
        """Return the text of a file in that commit, or None if it has none there.

        Raises BadInput for a file that is no UTF-8, or too large, and where git fails.
        """
        inside = self._find_inside(path)
        if inside is None:
            return None
        entries = _list_entries(self.top, self.digest)
        for _ in range(MOST_LINKS):
            if entries.get(inside, "").startswith(_LINK):
                target = _ask(self.top, "cat-file", "blob", f"{self.digest}:{inside}").decode(
                    errors="replace"
                )
                inside = os.path.normpath(PurePosixPath(inside).parent / target)
        for folder in map(str, PurePosixPath(inside).parents):
            kind, _, digest = entries.get(folder, "").partition(" ")
            if kind == _SUBMODULE:  # what a submodule had is in its own repository
                own = Commit(self.top / folder, self.name, digest)
                return own.read(self.top / inside)
        if not entries.get(inside, "").startswith(_FILE):
            return None
        content = _ask(self.top, "cat-file", "blob", f"{self.digest}:{inside}")
        if len(content) > MAX_BYTES:
            raise BadInput(f"{shorten(path)} of {self.name} is larger than {MAX_BYTES} bytes")
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(f"{shorten(path)} of {self.name} is not UTF-8") from error

    def list_files(self, folder: Path) -> tuple[Path, ...]:
        """Return the files of that commit below a folder, as they would lie in the work tree."""
        inside = self._find_inside(folder)
        if inside is None:
            return ()
        start = "" if inside == "." else f"{inside}/"
        entries = _list_entries(self.top, self.digest).items()
        return tuple(
            self.top / one
            for one, entry in entries
            if one.startswith(start) and entry.startswith((_FILE, _LINK))
        )

    def _find_inside(self, path: Path) -> str | None:
        """Return where a path is in the repository; None if it is outside of it."""
        whole = path if path.is_absolute() else Path.cwd() / path
        folder = Path(os.path.realpath(whole.parent))
        try:
            return (folder / whole.name).relative_to(self.top).as_posix()
        except ValueError:
            return None


def find_commit(name: str, folder: Path) -> Commit:
    """Return the commit that a name means to git in a folder.

    Raises BadInput where there is no repository, no git or no such commit.
    """
    top = _ask(folder, "rev-parse", "--show-toplevel", said=f"{folder} is in {NONE}").decode().strip()
    said = f"--base {name}: git knows no commit by that name"
    try:
        found = _ask(
            folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", said=said
        )
    except BadInput as error:
        raise BadInput(f"{error}{_say_why_unknown(folder)}") from error
    return Commit(Path(os.path.realpath(top)), name, found.decode().strip())


def _say_why_unknown(folder: Path) -> str:
    """Say what of a repository may be why it does not know a commit."""
    if _ask(folder, "rev-list", "-n", "1", "--all") == b"":
        return ": the repository has no commit yet"
    if _ask(folder, "rev-parse", "--is-shallow-repository").strip() == b"true":
        return ": this clone is shallow: fetch its history, as by fetch-depth: 0, or git fetch --unshallow"
    return ""


@lru_cache(maxsize=8)
def _list_entries(top: Path, digest: str) -> Mapping[str, str]:
    """Return what a commit has by each path: a mode, and the digest of what is there."""
    listed = _ask(top, "ls-tree", "-r", "-z", "--full-tree", digest).decode("utf-8", "surrogateescape")
    entries = (entry.partition("\t") for entry in listed.split("\0") if entry)
    return {path: " ".join(meta.split()[::2]) for meta, _, path in entries}


def _ask(folder: Path, *arguments: str, said: str = "") -> bytes:
    """Return what git answers. Raises BadInput; `said` is why, unless git itself says it."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 -- git, found on PATH, with arguments of ours
            command, capture_output=True, timeout=WITHIN_WALL_S, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise BadInput("git is not installed, and it has what the rules were before the change") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise BadInput(f"git {arguments[0]} cannot be asked: {error}") from error
    if done.returncode == 0:
        return done.stdout
    words = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if (words and "not a git repository" not in words[0]) or not said:
        raise BadInput(f"git {arguments[0]} failed: {words[-1] if words else 'without a word'}")
    raise BadInput(said)
