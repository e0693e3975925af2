"""Reads a case of the command line: what it tells, one command, its exit code, files, and what is printed.

    A sentence or two for a newcomer.

    $ alertdrill dilate rules.yml --speed 60
    exits with 0

    -- rules.yml --
    a file that the command finds
    -- stdout --
    what it prints; `...` stands for anything in a line, alone for any lines; no section stands for nothing
    -- written test.yml --
    what the file has afterwards

`$CHECKOUT` is the checkout, in the command and in what is printed. Blanks at the end of a line do not count.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ANY = "..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case; `printed` are the sections stdout and stderr, `written` the files that are there afterwards."""

    tells: str
    command: tuple[str, ...]
    code: int
    files: dict[str, str]
    printed: dict[str, str]
    written: dict[str, str]


def read_case(path: Path, checkout: Path) -> Case:
    """Return the case of a file; raises ValueError for one that is not written as above."""
    head, *rest = re.split(r"^-- (.+) --\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = re.fullmatch(r"(.+?)\n\n\$ alertdrill (.+)\nexits with (\d+)\n\s*", head, re.DOTALL)
    if found is None:
        raise ValueError(f"{path}: wants a sentence, a blank line, `$ alertdrill …`, and `exits with N`")
    sections = dict(zip(rest[::2], rest[1::2], strict=True))
    printed = {name: sections.pop(name, "") for name in ("stdout", "stderr")}
    written = {name.split()[1]: sections.pop(name) for name in list(sections) if name.startswith("written ")}
    return Case(
        tells=found.group(1),
        command=tuple(word.replace("$CHECKOUT", str(checkout)) for word in shlex.split(found.group(2))),
        code=int(found.group(3)),
        files=sections,
        printed=printed,
        written=written,
    )


def is_as_told(told: str, text: str) -> bool:
    """Return whether a text is what a case tells, line by line."""
    pieces = [_match(line.rstrip()) for line in split(told)]
    return re.fullmatch("".join(pieces), "".join(f"{line.rstrip()}\n" for line in split(text))) is not None


def split(text: str) -> list[str]:
    """Return the lines of a text, without empty ones at its end."""
    return text.rstrip().splitlines()


def _match(line: str) -> str:
    """Return the pattern of a line of a case, or of any lines."""
    if line.strip() == ANY:
        return r"(?:.*\n)*?"
    return ".*".join(map(re.escape, line.split(ANY))) + r"\n"
