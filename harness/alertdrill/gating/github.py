"""What is wrong with a change as annotations of GitHub, on the rule's own line. Pure.

Format: GitHub's workflow commands, `::error file=…,line=…,title=…::message`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alertdrill.gating.gate import Gated
from alertdrill.gating.wording import list_doubts, list_troubles, list_warnings

TITLE = "alertdrill gate"


def render_annotations(gated: Sequence[Gated]) -> str:
    """Return an annotation for each thing that is wrong or could not be told, a line each."""
    return "".join(f"{line}\n" for one in gated for line in _list_lines(one))


def _list_lines(gated: Gated) -> Iterator[str]:
    for trouble in list_troubles(gated):
        yield _write("error", trouble.text, trouble.source)
    for said in (*list_warnings(gated), *list_doubts(gated)):
        yield _write("warning", said, "")


def _write(level: str, text: str, source: str) -> str:
    file, _, line = source.rpartition(":")
    place = f"file={_escape(file, ':,')},line={line}," if file and line.isdigit() else ""
    return f"::{level} {place}title={TITLE}::{_escape(text)}"


def _escape(text: str, more: str = "") -> str:
    """Return a text as workflow commands want it: what would end it is a percent and two digits."""
    return "".join(f"%{ord(char):02X}" if char in f"%\r\n{more}" else char for char in text)
