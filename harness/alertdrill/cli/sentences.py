"""Sentences that the commands print: on a terminal broken between words, elsewhere each on one line."""

from __future__ import annotations

import shutil
import sys
import textwrap

import click

from alertdrill.core.wording import printable

HANGING = "    "
"""How much further the rest of a sentence is indented that does not fit on its line."""


def say(line: str, *, to_stderr: bool = False) -> None:
    """Print a sentence, without characters that a terminal would obey."""
    say_text(printable(line), to_stderr=to_stderr)


def say_text(text: str, *, to_stderr: bool = False) -> None:
    """Print a text of one line or several, as it is."""
    if (sys.stderr if to_stderr else sys.stdout).isatty():
        columns = shutil.get_terminal_size().columns
        text = "\n".join(break_line(line, columns) for line in text.split("\n"))
    click.echo(text, err=to_stderr)


def break_line(line: str, columns: int) -> str:
    """Return a line broken between words, the rest of it indented further; a long word stays whole."""
    if len(line) <= columns:
        return line
    indent = line[: len(line) - len(line.lstrip(" "))]
    return textwrap.fill(
        line.strip(),
        columns,
        initial_indent=indent,
        subsequent_indent=indent + HANGING,
        break_long_words=False,
        break_on_hyphens=False,
    )
