"""What the tests of PathWatch share: canned answers of Alertmanager's API and of the pager."""

from __future__ import annotations

import json
from typing import Any

from alertdrill.alertmanager.watching import (
    LOOK_EVERY_WALL_S,
    PathWatch,
)
from alertdrill.core.clock import Clock
from alertdrill.core.fingerprint import fingerprint
from alertdrill.core.rule import Labels
from alertdrill.errors import ComponentFailed
from alertdrill.runtime.http_client import Answer, Api

CLOCK = Clock(speed=60, origin_s=1000.0)
LOOK_S = LOOK_EVERY_WALL_S * CLOCK.speed
LABELS = {"model": "m1", "severity": "warning"}
FULL = {"alertname": "Slow", **LABELS}
DOWN = {"alertname": "Down", "model": "m1"}
SILENCE = "s-1"


class CannedApi(Api):
    """Answers GETs by their path, and notes what it was asked; a path without an answer cannot be reached."""

    def __init__(self, **answers: Any) -> None:
        super().__init__("canned", "http://127.0.0.1:1")
        self.answers: dict[str, Any] = answers
        self.asked: list[tuple[str, dict[str, str]]] = []

    def get(self, path: str, **params: str) -> Answer:
        """Return the canned answer."""
        self.asked.append((path, params))
        answer = self.answers.get(path.rpartition("/")[2])
        if answer is None:
            raise ComponentFailed("nobody there")
        return Answer(answer.encode() if isinstance(answer, str) else json.dumps(answer).encode())


def make_group(*alerts: dict[str, Any]) -> dict[str, Any]:
    """Return a group as `/api/v2/alerts/groups` has it."""
    return {"labels": {}, "receiver": {"name": "oncall"}, "alerts": list(alerts)}


def make_alert(labels: Labels, *receivers: str, **status: list[str]) -> dict[str, Any]:
    """Return an alert as Alertmanager's API has it."""
    return {
        "labels": dict(labels),
        "fingerprint": fingerprint(labels),
        "receivers": [{"name": name} for name in receivers],
        "status": {"state": "active", "inhibitedBy": [], "silencedBy": [], **status},
    }


def make_raw(number: int, *alerts: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Return a notification as the pager's journal has it, from rule time 60 on."""
    stated = {
        "number": number,
        "received_s": CLOCK.wall_s(60.0 * number),
        "at_s": None,
        "receiver": "oncall",
        "integration": "slack",
        "index": 0,
        "status": "firing",
        "is_accepted": True,
        "answer": "200",
        "why": "",
        "incident": "i1",
        "effect": "opened",
        "group_key": "",
        "group_labels": {"alertname": "Slow"},
        "alerts": list(alerts),
        "title": "slow",
        "text": "is slow",
        "payload": {},
    }
    return {**stated, **changed}


def watch(alertmanager: CannedApi | None = None, *notifications: dict[str, Any]) -> PathWatch:
    """Return a watch of one Alertmanager, and of a pager that has these notifications."""
    pager = CannedApi(notices={"notices": list(notifications)})
    apis = {} if alertmanager is None else {"alertmanager": alertmanager}
    return PathWatch(pager=pager, alertmanagers=apis, clock=CLOCK)


def look_at(*looks: tuple[float, list[dict[str, Any]]], silence: Any = None) -> PathWatch:
    """Return a watch that looked at these rule times, and what it saw then."""
    api = CannedApi(groups=[])
    api.answers[SILENCE] = silence
    path = watch(api)
    for now_s, groups in looks:
        api.answers["groups"] = groups
        path.look(now_s)
    return path
