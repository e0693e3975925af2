"""What alerts did so far, read from one look after another at those that are active."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from alertdrill.core.clock import Clock
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Event, EventKind
from alertdrill.recording.prometheus import ActiveAlert

MOST_EVENTS = 5_000
"""Beyond these, the oldest are forgotten: a stack may stand for days."""

_Key = tuple[str, frozenset[tuple[str, str]]]


@dataclass(slots=True, kw_only=True)
class AlertLog:
    """Keeps the events that lie between looks; `for_s` is how long each alert is pending before it fires.

    That an alert began is known to the instant, that it ended to the look after. One that was pending ends
    as `resolved`, too. It is there to be watched: verdicts are made of what Prometheus recorded.
    """

    clock: Clock
    for_s: Mapping[str, float]
    _events: deque[Event] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))
    _active: dict[_Key, tuple[Literal["pending", "firing"], float]] = field(default_factory=dict)

    @property
    def events(self) -> tuple[Event, ...]:
        """All that happened so far, in order."""
        return tuple(sorted(self._events, key=lambda event: event.at_s))

    def look(self, active: Iterable[ActiveAlert], now_s: float) -> None:
        """Note what differs, at rule time `now_s`, from the look before."""
        seen = {(one.name, frozenset(one.labels.items())): one for one in active}
        for key, one in seen.items():
            since_s = self.clock.rule_s(one.active_at_s)
            before = self._active.get(key)
            if before is not None and before[1] != since_s:
                self._note("resolved", one.name, one.labels, since_s)  # it ended and began between looks
                before = None
            waits_s = self.for_s.get(one.name, 0.0)
            if before is None and (waits_s or one.state == "pending"):
                self._note("pending", one.name, one.labels, since_s)
            if one.state == "firing" and (before is None or before[0] == "pending"):
                self._note("firing", one.name, one.labels, since_s + waits_s)
            self._active[key] = one.state, since_s
        for key in [key for key in self._active if key not in seen]:
            del self._active[key]
            self._note("resolved", key[0], dict(key[1]), now_s)

    def _note(self, kind: EventKind, alert: str, labels: Labels, at_s: float) -> None:
        self._events.append(Event(at_s=at_s, kind=kind, alert=alert, labels=dict(labels)))
