"""What the name of a metric tells of it, by Prometheus's conventions, as far as it matters to a speed. Pure.

A name is taken at its word where no type is known, so who uses this says what was assumed. https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Nature = Literal["count", "durations", "sum", "seconds", "uptime", "reading", "age", "under_way", "state"]
"""count: a counter of what happens. durations: a histogram of how long it took. sum: it grows with each
call by what it took. seconds: a counter of seconds that something was busy. uptime: it grows by a second each
second. reading: of a clock, as a time of day is. age: how long ago something was, or how long until.
under_way: how much is being done at once. state: anything else, which somebody set."""

MAX_CHARS = 200
"""Of a name, that are read; patterns need the square of them in time."""

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
        r"|busy|in_use|open_connections|swapped)(?:_|$)",
    ),
    (
        "under_way",
        r"(?:gpu|cpu|cache|pool|thread|worker)\w*_(?:utili[sz]ation|util|usage)(?:_(?:perc\w*|ratio))?$|_load\d+$",
    ),
)
_PATTERNS = tuple((nature, re.compile(pattern, re.IGNORECASE)) for nature, pattern in _NATURES)
_COUNTING = re.compile(r"_(?:total|count|sum|bucket)$")
GAUGE, COUNTER = "gauge", "counter"
COUNTED: frozenset[Nature] = frozenset({"count", "durations", "sum", "seconds"})
"""What a counter is; a gauge is none of it."""
_OF_TIME = re.compile(rf"_{_TIME_UNIT}$")


def find_nature(name: str, kind: str | None = None) -> Nature:
    """Return what a name says that its metric is; of one that is very long, what its end says.

    `kind` is its type, as a target tells it: a gauge counts nothing, whatever its name ends in, and a counter
    does.
    """
    nature = _find_by_name(name)
    if kind == GAUGE and nature in COUNTED:
        nature = _find_by_name(_COUNTING.sub("", name))
        return "state" if nature in COUNTED else nature
    if kind == COUNTER and nature == "state":
        return "seconds" if is_of_time(name) else "count"
    return nature


def _find_by_name(name: str) -> Nature:
    end = name[-MAX_CHARS:]
    return next((nature for nature, pattern in _PATTERNS if pattern.search(end)), "state")


def find_type(name: str, types: Mapping[str, str]) -> str | None:
    """Return the type of a metric by those of families; None where no target tells it.

    OpenMetrics names a counter without its `_total`, and both formats a histogram without `_bucket`.
    """
    if name in types:
        return types[name]
    family = _COUNTING.sub("", name)
    return types.get(family) if types.get(family) in {COUNTER, "histogram", "summary"} else None


def is_of_time(name: str) -> bool:
    """Say whether a name ends in a unit of time, without what a counter's or a histogram's adds."""
    return _OF_TIME.search(name) is not None
