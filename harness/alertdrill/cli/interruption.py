"""What ends a command when a signal asks for its end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from alertdrill.errors import CouldNotTell

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal asked for the end; unlike an error it passes every `except Exception`, and click too.

    `by` is the signal's name, and `left` says what the command leaves.
    """

    def __init__(
        self, by: str, left: str = "nothing was judged", exit_code: int = CouldNotTell.exit_code
    ) -> None:
        super().__init__(f"interrupted by {by}; {left}")
        self.by = by
        self.exit_code = exit_code


@contextmanager
def defer_signals() -> Iterator[None]:
    """Let a signal wait that asks for the end, until the block is through."""
    caught: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _frame: caught.append(number)) for number in SIGNALS
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if caught:
            signal.raise_signal(caught[0])
