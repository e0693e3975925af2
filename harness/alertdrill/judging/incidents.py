"""The incidents that notifications opened, updated and closed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alertdrill.core.expectation import Integration
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Notification


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What a person saw: one incident of one integration of a receiver, its accepted notifications in order.

    `closed_s` is None while it is open.
    """

    id: str
    receiver: str
    integration: Integration
    opened_s: float
    closed_s: float | None
    group_labels: Labels
    notifications: tuple[Notification, ...]

    @property
    def title(self) -> str:
        """What it was called as it was opened."""
        return self.notifications[0].title

    @property
    def pages(self) -> tuple[Notification, ...]:
        """The notifications while it was open: what opened it, updates and repeats."""
        return tuple(
            notification
            for notification in self.notifications
            if notification.effect in {"opened", "updated"}
        )


def list_incidents(notifications: Iterable[Notification]) -> tuple[Incident, ...]:
    """Return the incidents of accepted notifications, in the order in which they were opened."""
    by_id: dict[str, list[Notification]] = {}
    for notification in notifications:
        if notification.incident is not None and notification.is_accepted:
            by_id.setdefault(notification.incident, []).append(notification)
    incidents = [
        Incident(
            id=name,
            receiver=own[0].receiver,
            integration=own[0].integration,
            opened_s=own[0].at_s,
            closed_s=next(
                (notification.at_s for notification in own if notification.effect == "closed"), None
            ),
            group_labels=own[0].group_labels,
            notifications=tuple(own),
        )
        for name, own in by_id.items()
    ]
    return tuple(sorted(incidents, key=lambda incident: incident.opened_s))
