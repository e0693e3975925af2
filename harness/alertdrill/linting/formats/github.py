"""Findings as GitHub's workflow commands, which annotate the lines of a pull request. Pure.

Syntax: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alertdrill.core.wording import printable
from alertdrill.linting.finding import Finding, Severity

_COMMANDS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "information": "notice"}
_IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = {**_IN_TEXT, ":": "%3A", ",": "%2C"}


def render(findings: Sequence[Finding], refused: Sequence[str]) -> str:
    """Return a command for each finding and each file that could not be read."""
    unread = (f"::error title=alertdrill lint::{_escape(said, _IN_TEXT)}" for said in refused)
    return "".join(f"{one}\n" for one in (*map(_write, findings), *unread))


def _write(one: Finding) -> str:
    about = f"{one.rule}: " if one.rule else ""
    text = _escape(f"{about}{one.happens} {one.instead}", _IN_TEXT)
    place = f"file={_escape(one.file, _IN_PROPERTY)},line={one.line},col={one.column}"
    return f"::{_COMMANDS[one.severity]} {place},title={one.check}::{text}"


def _escape(text: str, escapes: Mapping[str, str]) -> str:
    return "".join(escapes.get(char, char) for char in printable(text))
