"""What the generic webhook takes for a notification."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers.attempt import Attempt
from alertdrill.alertmanager.receivers.webhook import read_notification

ADDRESS = Address(receiver="ticket", integration="webhook")
ALERT = {
    "status": "firing",
    "labels": {"alertname": "Slow", "model": "gpt-4.1"},
    "annotations": {"summary": "slow"},
    "startsAt": "2026-01-01T00:00:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "fingerprint": "0123456789abcdef",
}


def make_notification(**changes: Any) -> dict[str, Any]:
    """Return a notification as Alertmanager sends it."""
    return {
        "version": "4",
        "groupKey": '{}:{alertname="Slow"}',
        "receiver": "ticket",
        "status": "firing",
        "groupLabels": {"alertname": "Slow"},
        "commonAnnotations": {"summary": "it is slow", "runbook": "none"},
        "alerts": [ALERT],
        **changes,
    }


def read(notification: Any) -> Attempt:
    """Return what a notification says."""
    return read_notification(ADDRESS, json.dumps(notification).encode())


def test_a_notification_says_everything_itself() -> None:
    """Its alerts with their labels, its group with its key, and the summary as its title."""
    attempt = read(make_notification(alerts=[ALERT, {**ALERT, "status": "resolved"}]))
    assert attempt.refusal is None
    assert attempt.answer.status == 200
    assert (attempt.does, attempt.key) == ("trigger", '{}:{alertname="Slow"}')
    assert attempt.group_labels == {"alertname": "Slow"}
    assert [alert.status for alert in attempt.alerts] == ["firing", "resolved"]
    assert attempt.alerts[0].labels == ALERT["labels"]
    assert (attempt.title, attempt.text) == ("it is slow", "runbook: none\nsummary: it is slow")


def test_its_status_is_the_groups() -> None:
    """A resolved notification closes."""
    assert read(make_notification(status="resolved")).does == "resolve"


def test_without_a_common_summary_the_alerts_names_are_the_title() -> None:
    """Each once."""
    other = {**ALERT, "labels": {"alertname": "Costly"}}
    attempt = read(make_notification(commonAnnotations={}, alerts=[ALERT, other, ALERT]))
    assert attempt.title == "Costly, Slow"


@pytest.mark.parametrize(
    ("notification", "why"),
    [
        ([], "the body is not a JSON object"),
        (make_notification(version="3"), "not an Alertmanager webhook notification of version 4"),
        (make_notification(receiver="other"), "addressed to receiver 'other', delivered to 'ticket'"),
        (make_notification(status="maybe"), "the notification is neither firing nor resolved"),
        (make_notification(groupKey=""), "a notification without a group key"),
        (make_notification(alerts=[]), "a notification without alerts"),
        (make_notification(alerts=["one"]), "an alert is neither firing nor resolved"),
        (make_notification(alerts=[{**ALERT, "status": "maybe"}]), "an alert is neither firing nor resolved"),
        (make_notification(alerts=[{**ALERT, "labels": {}}]), "an alert has no alertname"),
        (make_notification(alerts=[{**ALERT, "fingerprint": 7}]), "an alert has no fingerprint"),
    ],
)
def test_what_is_not_a_notification_is_refused(notification: Any, why: str) -> None:
    """It is answered 400, and why."""
    attempt = read(notification)
    assert attempt.why == why
    assert attempt.refusal is not None
    assert (attempt.refusal.status, attempt.refusal.body) == (400, why)


def test_only_what_is_shown_of_it_is_kept() -> None:
    """Not what came besides, and no password of the Prometheus that an alert links to."""
    links = [
        {**ALERT, "generatorURL": url}
        for url in ("https://me:s3cret@prom.example/graph?x=a@b", "http://prom.example/a@b", "")
    ]
    payload = read(make_notification(alerts=links, externalURL="https://me:s3cret@am.example")).payload
    assert "s3cret" not in str(payload)
    assert [alert.pop("generatorURL") for alert in payload["alerts"]] == [
        "https://prom.example/graph?x=a@b",
        "http://prom.example/a@b",
        "",
    ]
    assert payload["status"] == "firing"
    assert payload["alerts"][0] == {name: ALERT[name] for name in ("status", "labels", "annotations")}
