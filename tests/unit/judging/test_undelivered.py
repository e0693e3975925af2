"""Tests of why a page did not come: the hop at which it stopped, and what was seen there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.notified import ALERT, LABELS, make_notification, make_refusal, make_timeline, receive

from alertdrill.core.timeline import Notification, RecordedStep, StepKind, SuppressedSpan
from alertdrill.judging.undelivered import MAX_TROUBLES, explain_silence

INHIBITED = SuppressedSpan(
    alert=ALERT, labels=LABELS, why="inhibited", by={"alertname": "Down"}, since_s=130, until_s=190
)
MUTED = SuppressedSpan(alert=ALERT, labels=LABELS, why="muted", by={}, since_s=130, until_s=190)
DROPPED = "Prometheus dropped 3 notifications"


def explain(*notifications: Notification, **path: Any) -> str:
    """Return what is said of the alert's silence at `oncall`."""
    return explain_silence(ALERT, "oncall", make_timeline((), *notifications, **path))


@pytest.mark.parametrize(
    ("path", "notifications", "said"),
    [
        ({"received": ()}, (), "Alertmanager never had it: Prometheus did not send it"),
        ({"received": (), "troubles": (DROPPED,)}, (), f"Alertmanager never had it; {DROPPED}"),
        (
            {"received": (receive("unrouted", "tickets"),)},
            (),
            "no route of Alertmanager's leads Slow to oncall, but to tickets, unrouted",
        ),
        ({"received": (receive(),)}, (), "no route of Alertmanager's leads Slow to oncall, but to nobody"),
        (
            {"suppressed": (INHIBITED,)},
            (),
            "Alertmanager suppressed it: inhibited by alertname=Down from 2:10 to 3:10",
        ),
        ({"suppressed": (MUTED,)}, (), "muted by it does not say what from 2:10 to 3:10"),
        (
            {},
            (make_refusal(1, 130), make_refusal(2, 160, answer="429", why="too many")),
            "oncall refused 2 attempts by pagerduty, the last at 2:40 with 429 (too many)",
        ),
        ({}, (make_refusal(1, 130),), "oncall refused 1 attempts by pagerduty, the last at 2:10 with 500"),
        (
            {"troubles": ("oncall/slack[0]: template",)},
            (),
            "Alertmanager has it and did not deliver it; oncall/slack[0]: template",
        ),
        ({}, (), "Alertmanager has it, routes it to oncall, and sent nothing"),
        ({}, (make_notification(1, 130, "opened"),), "routes it to oncall, and sent nothing more"),
    ],
    ids=[
        "not-sent",
        "not-sent-and-why",
        "routed-elsewhere",
        "routed-nowhere",
        "inhibited",
        "muted",
        "refused-twice",
        "refused-once",
        "trouble",
        "unknown",
        "unknown-but-told",
    ],
)
def test_the_hop_is_named_with_what_was_seen_there(
    path: dict[str, Any], notifications: tuple[Notification, ...], said: str
) -> None:
    """Each hop at which a page can stop has its own sentence."""
    assert said in explain(*notifications, **path)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ({"received": (), "suppressed": (INHIBITED,), "troubles": (DROPPED,)}, "oncall refused"),
        ({"received": (receive("tickets"),), "suppressed": (INHIBITED,)}, "no route"),
        ({"suppressed": (INHIBITED,), "troubles": (DROPPED,)}, "suppressed it"),
        ({"troubles": (DROPPED,)}, "oncall refused"),
    ],
    ids=["nothing-received-but-notices", "route", "held", "refused"],
)
def test_the_first_hop_that_failed_is_named(path: dict[str, Any], said: str) -> None:
    """Hops are gone through in their order: what is later may only be a consequence."""
    if said == "oncall refused":
        path = {**path, "suppressed": ()}
    assert said in explain(make_refusal(1, 130), **path)


def test_a_refusal_by_another_receiver_explains_nothing() -> None:
    """Only what the receiver in question refused is a reason for its silence."""
    said = explain(
        make_refusal(1, 130, receiver="tickets"), make_notification(2, 140, "opened", receiver="log")
    )
    assert said == "Alertmanager has it, routes it to oncall, and sent nothing"


NAMELESS = make_notification(1, 130, "none", alerts=(), integration="slack", incident=None)


@pytest.mark.parametrize(
    ("notification", "path", "said"),
    [
        (NAMELESS, {}, "oncall was notified by slack at 2:10, but not of which alert"),
        (NAMELESS, {"troubles": ("oncall: template",)}, "but not of which alert; oncall: template"),
        (NAMELESS, {"received": ()}, "Alertmanager never had it"),
        (make_refusal(1, 130, alerts=()), {}, "oncall refused 1 attempts"),
        (make_notification(1, 130, "none", alerts=(), receiver="log"), {}, "and sent nothing"),
    ],
    ids=["told", "trouble", "not-sent", "refused", "another-receiver"],
)
def test_a_notification_that_names_no_alert_may_be_the_page(
    notification: Notification, path: dict[str, Any], said: str
) -> None:
    """A message whose templates failed arrives empty, and is told from one that was never sent."""
    assert said in explain(notification, **path)


def test_troubles_of_other_receivers_explain_nothing() -> None:
    """What befell others in the same run is not the reason."""
    said = explain(troubles=(DROPPED, "oncall/slack[0]: template", "tickets/slack[0]: template"))
    assert said.endswith("did not deliver it; oncall/slack[0]: template")
    said = explain(troubles=(DROPPED, "tickets/slack[0]: template"))
    assert said == "Alertmanager has it, routes it to oncall, and sent nothing"


def test_only_some_troubles_are_quoted() -> None:
    """A sentence stays one: of many troubles the first few are in it."""
    said = explain(troubles=tuple(f"oncall: {number}" for number in range(MAX_TROUBLES + 3)))
    assert f"oncall: {MAX_TROUBLES - 1}" in said
    assert f"oncall: {MAX_TROUBLES}" not in said


def test_a_late_alert_is_known_from_its_notifications() -> None:
    """Where no look at the API saw the alert, but something was sent, Alertmanager did have it."""
    assert "never had it" not in explain(make_notification(1, 130, "opened", receiver="log"), received=())


def record(kind: StepKind, at_s: float, **more: Any) -> RecordedStep:
    """Return what Alertmanager recorded of the alert."""
    return RecordedStep(kind=kind, at_s=at_s, alert=ALERT, labels=LABELS, **more)


BY = {"alertname": "Drained"}


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        (
            (record("grouped", 120, receiver="tickets"),),
            "no route of Alertmanager's leads Slow to oncall, but to tickets",
        ),
        (
            (
                record("grouped", 120, receiver="oncall"),
                record("silenced", 150, by=BY),
                record("silenced", 210, by=BY),
            ),
            "Alertmanager suppressed it: silenced by alertname=Drained from 2:30 to 3:30",
        ),
        (
            (record("inhibited", 150, by=BY),),
            "Alertmanager suppressed it: inhibited by alertname=Drained at 2:30",
        ),
        (
            (
                record("grouped", 120, receiver="oncall"),
                record("notified", 150, receiver="oncall", by={"integration": "slack"}),
            ),
            "Alertmanager suppressed it: inhibited by alertname=Down from 2:10 to 3:10",
        ),
    ],
)
def test_what_alertmanager_recorded_wins_over_what_was_seen(
    recorded: tuple[RecordedStep, ...], said: str
) -> None:
    """Where it says nothing of it, what was seen stands: that it routes to oncall, and inhibits the alert."""
    assert explain(recorded=recorded, suppressed=(INHIBITED,)) == said


def test_a_notification_that_alertmanager_recorded_and_nobody_got_is_said() -> None:
    """The pager knows of none, so it is lost between the two."""
    notified = record("notified", 150, receiver="oncall", by={"integration": "slack"})
    assert explain(recorded=(notified,)) == "Alertmanager recorded that it notified oncall by slack at 2:30"
    assert "sent nothing" in explain(recorded=(replace(notified, receiver="tickets"),))
