"""When the pieces of a streamed answer are due. Pure; times are seconds of rule time from the request on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

FIRST_TOKEN_SHARE = 0.3
MAX_STREAMED_PIECES = 1_000
"""So many pieces a stream has at most; longer answers have several tokens in each."""


def piece_times_s(latency_s: float, pieces: int, first_token_s: float | None = None) -> tuple[float, ...]:
    """Return when each of a stream's `pieces` (at least 1) is due, counted from the request.

    The first comes after `first_token_s`, or else after `FIRST_TOKEN_SHARE` of the latency, the last when it
    is over; a stream of one piece comes when the latency is over.
    """
    if pieces == 1:
        return (latency_s,)
    first_s = latency_s * FIRST_TOKEN_SHARE if first_token_s is None else first_token_s
    step_s = (latency_s - first_s) / (pieces - 1)
    return (*(first_s + step_s * index for index in range(pieces - 1)), latency_s)


def gap_times_s(first_token_s: float, gaps_s: Sequence[float], pieces: int) -> tuple[float, ...]:
    """Return when each of `pieces` is due where the times between tokens are known, the last with the last.

    There is a token more than gaps; what has fewer pieces than tokens has some in each.
    """
    at_s = tuple(accumulate(gaps_s, initial=first_token_s))
    if pieces == 1:
        return (at_s[-1],)
    last = len(at_s) - 1
    return tuple(at_s[round(index * last / (pieces - 1))] for index in range(pieces))
