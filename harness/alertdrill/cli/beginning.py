"""What a signal does while a command is imported: there is nothing to leave in order, so it ends at once.

An exception would end in the middle of an import, where it is a traceback, or is swallowed by a callback.
Nothing that takes long to import is imported here.
"""

from __future__ import annotations

import os
import signal

from alertdrill.errors import CouldNotTell

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What asks for the end of a command."""


def end_at_once(number: int, _frame: object) -> None:
    """Say which signal it was, and end this process."""
    try:
        os.write(2, f"alertdrill: interrupted by {signal.Signals(number).name}; nothing was begun\n".encode())
    finally:  # where nothing can be said, it ends all the same
        os._exit(CouldNotTell.exit_code)


def end_on_signals() -> None:
    """Let signals end this process at once from here on."""
    for number in SIGNALS:
        signal.signal(number, end_at_once)
