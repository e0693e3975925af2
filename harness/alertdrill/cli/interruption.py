"""What ends a command when a signal asks for its end."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import NoReturn

from alertdrill.cli.beginning import SIGNALS, end_at_once
from alertdrill.errors import CouldNotTell

LOOK_EVERY_S = 0.02
"""How often is looked whether a callback is over in which a signal's exception was swallowed."""


class Interrupted(BaseException):
    """A signal asked for the end; unlike an error it passes every `except Exception`, and click too.

    `by` is the signal's name, and `left` says what the command leaves, None where
    that is what its like leaves.
    """

    def __init__(self, by: str, left: str | None = None, exit_code: int = CouldNotTell.exit_code) -> None:
        super().__init__(f"interrupted by {by}" + ("" if left is None else f"; {left}"))
        self.by = by
        self.left = left
        self.exit_code = exit_code


def leave_on_signals() -> None:
    """Let signals that would end this process at once leave every `with` block in order, from here on.

    Who calls commands within a process of another kind has handlers of its own, which stay.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is end_at_once:
            signal.signal(number, _interrupt)
            sys.unraisablehook = _interrupt_again


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    """Leave every `with` block in order; further signals do not disturb that."""
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise Interrupted(signal.Signals(number).name)


def _interrupt_again(swallowed: sys.UnraisableHookArgs) -> None:
    """Send a signal again that came during a callback, such as those of imports: these swallow exceptions."""
    if not isinstance(swallowed.exc_value, Interrupted):
        sys.__unraisablehook__(swallowed)
        return
    number = signal.Signals[swallowed.exc_value.by]
    for other in SIGNALS:
        signal.signal(other, _interrupt)
    threading.Thread(target=_send_when_over, args=[threading.get_ident(), number]).start()


def _send_when_over(main_thread: int, number: signal.Signals) -> None:
    """Send a signal to the main thread once `_interrupt_again` has returned there, and so the callback has.

    Sent within it, the exception would be swallowed a second time, and for good.
    """
    while _is_at(main_thread, _interrupt_again.__code__):
        time.sleep(LOOK_EVERY_S)
    signal.pthread_kill(main_thread, number)


def _is_at(thread: int, code: CodeType) -> bool:
    """Return whether a thread is in a function."""
    frame = sys._current_frames().get(thread)
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None


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
