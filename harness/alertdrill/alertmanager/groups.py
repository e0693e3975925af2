"""Tells groups apart whose labels are the same, by the routes that their alerts take. Pure.

Alertmanager makes a group for each route, also where routes lead to one receiver and group by the same
labels. PagerDuty, webhooks and some others are told a key of the group. A notification of any other kind says
the labels alone, so that the pager knows one incident, which the end of the first group closes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from alertdrill.alertmanager.routes import ALL_LABELS, Match, Route, match_routes
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Effect, Notification

Inbox = tuple[str, str, int]
"""A receiver's name, the kind of an integration of it, and the number of that."""
_Pairs = frozenset[tuple[str, str]]


@dataclass(slots=True)
class Groups:
    """The groups of a config's routes; what becomes of an alert is looked up once."""

    root: Route
    _matches: dict[_Pairs, tuple[Match, ...]] = field(default_factory=dict)

    def tell_apart(
        self, notifications: Sequence[Notification], inboxes: Sequence[Inbox]
    ) -> tuple[Notification, ...]:
        """Return notifications, in their order, those of different groups with incidents of their own.

        `inboxes` says of each where it was delivered. Where an alert takes several routes that may be meant,
        nobody can tell, and what the pager says is left.
        """
        told = list(notifications)
        shared: dict[tuple[Inbox, _Pairs], list[int]] = {}
        for index, (notification, inbox) in enumerate(zip(notifications, inboxes, strict=True)):
            if _is_known_by_labels(notification):
                shared.setdefault((inbox, _pair(notification.group_labels)), []).append(index)
        for indexes in shared.values():
            routes = {index: self._find_routes(notifications[index]) for index in indexes}
            if len(set(routes.values())) > 1 and all(len(one) == 1 for one in routes.values()):
                _give_incidents(told, routes)
        return tuple(told)

    def _find_routes(self, notification: Notification) -> frozenset[str]:
        """Return which routes all alerts of a notification may have taken to its receiver."""
        return frozenset.intersection(
            *(
                frozenset(
                    match.pointer
                    for match in self._match({"alertname": alert.alert, **alert.labels})
                    if match.receiver == notification.receiver
                    and _is_group(match, {"alertname": alert.alert, **alert.labels}, notification)
                )
                for alert in notification.alerts
            )
        )

    def _match(self, labels: Labels) -> tuple[Match, ...]:
        pairs = _pair(labels)
        if pairs not in self._matches:
            self._matches[pairs] = match_routes(self.root, labels)
        return self._matches[pairs]


def _is_known_by_labels(notification: Notification) -> bool:
    """Tell whether a notification counts for an incident, and has no key of its group."""
    return (
        notification.is_accepted
        and not notification.group_key
        and not notification.why
        and bool(notification.alerts)
    )


def _is_group(match: Match, labels: Labels, notification: Notification) -> bool:
    names = labels.keys() if match.group_by == ALL_LABELS else match.group_by
    return {name: labels[name] for name in names if name in labels} == notification.group_labels


def _give_incidents(told: list[Notification], routes: Mapping[int, frozenset[str]]) -> None:
    """Have each group's notifications open, update and close incidents of its own, as the pager does."""
    open_: dict[frozenset[str], str] = {}
    for index, group in routes.items():
        notification = told[index]
        incident = open_.get(group)
        effect: Effect
        if notification.status == "resolved":
            effect = "none" if incident is None else "closed"
            open_.pop(group, None)
        elif incident is None:
            effect = "opened"
            # The pager's own name is another group's, unless this is what opened that incident.
            own = notification.incident if notification.effect == "opened" else None
            incident = open_[group] = own or f"{notification.incident}.{notification.number}"
        else:
            effect = "updated"
        told[index] = replace(notification, incident=incident, effect=effect)


def _pair(labels: Labels) -> _Pairs:
    return frozenset(labels.items())
