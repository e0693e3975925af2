"""The incidents that notices opened, updated and closed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alertdrill.core.model import Integration, Labels, Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What a person saw: one incident of one integration of a receiver, and its accepted notices in order.

    `closed_s` is None while it is open.
    """

    id: str
    receiver: str
    integration: Integration
    opened_s: float
    closed_s: float | None
    group_labels: Labels
    notices: tuple[Notice, ...]

    @property
    def title(self) -> str:
        """What it was called as it was opened."""
        return self.notices[0].title

    @property
    def pages(self) -> tuple[Notice, ...]:
        """The notices while it was open: what opened it, updates and repeats."""
        return tuple(notice for notice in self.notices if notice.effect in {"opened", "updated"})


def list_incidents(notices: Iterable[Notice]) -> tuple[Incident, ...]:
    """Return the incidents of accepted notices, in the order in which they were opened."""
    by_id: dict[str, list[Notice]] = {}
    for notice in notices:
        if notice.incident is not None and notice.is_accepted:
            by_id.setdefault(notice.incident, []).append(notice)
    incidents = [
        Incident(
            id=name,
            receiver=own[0].receiver,
            integration=own[0].integration,
            opened_s=own[0].at_s,
            closed_s=next((notice.at_s for notice in own if notice.effect == "closed"), None),
            group_labels=own[0].group_labels,
            notices=tuple(own),
        )
        for name, own in by_id.items()
    ]
    return tuple(sorted(incidents, key=lambda incident: incident.opened_s))
