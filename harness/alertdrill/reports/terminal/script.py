"""Writes text so that the console's encoding can show it, and no text can move its cursor."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import OverflowMethod

from alertdrill.core.wording import printable

ASCII = str.maketrans({"→": ">", "·": "-", "…": "~", "✓": "+", "✗": "x", "●": "*", "○": "o", "◌": "."})


@dataclass(frozen=True, slots=True)
class Script:
    """What a console can show: Unicode, or plain ASCII."""

    ascii_only: bool

    def __call__(self, text: str) -> str:
        """Return one line of text as this console can show it."""
        return say(text, ascii_only=self.ascii_only)

    @property
    def overflow(self) -> OverflowMethod:
        """How to cut a line that is too long: Rich's ellipsis is not ASCII."""
        return "crop" if self.ascii_only else "ellipsis"


def say(text: str, *, ascii_only: bool) -> str:
    """Return one line of text, with escapes for what must not or cannot be written."""
    text = printable(text).replace("\n", " ")
    return text.translate(ASCII).encode("ascii", "backslashreplace").decode("ascii") if ascii_only else text
