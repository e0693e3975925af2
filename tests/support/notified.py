"""What the tests of the paging path make timelines of: one alert, and the notifications that tell of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from alertdrill.alertmanager.watching import make_page_events
from alertdrill.core.drill import Drill
from alertdrill.core.expectation import Delivery, Expectation, Expected, Text
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Event, Notification, NotifiedAlert, PagingPath, Received, Timeline
from alertdrill.core.verdict import Finding
from alertdrill.judging.judge import judge

ALERT = "Slow"
LABELS: Labels = {"model": "gpt-4.1", "severity": "critical"}
GROUP: Labels = {"alertname": "Slow"}
EFFECTS = {"opened": "firing", "updated": "firing", "closed": "resolved", "none": "firing"}


def make_notification(
    number: int,
    at_s: float,
    effect: Literal["opened", "updated", "closed", "none"],
    *labels: Labels,
    **changed: Any,
) -> Notification:
    """Return an notification of the alert, or of those with these labels; PagerDuty's of `oncall`."""
    status: Any = EFFECTS[effect]
    stated = {
        "number": number,
        "at_s": at_s,
        "receiver": "oncall",
        "integration": "pagerduty",
        "status": status,
        "is_accepted": True,
        "answer": "202",
        "alerts": tuple(NotifiedAlert(alert=ALERT, labels=one, status=status) for one in labels or (LABELS,)),
        "incident": "i1",
        "effect": effect,
        "group_key": "key",
        "group_labels": GROUP,
        "title": "[FIRING] slow",
        "text": "is slow",
    }
    return Notification(**{**stated, **changed})


def make_refusal(number: int, at_s: float, **changed: Any) -> Notification:
    """Return an attempt that the receiver refused."""
    refused = {"is_accepted": False, "answer": "500", "incident": None}
    return make_notification(number, at_s, "none", **{**refused, **changed})


def make_events(*labels: Labels, fires_s: float = 100, resolves_s: float = 800) -> tuple[Event, ...]:
    """Return that the alert, or those with these labels, fired and resolved."""
    return tuple(
        Event(at_s=at_s, kind=kind, alert=ALERT, labels=one)
        for one in labels or (LABELS,)
        for at_s, kind in ((fires_s, "firing"), (resolves_s, "resolved"))
    )  # fmt: skip


def make_timeline(events: tuple[Event, ...], *notifications: Notification, **path: Any) -> Timeline:
    """Return a timeline of Prometheus's events and notifications; by default Alertmanager had the alert."""
    seen = {"received": (receive("oncall"),), **path}
    pages = make_page_events(notifications)
    return Timeline(
        mode="embedded",
        speed=60,
        until_s=1300,
        observed=frozenset({"pending", "firing", "resolved", "paged", "page_resolved"}),
        events=tuple(sorted((*events, *pages), key=lambda event: event.at_s)),
        paging=PagingPath(notifications=notifications, **seen),
    )


def receive(*receivers: str, since_s: float = 105) -> Received:
    """Return that Alertmanager was seen to have the alert."""
    return Received(alert=ALERT, labels=LABELS, since_s=since_s, receivers=receivers)


EVENTS = make_events()
OPENED = make_notification(1, 130, "opened")
REPEATED = make_notification(2, 730, "updated")
CLOSED = make_notification(3, 830, "closed", title="[RESOLVED] slow")
GOOD = (OPENED, REPEATED, CLOSED)
ONCALL = Delivery(receiver="oncall")
OTHERS: tuple[Labels, ...] = tuple({**LABELS, "model": f"m{number}"} for number in range(4))


def expect(*deliveries: Delivery, **stated: Any) -> Expectation:
    """Return that the alert fires, pages oncall, and is over within twenty minutes."""
    given: dict[str, Any] = {
        "alert": ALERT,
        "labels": {"model": "gpt-4.1"},
        "fires_within_s": 200.0,
        "receiver": "oncall",
        "resolves_within_s": 900.0,
        "deliveries": deliveries,
    }
    return Expectation(**{**given, **stated})


def make_drill(*expects: Expected) -> Drill:
    """Return a drill that lasts as long as the timelines here."""
    return Drill(name="d", system="s", traffic=(), expects=expects, why="", lasts_s=1300)


def find(expected: Expected, timeline: Timeline) -> Finding:
    """Return how one expectation came out."""
    (finding,) = judge(make_drill(expected), timeline).findings
    return finding


def check(expected: Expected, *notifications: Notification, **path: Any) -> Finding:
    """Return how an expectation came out for an alert that fires at 100 and resolves at 800."""
    return find(expected, make_timeline(EVENTS, *notifications, **path))


FULL = replace(
    ONCALL,
    integration="pagerduty",
    group_labels=GROUP,
    group_key=Text(how="exact", text="key"),
    title=Text(how="exact", text="[FIRING] slow"),
    text=Text(how="contains", text="slow"),
    notifications=(2, 2),
    repeats_after_s=(590, 660),
    refused=(0, 0),
    alerts=(1, 1),
)
"""Says everything that a delivery can say, but a window."""
