"""The pager's journal: every attempt to deliver, accepted or refused, and the incidents that came of it."""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import replace
from typing import Any

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers.attempt import Attempt, Known
from alertdrill.core.timeline import Effect
from alertdrill.pager.incidents import MAX_NOTIFICATIONS as MAX_NOTIFICATIONS_OF_INCIDENT
from alertdrill.pager.incidents import Incident, Incidents
from alertdrill.pager.rule_time import RuleTime

MAX_NOTIFICATIONS = 20_000
MAX_BYTES = 32 * 1024 * 1024
"""Beyond this many notifications, or bytes of them as JSON, the journal forgets the oldest."""


class Journal:
    """Notices, numbered from 1, and incidents."""

    def __init__(self, rule_time: RuleTime) -> None:
        self._rule_time = rule_time
        self._notifications: deque[tuple[dict[str, Any], int]] = deque()
        self._bytes = 0
        self._written = 0
        self._taken = 0
        self.incidents = Incidents()

    def accept(
        self, address: Address, attempt: Attempt, *, received_s: float, answer: str, why: str = ""
    ) -> dict[str, Any] | None:
        """Take an accepted attempt in; return its notification, or None for what is part of another one's."""
        self._taken += 1
        attempt = self._complete(address, attempt)
        incident, effect = self.incidents.apply(address, attempt, received_s)
        if attempt.does == "edit":
            return None
        if not why and attempt.key is None:
            why = "it does not say which group it is about"
        elif not why and attempt.does == "note":
            why = "its service shows it, and opens no incident for it"
        return self._write(address, attempt, received_s, answer, why, True, incident, effect)

    def refuse(
        self, address: Address, attempt: Attempt, *, received_s: float, answer: str, why: str
    ) -> dict[str, Any]:
        """Take an attempt in that failed; it does nothing to any incident."""
        self._taken += 1
        attempt = self._complete(address, attempt)
        incident = self.incidents.find_open(address, attempt.key)
        return self._write(address, attempt, received_s, answer, why, False, incident, "none")

    def find_known(self, address: Address, key: str | None) -> Known | None:
        """Return what is known of the last incident under a key; None if there was none."""
        last = self.incidents.find_last(address, key)
        if last is None or last.closed_s is None:
            return None if last is None else Known(is_open=True)
        return Known(is_open=False, closed_for_s=self._rule_time.span_s(time.time() - last.closed_s))

    def find_states(self) -> dict[str, str]:
        """Return whether each incident is open, acknowledged or closed, by its id."""
        return {incident.id: incident.status for incident in self.incidents}

    @property
    def taken(self) -> int:
        """How many attempts were taken in, also those of which nothing is written."""
        return self._taken

    def list_notifications(self, after: int = 0) -> list[dict[str, Any]]:
        """Return the notifications with greater numbers, ascending."""
        return [
            {**notification, "at_s": self._rule_time.at_s(notification["received_s"])}
            for notification, _ in self._notifications
            if notification["number"] > after
        ]

    def list_incidents(self) -> list[dict[str, Any]]:
        """Return the incidents in the order in which they were opened."""
        return [
            {
                **incident.describe(),
                "opened_at_s": self._rule_time.at_s(incident.opened_s),
                "closed_at_s": self._rule_time.at_s(incident.closed_s),
            }
            for incident in self.incidents
        ]

    def _complete(self, address: Address, attempt: Attempt) -> Attempt:
        """Say of an attempt without a tag what its incident knows; Opsgenie's close has no field for one."""
        incident = self.incidents.find_open(address, attempt.key)
        if incident is None or attempt.alerts:
            return attempt
        alerts = incident.alerts
        if attempt.does == "resolve":
            alerts = tuple(replace(alert, status="resolved") for alert in alerts)
        return replace(
            attempt,
            alerts=alerts,
            group_labels=attempt.group_labels or incident.group_labels,
            title=attempt.title or incident.title,
        )

    def _write(
        self,
        address: Address,
        attempt: Attempt,
        received_s: float,
        answer: str,
        why: str,
        is_accepted: bool,
        incident: Incident | None,
        effect: Effect,
    ) -> dict[str, Any]:
        self._written += 1
        notification: dict[str, Any] = {
            "number": self._written,
            "received_s": received_s,
            "receiver": address.receiver,
            "integration": address.integration,
            "index": address.index,
            "status": "resolved" if attempt.does == "resolve" else "firing",
            "is_accepted": is_accepted,
            "answer": answer,
            "why": why,
            "incident": incident.id if incident else None,
            "effect": effect,
            "group_key": attempt.group_key,
            "group_labels": dict(attempt.group_labels),
            "alerts": [
                {"fingerprint": alert.fingerprint, "status": alert.status}
                | ({} if alert.labels is None else {"labels": dict(alert.labels)})
                for alert in attempt.alerts
            ],
            "title": attempt.title,
            "text": attempt.text,
            "payload": dict(attempt.payload),
            "cut": attempt.cut,
        }
        if incident:
            incident.notifications.append(self._written)
            del incident.notifications[:-MAX_NOTIFICATIONS_OF_INCIDENT]
        size = len(json.dumps(notification))
        self._notifications.append((notification, size))
        self._bytes += size
        while len(self._notifications) > MAX_NOTIFICATIONS or (
            self._bytes > MAX_BYTES and len(self._notifications) > 1
        ):
            self._bytes -= self._notifications.popleft()[1]
        return notification
