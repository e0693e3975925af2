"""Standard error, as commands complain to it."""

from __future__ import annotations


def complain(text: str) -> None:
    """Print a text to standard error; a server's or a file's words in it cannot move the cursor."""
    # Only here: who asks for help or the version waits for nothing else.
    from alertdrill.cli.sentences import say_text
    from alertdrill.core.wording import printable

    say_text(printable(text), to_stderr=True)
