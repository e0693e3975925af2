"""What Alertmanager records of itself, as steps; events as Alertmanager 0.33.1 wrote them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alertdrill.alertmanager.recorder import has_recorder, read_steps
from alertdrill.core.clock import Clock
from alertdrill.core.timeline import RecordedStep

AT = "2026-11-30T13:51:56.519605891Z"
CLOCK = Clock(speed=60.0, origin_s=1796046716.519605 - 2)
DOWN, SLOW = {"alertname": "Down", "zone": "b"}, {"alertname": "Slow", "zone": "b"}


def write(**data: Any) -> str:
    """Return a line of the file."""
    return json.dumps({"@timestamp": AT, "instance": "am", "data": data})


def describe(labels: dict[str, str], number: int) -> dict[str, Any]:
    """Return an alert as an event has it."""
    pairs = [{"key": name, "value": value} for name, value in labels.items()]
    return {"fingerprint": str(number), "labels": {"labels": pairs}}


GROUP = {"receiverName": "desk", "groupKey": "{}:{}"}
CREATED = write(alertCreated={"alert": describe(DOWN, 1)})
GROUPED = write(alertGrouped={"alert": {"hash": "7", "details": describe(DOWN, 1)}, "groupInfo": GROUP})
NOTIFIED = write(
    notification={
        "alerts": [{"hash": "7"}],
        "groupInfo": GROUP,
        "integration": {"name": "slack", "index": "0"},
    }
)
SILENCED = write(
    silenceMutedAlert={
        "silence": {"matchers": [{"type": "TYPE_EQUAL", "name": "zone", "pattern": "b"}]},
        "mutedAlert": describe(DOWN, 1),
    }
)
INHIBITED = write(
    inhibitionMutedAlert={
        "mutedAlert": describe(SLOW, 2),
        "inhibitingFingerprints": ["1"],
        "inhibitRules": [],
    }
)


def step(kind: Any, alert: str = "Down", **more: Any) -> RecordedStep:
    """Return a step of an alert in zone b."""
    return RecordedStep(kind=kind, at_s=pytest.approx(120, abs=1), alert=alert, labels={"zone": "b"}, **more)


def test_events_are_steps_of_alerts() -> None:
    """Each with its instant in rule time, its alert's labels, and who was notified, or what suppressed it."""
    assert read_steps([CREATED, GROUPED, NOTIFIED, SILENCED, INHIBITED], CLOCK) == (
        step("created"),
        step("grouped", receiver="desk"),
        step("notified", receiver="desk", by={"integration": "slack"}),
        step("silenced", by={"zone": "b"}),
        step("inhibited", "Slow", by=DOWN),
    )


def test_what_is_no_event_is_passed_over() -> None:
    """Such as half a line at the end, an event of a kind that is unknown, and of an alert that is."""
    lines = [
        "",
        "[]",
        "1",
        CREATED[:90],
        write(alertmanagerStartupEvent={}),
        write(soon={}),
        NOTIFIED,
        CREATED,
    ]
    assert read_steps(lines, CLOCK) == (step("created"),)


@pytest.mark.parametrize(
    ("version", "has"),
    [("0.25.0", False), ("0.32.1", False), ("0.33.0", True), ("0.33.1+ds", True), ("1.0", True)],
)
def test_alertmanager_records_from_a_version_on(version: str, has: bool) -> None:
    """One that is older would not know the section."""
    assert has_recorder(version) is has
