"""Standard output, as the commands print to it."""

from __future__ import annotations

import sys

from rich.console import Console

LOG_COLUMNS = 220


def open_console(*, to_stderr: bool = False) -> Console:
    """Return a console as wide as the terminal; in a log each line stays a line, however long.

    `to_stderr` is for what people read beside what programs do.
    """
    stream = sys.stderr if to_stderr else sys.stdout
    return Console(width=None if stream.isatty() else LOG_COLUMNS, stderr=to_stderr)
