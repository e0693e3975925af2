"""What the name of a metric tells of it, by Prometheus's conventions, as far as it matters to a speed. Pure.

A name is taken at its word, so who uses this says what was assumed. https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

import re
from typing import Literal

Nature = Literal["count", "durations", "sum", "seconds", "uptime", "reading", "age", "under_way", "state"]
"""count: a counter of what happens. durations: a histogram of how long it took. sum: it grows with each
call by what it took. seconds: a counter of seconds that something was busy. uptime: it grows by a second each
second. reading: of a clock, as a time of day is. age: how long ago something was, or how long until.
under_way: how much is being done at once. state: anything else, which somebody set."""

_TIME_UNIT = r"(?:(?:milli|micro|nano)?seconds|minutes|hours|days|ms)"
_NATURES: tuple[tuple[Nature, str], ...] = (
    ("durations", rf"(?:_|:|\b){_TIME_UNIT}_bucket$|(?:latency|duration|time)\w*_bucket$"),
    ("count", r"_(?:bucket|count)$"),
    ("sum", r"_sum$"),
    ("reading", rf"_created$|_timestamp(?:_{_TIME_UNIT})?$|^ALERTS_FOR_STATE$"),
    ("reading", rf"(?:^|_|:)(?:start|boot|last\w*|node)_time(?:_{_TIME_UNIT})?$"),
    ("uptime", r"(?:^|_|:)(?:up|down|run)_?time(?:_|$)"),
    ("seconds", rf"_(?:{_TIME_UNIT}|joules)_total$"),
    ("count", r"_total$"),
    ("age", rf"(?:^|_|:)(?:lag|age|idle|stale\w*|since|remaining|ttl|expir\w+|until)\w*_{_TIME_UNIT}(?:_|$)"),
    (
        "under_way",
        r"(?:^|_|:)(?:in_?flight|in_?progress|active|running|waiting|pending|queued?|backlog|concurren\w+|ongoing"
        r"|busy|in_use|open_connections)(?:_|$)",
    ),
)
_PATTERNS = tuple((nature, re.compile(pattern)) for nature, pattern in _NATURES)
_OF_TIME = re.compile(rf"_{_TIME_UNIT}$")


def find_nature(name: str) -> Nature:
    """Return what a name says that its metric is."""
    return next((nature for nature, pattern in _PATTERNS if pattern.search(name)), "state")


def is_of_time(name: str) -> bool:
    """Say whether a name ends in a unit of time, without what a counter's or a histogram's adds."""
    return _OF_TIME.search(name) is not None
