"""What is shown of a run while it lasts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from alertdrill.reports.progress import BoardState
from alertdrill.reports.terminal.board import board, progress_line

LOG_LINE_EVERY_S = 10.0


@contextmanager
def show_progress(console: Console) -> Iterator[Callable[[BoardState], None]]:
    """Yield what shows the state of a run: a live board on a terminal, a line every ten seconds elsewhere."""
    if console.is_terminal:
        with Live(console=console, refresh_per_second=5, transient=True) as live:
            yield lambda state: live.update(board(state))
        return
    last_s = -LOG_LINE_EVERY_S
    last_message = ""

    def show(state: BoardState) -> None:
        nonlocal last_s, last_message
        now_s = time.monotonic()
        if now_s - last_s >= LOG_LINE_EVERY_S or state.message != last_message:
            last_s, last_message = now_s, state.message
            console.print(progress_line(state), soft_wrap=True, markup=False, highlight=False)

    yield show
