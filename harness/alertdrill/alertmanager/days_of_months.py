"""How many days a month has to Alertmanager, which depends on where it is. Pure.

Source: daysInMonth in timeinterval/timeinterval.go of Alertmanager, the same in both generations: the hours
between a month's first instant and the next one's, divided by 24 and rounded down. So March has 30 days where
summer time begins in it, and `-1` is the 30th. Go's way to an instant from a date (time.Date) is followed,
because that decides where midnight is left out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S = 86_400


@lru_cache(maxsize=10_000)
def count_days(zone: tzinfo, year: int, month: int) -> int:
    """Return how many days Alertmanager takes a month to have."""
    first_s = _find_instant_s(zone, datetime(year, month, 1, tzinfo=UTC))
    # Go asks what the clock shows at the month's first instant, and asks for that a month later.
    shown = _EPOCH + timedelta(seconds=first_s + find_offset_s(zone, first_s))
    begin = datetime(shown.year, shown.month, 1, tzinfo=UTC)
    following = datetime(shown.year + shown.month // 12, shown.month % 12 + 1, 1, tzinfo=UTC)
    return (_find_instant_s(zone, following + (shown - begin)) - first_s) // _DAY_S


def find_offset_s(zone: tzinfo, at_s: float) -> int:
    """Return by how many seconds a zone is ahead of UTC at an instant."""
    ahead = (_EPOCH + timedelta(seconds=at_s)).astimezone(zone).utcoffset()
    return 0 if ahead is None else round(ahead.total_seconds())


def _find_instant_s(zone: tzinfo, shown: datetime) -> int:
    """Return the instant that Go makes of what a clock shows, which is written as if in UTC."""
    as_utc_s = round((shown - _EPOCH).total_seconds())
    offset_s = find_offset_s(zone, as_utc_s)
    return as_utc_s - (find_offset_s(zone, as_utc_s - offset_s) if offset_s else 0)
