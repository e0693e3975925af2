"""Standard output, as the commands print to it."""

from __future__ import annotations

import os
import sys

from rich.console import Console, ConsoleRenderable, RenderHook

from alertdrill.reports.terminal.lines import Trimmed

LOG_COLUMNS = 220


def open_console(*, to_stderr: bool = False) -> Console:
    """Return a console as wide as the terminal, or as COLUMNS says; else in a log each line stays a line.

    No line that is printed has blanks at its end. `to_stderr` is for what people read beside what programs
    do.
    """
    stream = sys.stderr if to_stderr else sys.stdout
    is_narrow = stream.isatty() or os.environ.get("COLUMNS", "").isdecimal()
    console = Console(width=None if is_narrow else LOG_COLUMNS, stderr=to_stderr)
    console.push_render_hook(_Trimming())
    return console


class _Trimming(RenderHook):
    """Takes the blanks off the ends of lines, with which tables are as wide as their columns."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Return what is printed in place of this."""
        return [Trimmed(one) for one in renderables]
