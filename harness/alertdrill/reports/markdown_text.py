"""Writes Markdown that shows texts of users, rules and servers as they are: nothing in them is markup.

Format: GitHub Flavored Markdown, of which GitLab and Slack's `markdown` blocks read what is used here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alertdrill.core.wording import printable


def escape(text: str) -> str:
    """Return a sentence in which nothing is markup, and nobody is mentioned."""
    shown = printable(" ".join(text.split()))
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#|@" else char for char in shown)


def show_code(text: str) -> str:
    """Return a text that is shown as it is, with as many backticks around it as it needs."""
    shown = printable(" ".join(text.split()))
    ticks = "`" * (1 + max((len(run) for run in _list_runs(shown)), default=0))
    space = " " if "`" in shown else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def tabulate(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, whose cells are Markdown, and an empty one."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def show_block(lines: Sequence[str], language: str) -> Iterator[str]:
    """Yield lines that are shown as they are, in the colours of a language, with a fence they do not end."""
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in _list_runs(line)), default=0))
    yield f"{fence}{language}"
    yield from map(printable, lines)
    yield fence


def bound(text: str, most_chars: int, too_long: str) -> str:
    """Return a text of whole lines; one that is too long ends early, with a sentence that says so."""
    if len(text) < most_chars:
        return text + "\n"
    end = text.rfind("\n", 0, most_chars - len(too_long) - 2)
    return text[: max(end, 0)] + "\n" + too_long + "\n"


def _list_runs(text: str) -> Iterator[str]:
    return (run for run in "".join(char if char == "`" else " " for char in text).split())
