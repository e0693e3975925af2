"""The pager's incidents: a state machine for each inbox and key, as a person on call would see it. Pure.

A trigger opens an incident, or updates the one that is open or acknowledged; an acknowledgement is noted;
a resolve closes it, and the next trigger opens another. To acknowledge or resolve what is not open does
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers.attempt import Attempt, TaggedAlert
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Effect

MAX_INCIDENTS = 5_000
"""Beyond this many the oldest closed one is forgotten; where none is closed, the oldest."""
MAX_NOTIFICATIONS = 1_000
"""As many numbers of notifications does an incident keep, the newest."""

Key = tuple[Address, str]


@dataclass(slots=True, kw_only=True)
class Incident:
    """One incident; instants are epoch seconds."""

    id: str
    address: Address
    key: str
    title: str
    opened_s: float
    status: Literal["open", "acknowledged", "closed"] = "open"
    closed_s: float | None = None
    updates: int = 0
    notifications: list[int] = field(default_factory=list)
    alerts: tuple[TaggedAlert, ...] = ()
    group_labels: Labels = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """Return it as the control API shows it, without rule time."""
        return {
            "id": self.id,
            "receiver": self.address.receiver,
            "integration": self.address.integration,
            "key": self.key,
            "status": self.status,
            "title": self.title,
            "opened_s": self.opened_s,
            "closed_s": self.closed_s,
            "updates": self.updates,
            "notices": list(self.notifications),
        }


class Incidents:
    """All incidents, and which of them are open."""

    def __init__(self) -> None:
        self._all: dict[str, Incident] = {}
        self._open: dict[Key, Incident] = {}
        self._opened = 0

    def __iter__(self) -> Iterator[Incident]:
        return iter(self._all.values())

    def find_open(self, address: Address, key: str | None) -> Incident | None:
        """Return the incident that is open or acknowledged under this key."""
        return None if key is None else self._open.get((address, key))

    def find_last(self, address: Address, key: str | None) -> Incident | None:
        """Return the incident that was opened last under this key, open or not."""
        known = self.find_open(address, key)
        if known is not None or key is None:
            return known
        own = (one for one in reversed(self._all.values()) if (one.address, one.key) == (address, key))
        return next(own, None)

    def apply(self, address: Address, attempt: Attempt, received_s: float) -> tuple[Incident | None, Effect]:
        """Do what an accepted attempt does; return the incident that it is about, and what was done to it."""
        if attempt.key is None or attempt.does == "note":
            return None, "none"
        known = self._open.get((address, attempt.key))
        if attempt.does == "trigger":
            return self._trigger(address, attempt.key, attempt, received_s)
        if known is None:
            return None, "none"
        if attempt.does == "resolve":
            known.status = "closed"
            known.closed_s = received_s
            del self._open[address, attempt.key]
            return known, "closed"
        if attempt.does == "acknowledge":
            known.status = "acknowledged"
        else:
            known.title = attempt.title or known.title
        return known, "none"

    def acknowledge(self, name: str) -> bool:
        """Note that somebody acknowledged an incident; False if none of this name is open."""
        incident = self._all.get(name)
        if incident is None or incident.status == "closed":
            return False
        incident.status = "acknowledged"
        return True

    def _trigger(
        self, address: Address, key: str, attempt: Attempt, received_s: float
    ) -> tuple[Incident, Effect]:
        incident = self._open.get((address, key))
        effect: Effect = "updated"
        if incident is None:
            self._opened += 1
            incident = Incident(
                id=str(self._opened), address=address, key=key, title=attempt.title, opened_s=received_s
            )
            self._all[incident.id] = incident
            self._open[address, key] = incident
            self._forget()
            effect = "opened"
        else:
            incident.updates += 1
            incident.title = attempt.title or incident.title
        incident.alerts = attempt.alerts or incident.alerts
        incident.group_labels = attempt.group_labels or incident.group_labels
        return incident, effect

    def _forget(self) -> None:
        if len(self._all) <= MAX_INCIDENTS:
            return
        closed = (incident for incident in self._all.values() if incident.status == "closed")
        oldest = next(closed, None) or next(iter(self._all.values()))
        del self._all[oldest.id]
        if oldest.status != "closed":
            del self._open[oldest.address, oldest.key]
