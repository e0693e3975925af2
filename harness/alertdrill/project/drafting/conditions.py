"""What clients and providers do from some instant on, as drafts state it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ErrorKind = Literal["server_error", "rate_limit", "timeout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What clients and providers do from some instant on.

    `rate_per_s` calls come, of which `share` fail as `error`. The others take from `low_s` to `high_s`, each
    as likely; with `slow_every` each so manieth takes `high_s` and the rest `low_s`. `scan_per_s` more have
    no valid key. `usd` is what an ordinary call costs, None where nobody knows.
    """

    rate_per_s: float
    share: float = 0.0
    error: ErrorKind = "server_error"
    low_s: float = 0.05
    high_s: float = 0.05
    slow_every: int | None = None
    scan_per_s: float = 0.0
    tokens: int = 0
    usd: float | None = None
    is_down: bool = False
