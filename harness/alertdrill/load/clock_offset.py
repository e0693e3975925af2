"""How far the master's clock is ahead of this machine's, from the messages that go to and fro."""

from __future__ import annotations

from collections import deque

SAMPLES = 100
"""The offset follows a clock that drifts: at ten messages a second, these are the last ten seconds."""


class ClockOffset:
    """The offset to add to this machine's clock, in seconds, as the quickest of the last messages says."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=SAMPLES)

    @property
    def s(self) -> float:
        """The offset; 0 while it cannot be told from the time that messages take."""
        if not self._samples:
            return 0.0
        took_s, offset_s = min(self._samples)
        return offset_s if abs(offset_s) > took_s / 2 else 0.0

    def note(self, *, sent_s: float, heard_s: float, answered_s: float) -> None:
        """Take in a message sent and answered by this clock, and heard, in between, by the master's."""
        self._samples.append((answered_s - sent_s, heard_s - (sent_s + answered_s) / 2))
