"""Reads files of a commit with git, and writes nothing: the work tree and the index stay as they are."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from alertdrill.errors import BadInput

MAX_BYTES = 4 * 1024 * 1024
"""Of a file of a commit."""
WITHIN_WALL_S = 30.0
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
        if inside is None or inside not in _list_files(self.top, self.digest):
            return None
        content = _ask(self.top, "cat-file", "blob", f"{self.digest}:{inside}")
        if len(content) > MAX_BYTES:
            raise BadInput(f"{path} of {self.name} is larger than {MAX_BYTES} bytes")
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(f"{path} of {self.name} is not UTF-8") from error

    def list_files(self, folder: Path) -> tuple[Path, ...]:
        """Return the files of that commit below a folder, as they would lie in the work tree."""
        inside = self._find_inside(folder)
        if inside is None:
            return ()
        start = "" if inside == "." else f"{inside}/"
        return tuple(self.top / one for one in _list_files(self.top, self.digest) if one.startswith(start))

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
    found = _ask(
        folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", said=said
    )
    return Commit(Path(os.path.realpath(top)), name, found.decode().strip())


@lru_cache(maxsize=8)
def _list_files(top: Path, digest: str) -> frozenset[str]:
    """Return the files of a commit; links and submodules are none."""
    listed = _ask(top, "ls-tree", "-r", "-z", "--full-tree", digest).decode("utf-8", "surrogateescape")
    entries = (entry.partition("\t") for entry in listed.split("\0") if entry)
    return frozenset(path for meta, _, path in entries if meta.startswith("100"))


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
