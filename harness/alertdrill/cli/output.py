"""Standard output, as the commands print to it."""

from __future__ import annotations

import sys

from rich.console import Console

LOG_COLUMNS = 220


def open_console() -> Console:
    """Return a console as wide as the terminal; in a log each line stays a line, however long."""
    return Console(width=None if sys.stdout.isatty() else LOG_COLUMNS)
