"""Writes to disk beside the arrivals: a disk that is busy holds up who writes, for most of a second at times.

A thread is held up here, and greenlets go on. Lines of a log keep their order.
"""

from __future__ import annotations

import atexit
import logging
import sys
from pathlib import Path
from typing import TextIO

import gevent
from gevent.lock import RLock


def replace_aside(path: Path, text: str) -> None:
    """Replace a file in one step, so that a reader never sees half of it; only this greenlet waits.

    Raises OSError where the file cannot be written.
    """
    gevent.get_hub().threadpool.apply(_replace, (path, text))


def log_aside() -> BackgroundStream:
    """Have a thread write what Locust and the scenarios log to the standard error stream."""
    log = BackgroundStream(sys.stderr)
    loggers = [logging.getLogger(), *map(logging.getLogger, ("locust", "locust.stats_logger"))]
    for handler in {handler for logger in loggers for handler in logger.handlers}:
        # A subclass writes to a file of the user's choice, which it closes itself.
        if type(handler) is logging.StreamHandler:
            handler.setStream(log)
    return log


class BackgroundStream:
    """A stream whose text a thread writes to another; what is left when the process ends is written then."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._pending: list[str] = []
        self._writing = RLock()
        self._is_awaited = False
        atexit.register(self.settle)

    def write(self, text: str) -> int:
        """Take the text, and return at once."""
        self._pending.append(text)
        if not self._is_awaited:
            self._is_awaited = True
            gevent.spawn(self.settle)
        return len(text)

    def flush(self) -> None:
        """Do nothing: whoever logs flushes each line, and is not to wait for it."""

    def settle(self) -> None:
        """Return when all that was taken is written."""
        with self._writing:
            while self._pending:
                text = "".join(self._pending)
                self._pending.clear()
                gevent.get_hub().threadpool.apply(_write, (self._stream, text))
            self._is_awaited = False


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(text)
    new.replace(path)


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()
