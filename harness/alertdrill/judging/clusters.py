"""What both Alertmanagers of a cluster told, because one had not heard in time that the other had. Pure.

Alertmanager promises to notify at least once: a member that hears too late tells again what was told
already (https://prometheus.io/docs/alerting/latest/alertmanager/#high-availability). On a clock that runs
faster, a moment in which one waits for the machine is longer than its peer waits, so that nobody can tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from alertdrill.core.clock import format_s
from alertdrill.core.parts import find_peer_timeout_s
from alertdrill.core.timeline import Notification, Timeline


def list_repeated(timeline: Timeline) -> tuple[tuple[Notification, Notification], ...]:
    """Return what was told twice, the first and the second, where two members may each have told it.

    Both tell the same of the same alerts. The second waits for its peer's timeout, and its timers may be
    behind the first one's, or ahead of them, by as much.
    """
    within_s = 2 * find_peer_timeout_s(timeline.speed)
    last: dict[object, Notification] = {}
    found = []
    for one in sorted(timeline.paging.notifications, key=lambda notification: notification.at_s):
        if not one.is_accepted or not one.alerts:
            continue
        before = last.get(_identify(one))
        if before is not None and one.at_s - before.at_s <= within_s:
            found.append((before, one))
        else:
            last[_identify(one)] = one
    return tuple(found)


def leave_out(timeline: Timeline, repeated: Iterable[Notification]) -> Timeline:
    """Return a timeline without some of its notifications."""
    numbers = {notification.number for notification in repeated}
    kept = tuple(one for one in timeline.paging.notifications if one.number not in numbers)
    return replace(timeline, paging=replace(timeline.paging, notifications=kept))


def say_repeated(first: Notification, second: Notification) -> str:
    """Say why nobody can tell: both members told the same."""
    return (
        f"both Alertmanagers notified {first.receiver} by {first.integration}, at {format_s(first.at_s)} and "
        f"{format_s(second.at_s)}, as one does that has not heard of the other in time; "
        "whether the cluster would have told it once is unknown"
    )


def _identify(notification: Notification) -> object:
    alerts = frozenset(
        (alert.alert, alert.status, tuple(sorted(alert.labels.items()))) for alert in notification.alerts
    )
    # Two routes to one receiver are two groups, and no matter of the cluster.
    group = (notification.group_key, tuple(sorted(notification.group_labels.items())))
    return notification.receiver, notification.integration, notification.status, group, alerts
