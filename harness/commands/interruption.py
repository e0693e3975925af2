"""What ends a command when a signal asks for its end."""

from __future__ import annotations


class Interrupted(BaseException):
    """A signal asked for the end; unlike an error it passes every `except Exception`, and click too."""
