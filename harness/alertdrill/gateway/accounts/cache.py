"""A cache in memory, bounded in entries, in bytes and in time; what goes first is what came first.

Where operators have a Redis, the gateway has this: its lookups count as connections of the kind `redis`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from alertdrill.gateway.accounts.events import CacheLookedUp, CacheResized
from alertdrill.gateway.events import Listener
from alertdrill.gateway.meter import Meter
from alertdrill.gateway.timing import RuleClock

_V = TypeVar("_V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much a cache may keep, and for how long (rule time)."""

    entries: int
    size_bytes: int
    ttl_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry(Generic[_V]):
    value: _V
    size_bytes: int
    expires_s: float


class Cache(Generic[_V]):
    """One cache, called `name`; it tells of every lookup, and of its size when that changes."""

    def __init__(self, name: str, bounds: Bounds, clock: RuleClock, emit: Listener, meter: Meter) -> None:
        self._name = name
        self._bounds = bounds
        self._clock = clock
        self._emit = emit
        self._meter = meter
        self._entries: dict[str, _Entry[_V]] = {}
        self._size_bytes = 0

    def get(self, key: str) -> _V | None:
        """Return what is kept under a key, unless it is too old; None for a miss."""
        with self._meter.connection("redis"):
            entry = self._entries.get(key)
            if entry is not None and self._clock.now_s() >= entry.expires_s:
                self._remove(key)
                entry = None
            self._emit(CacheLookedUp(cache=self._name, is_hit=entry is not None))
            return None if entry is None else entry.value

    def put(self, key: str, value: _V, size_bytes: int) -> None:
        """Keep a value, and drop the oldest until all bounds hold; what is too large alone is not kept."""
        with self._meter.connection("redis"):
            self._remove(key)
            if size_bytes <= self._bounds.size_bytes:
                expires_s = self._clock.now_s() + self._bounds.ttl_s
                self._entries[key] = _Entry(value=value, size_bytes=size_bytes, expires_s=expires_s)
                self._size_bytes += size_bytes
            while len(self._entries) > self._bounds.entries or self._size_bytes > self._bounds.size_bytes:
                self._remove(next(iter(self._entries)))
            self._change_size()

    def drop(self, key: str) -> None:
        """Forget what is kept under a key, if anything is."""
        with self._meter.connection("redis"):
            self._remove(key)
            self._change_size()

    def _remove(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size_bytes -= entry.size_bytes

    def _change_size(self) -> None:
        self._emit(CacheResized(cache=self._name, size_bytes=self._size_bytes))
