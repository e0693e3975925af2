"""Make a program find its files in its own folder instead of the system folder that it was compiled for.

Debian's Alertmanager does not start without the templates in /usr/share/prometheus/alertmanager, which
only an installed package puts there, and has no flag for another folder. A Go string has a fixed length
and a cache may be anywhere; so the copy in the cache is given a name of that length which the kernel
resolves: an open file descriptor's. A short shell script opens it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from alertdrill.runtime.files import write_own

_LAUNCHER = """\
#!/bin/sh
files=$(dirname "$(readlink -f "$0")")/files
exec 9<"$files"
exec "$files/{program}" "$@"
"""
_DESCRIPTOR = b"/proc/self/fd/9"


def relocate(program: Path, *, compiled_in: str, files: Path) -> None:
    """Move `files`, a copy of the folder `compiled_in`, beside a program and make it look there.

    The program's place is taken by a script that starts it; does nothing if the program does not name the
    folder. The folder's name must have at least 15 characters.
    """
    old = compiled_in.encode()
    # Of the same length, for all that follows in the program must stay where it is.
    new = _DESCRIPTOR.ljust(len(old), b"/")
    assert len(new) == len(old), compiled_in  # noqa: S101 - a constant's property
    content = program.read_bytes()
    if old not in content:
        return
    moved = program.parent / "files"
    shutil.move(files, moved)
    write_own(moved / program.name, content.replace(old, new))
    (moved / program.name).chmod(0o755)
    write_own(program, _LAUNCHER.format(program=program.name))
