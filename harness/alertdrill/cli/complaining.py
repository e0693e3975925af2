"""Standard error, as commands complain to it."""

from __future__ import annotations

import click


def complain(text: str) -> None:
    """Print a text to standard error; a server's or a file's words in it cannot move the cursor."""
    from alertdrill.core.wording import printable  # a command that has nothing to complain of needs it not

    click.echo(printable(text), err=True)
