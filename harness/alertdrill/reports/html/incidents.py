"""The incidents of a run as a figure: a lane for each integration of a receiver, over rule time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alertdrill.core.clock import format_s
from alertdrill.core.expectation import Integration
from alertdrill.core.timeline import Notification
from alertdrill.judging.incidents import Incident, list_incidents
from alertdrill.reports import RunRecord
from alertdrill.reports.html.figure import lay_out
from alertdrill.reports.html.lanes import BAR_PX, GAP_PX, SMALL_PX, Lanes

MOST_ROWS = 16
"""More incidents at once than this are not drawn, for each inbox."""
CHARACTERS = 180
"""About as many fit across a plot of the page's full width."""
ROW_PX = BAR_PX + 3
MARKS: Mapping[str, str] = {"opened": "paged", "updated": "updated", "closed": "page_resolved"}
"""What a notification did to its incident, and the mark of the lanes that stands for it."""

Inbox = tuple[str, Integration]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentsFigure:
    """What plotly takes, and how many incidents there was no room for."""

    plot: Mapping[str, Any]
    left_out: int


def draw_incidents(record: RunRecord) -> IncidentsFigure | None:
    """Draw what each inbox of a run got, or return None if none got anything."""
    notifications = record.timeline.paging.notifications
    if not notifications:
        return None
    incidents = list_incidents(notifications)
    until_s = record.timeline.until_s
    lanes = Lanes(until_s=until_s)
    left_out = 0
    for inbox in sorted(
        {(notification.receiver, notification.integration) for notification in notifications}
    ):
        lanes.write(" · ".join(inbox), 0.0, "$ink")
        own = [incident for incident in incidents if (incident.receiver, incident.integration) == inbox]
        left_out += _add_incidents(lanes, own, until_s)
        refused = [
            notification
            for notification in notifications
            if (notification.receiver, notification.integration) == inbox and not notification.is_accepted
        ]
        _add_refused(lanes, refused)
        lanes.height_px += GAP_PX
    return IncidentsFigure(
        plot={"data": lanes.list_traces(), "layout": lay_out(until_s, None, lanes, ())}, left_out=left_out
    )


def _add_incidents(lanes: Lanes, incidents: Sequence[Incident], until_s: float) -> int:
    """Draw incidents, those open at the same time beneath each other; return how many are left out."""
    ends_s: list[float] = []
    left_out = 0
    top_px = lanes.height_px
    for incident in incidents:
        row = next((row for row, end_s in enumerate(ends_s) if end_s <= incident.opened_s), len(ends_s))
        if row >= MOST_ROWS:
            left_out += 1
            continue
        end_s = until_s if incident.closed_s is None else incident.closed_s
        ends_s[row : row + 1] = [end_s]
        y_px = top_px + (row + 0.5) * ROW_PX
        lanes.bar(
            "open" if incident.closed_s is None else "closed",
            y_px,
            incident.opened_s,
            end_s,
            f"{incident.title}, {'never closed' if incident.closed_s is None else 'open'}",
            label=f"   {_fit(incident.title, (end_s - incident.opened_s) / until_s)}",
        )
        for notification in incident.notifications:
            if notification.effect in MARKS:
                below_px = (
                    (BAR_PX - SMALL_PX) / 2 if notification.effect == "updated" else 0.0
                )  # beside the title
                lanes.mark(
                    MARKS[notification.effect],
                    y_px + below_px,
                    notification.at_s,
                    _say_notification(notification),
                )
    lanes.take(len(ends_s) * ROW_PX)
    return left_out


def _fit(title: str, share: float) -> str:
    """Cut a title to what a bar of this share of a wide plot has room for; plotly hides what is too long."""
    room = int(share * CHARACTERS) - len("   …")
    return title if len(title) <= room else f"{title[: max(0, room)]}…"


def _add_refused(lanes: Lanes, notifications: Sequence[Notification]) -> None:
    if not notifications:
        return
    y_px = lanes.take(BAR_PX)
    for notification in notifications:
        lanes.mark("refused", y_px, notification.at_s, _say_notification(notification))


def _say_notification(notification: Notification) -> str:
    what = notification.effect if notification.is_accepted else f"refused with {notification.answer}"
    return f"{what} at {format_s(notification.at_s)}, notification {notification.number}"
