"""What the receivers got, as data: how fast, which incidents, and what a person read in them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from alertdrill.core.timeline import Notification, NotifiedAlert, Timeline
from alertdrill.core.wording import say_selector
from alertdrill.judging.incidents import Incident, list_incidents
from alertdrill.judging.page_latency import Spread, summarise_inboxes
from alertdrill.reports import say_delay
from alertdrill.reports.html.cards import Paper, cut, describe_card

MOST_INCIDENTS = 300
MOST_NOTIFICATIONS = 20
MOST_ALERTS = 5

Data = dict[str, Any]


def describe_pages(timeline: Timeline, *, goes_on: bool = False) -> Data:
    """Return all that receivers got; of too much the first, or of what still `goes_on` the newest.

    An incident's `id` is that in its address; it stays the same while more are opened, or forgotten.
    """
    paging = timeline.paging
    incidents = list_incidents(paging.notifications)
    shown = incidents[-MOST_INCIDENTS:] if goes_on else incidents[:MOST_INCIDENTS]
    refused = [notification for notification in paging.notifications if not notification.is_accepted]
    loose = [one for one in paging.notifications if one.is_accepted and one.incident is None]
    paper = Paper()

    def describe(notifications: list[Notification]) -> list[Data]:
        return _notifications(
            notifications[-MOST_NOTIFICATIONS:] if goes_on else notifications[:MOST_NOTIFICATIONS], paper
        )

    return {
        "troubles": list(paging.troubles),
        "inboxes": [
            {
                "receiver": inbox.receiver,
                "integration": inbox.integration,
                "opened": inbox.opened,
                "closed": inbox.closed,
                "refused": inbox.refused,
                "paged": _spread(inbox.firing_to_paged, timeline.speed),
                "resolved": _spread(inbox.resolved_to_closed, timeline.speed),
            }
            for inbox in summarise_inboxes(timeline)
        ],
        "incidents": [_incident(incident, paper) for incident in shown],
        "incidents_more": max(0, len(incidents) - MOST_INCIDENTS),
        "refused": describe(refused),
        "refused_more": max(0, len(refused) - MOST_NOTIFICATIONS),
        "loose": describe(loose),
        "loose_more": max(0, len(loose) - MOST_NOTIFICATIONS),
    }


def _incident(incident: Incident, paper: Paper) -> Data:
    return {
        "id": incident.id,
        "title": incident.title,
        "receiver": incident.receiver,
        "integration": incident.integration,
        "from": round(incident.opened_s, 1),
        "until": None if incident.closed_s is None else round(incident.closed_s, 1),
        "grouped": say_selector("", incident.group_labels),
        "notifications": _notifications(incident.notifications, paper),
        "more": max(0, len(incident.notifications) - MOST_NOTIFICATIONS),
    }


def _notifications(notifications: Iterable[Notification], paper: Paper) -> list[Data]:
    described: list[Data] = []
    before: tuple[object, ...] = ()
    for notification in list(notifications)[:MOST_NOTIFICATIONS]:
        said = (notification.title, notification.text, notification.card)
        is_same = any(said) and said == before
        data: Data = {
            "number": notification.number,
            "at": round(notification.at_s, 1),
            "effect": notification.effect
            if notification.is_accepted
            else f"refused by {notification.receiver} {notification.integration}",
            "answer": notification.answer,
            "wrong": "; ".join(filter(None, (notification.why, notification.cut))),
            "alerts": _alerts(notification.alerts),
        }
        if is_same:
            data["same"] = True
        elif notification.card is not None:
            data["card"] = describe_card(notification.card, paper)
        else:
            data |= {"title": notification.title, "text": cut(notification.text)}
        before = said
        described.append(data)
    return described


def _alerts(alerts: Sequence[NotifiedAlert]) -> list[str]:
    """Name the alerts; of several, only by the labels that tell one from another."""
    shared = set.intersection(*(set(alert.labels.items()) for alert in alerts)) if len(alerts) > 1 else set()
    names = []
    for alert in alerts[:MOST_ALERTS]:
        own = {name: value for name, value in alert.labels.items() if (name, value) not in shared}
        names.append(f"{say_selector(alert.alert, own)} {alert.status}")
    if len(alerts) > MOST_ALERTS:
        names.append(f"and {len(alerts) - MOST_ALERTS} more")
    return names


def _spread(spread: Spread | None, speed: float) -> list[str] | None:
    return None if spread is None else [say_delay(spread.median_s, speed), say_delay(spread.max_s, speed)]
