"""The line of a log that says why a program ended, which is seldom its last. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from alertdrill.runtime.logfmt import read_lines

MAX_CHARACTERS = 200
GRAVE = {"error", "fatal", "critical", "crit", "emerg", "panic"}

DOCUMENT = '{"'
"""How a line of JSON begins, with which our servers say where they listen."""
_CRASH = re.compile(
    r"(?:panic|fatal error|Fatal Python error|runtime|runtime/cgo|unexpected fault address)\b ?[:/]"
)
"""How Go's runtime, or Python's, begins to say that it gives up; what follows are stacks and registers."""
_COMPLAINT = re.compile(
    r"\b(?:ERROR|CRITICAL|FATAL)\b|^(?:Error|Fatal)\b[^|]*:|: error: |\bGot SIG[A-Z]+ signal"
)
"""As loggers of Python and command lines have it, and Locust of a signal."""
_TRACEBACK = "Traceback (most recent call last):"
_SMALL_TALK = re.compile(
    r"\b(?:INFO|DEBUG)\b|^[-+=|\s]+$|--\||\s\|\s|(?<!\s)(?:\s{2,}\S+){4}|^Response time percentiles"
)
"""What says nothing of an end: notes, and the rows of tables."""


def find_last_words(text: str, *, was_killed: bool = False) -> str:
    """Return the line of a log that says why its program ended, shortened; empty if none does.

    That is what a runtime says as it gives up, else the last complaint, else the last line unless it is a
    note, a table or a document. A program that `was_killed` by a signal had no time to say why: an older
    complaint is about something else.
    """
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    crash = next((line for line in lines if _CRASH.match(line)), "")
    complaint = "" if was_killed else _find_complaint(lines)
    return _shorten(crash or complaint or _find_remark(lines))


def _find_complaint(lines: Sequence[str]) -> str:
    found = ""
    in_traceback = False
    for line in lines:
        if line.strip() == _TRACEBACK:
            in_traceback = True
        elif in_traceback and not line[0].isspace():
            in_traceback = False
            found = line
        elif structured := next(read_lines([line]), None):
            if structured.level in GRAVE:
                words = (structured.said, structured.fields.get("err") or structured.fields.get("error"))
                found = ": ".join(word for word in words if word)
        elif not in_traceback and _COMPLAINT.search(line):
            found = line
    return found


def _find_remark(lines: Sequence[str]) -> str:
    """Return the last line if it is no note of a logger, no row of a table, and no document."""
    last = lines[-1].strip() if lines else ""
    is_note = next(read_lines([last]), None) is not None or last.startswith(DOCUMENT)
    return "" if is_note or _SMALL_TALK.search(last) else last


def _shorten(line: str) -> str:
    line = " ".join(line.split())
    return line if len(line) <= MAX_CHARACTERS else f"{line[: MAX_CHARACTERS - 1]}…"
