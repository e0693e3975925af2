"""A terminal for tests, where the machine has some to give."""

from __future__ import annotations

import pty

import pytest


def open_terminal() -> tuple[int, int]:
    """Return both ends of a terminal, ours first; the test is skipped, by name, where there is none."""
    try:
        return pty.openpty()
    except OSError as error:  # as where no /dev/pts is mounted
        pytest.skip(f"this machine gives no terminal: {error}")
