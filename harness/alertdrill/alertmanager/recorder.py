"""Alertmanager's event recorder: a file in which it says what it does with each alert, from 0.33 on.

Behind `--enable-feature=event-recorder`, the config's `event_recorder` names the file. Each line is an event
of its schema (eventrecorder.proto) as JSON: an alert came, joined a group, was notified of, or was suppressed
at a flush by a silence or by other alerts. It says nothing of time intervals, nor of what was refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alertdrill.core.clock import Clock
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import RecordedStep, StepKind
from alertdrill.core.versions import is_at_least

FEATURE = "event-recorder"
FILE_NAME = "alertmanager-events.jsonl"
LEAST = (0, 33)
_FRACTION = re.compile(r"(\.\d{6})\d+")
"""Nanoseconds, which Python before 3.12 does not read."""


def has_recorder(version: str) -> bool:
    """Tell whether an Alertmanager of this version can record its events."""
    return is_at_least(version, LEAST)


def write_section(path: str) -> dict[str, Any]:
    """Return the section of a config by which events are written to a file."""
    return {"file_outputs": [{"path": path}]}


def read_steps(lines: Iterable[str], clock: Clock) -> tuple[RecordedStep, ...]:
    """Return what Alertmanager did with alerts, in order; of a line that is no event, nothing."""
    reader = _Reader(clock)
    return tuple(step for line in lines for step in reader.read(line))


@dataclass(slots=True)
class _Reader:
    """Reads events, and remembers the labels of the alerts that later ones only have the numbers of."""

    clock: Clock
    _known: dict[str, Labels]

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._known = {}

    def read(self, line: str) -> list[RecordedStep]:
        try:
            event = json.loads(line)
            at = datetime.fromisoformat(_FRACTION.sub(r"\1", event["@timestamp"]))
            at_s = self.clock.rule_s(at.timestamp())
            return list(self._read(event["data"], at_s))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return []

    def _read(self, data: Mapping[str, Any], at_s: float) -> Iterator[RecordedStep]:
        if created := data.get("alertCreated"):
            yield _make("created", at_s, self._learn(created["alert"]))
        elif grouped := data.get("alertGrouped"):
            labels = self._learn(grouped["alert"]["details"])
            self._known[f"hash {grouped['alert']['hash']}"] = labels
            yield _make("grouped", at_s, labels, receiver=grouped["groupInfo"]["receiverName"])
        elif notified := data.get("notification"):
            for alert in notified["alerts"]:
                yield _make(
                    "notified",
                    at_s,
                    self._known[f"hash {alert['hash']}"],
                    receiver=notified["groupInfo"]["receiverName"],
                    by={"integration": notified["integration"]["name"]},
                )
        elif muted := data.get("silenceMutedAlert"):
            by = {matcher["name"]: matcher["pattern"] for matcher in muted["silence"]["matchers"]}
            yield _make("silenced", at_s, self._learn(muted["mutedAlert"]), by=by)
        elif muted := data.get("inhibitionMutedAlert"):
            labels = self._learn(muted["mutedAlert"])
            for number in muted["inhibitingFingerprints"]:
                yield _make("inhibited", at_s, labels, by=self._known.get(f"fingerprint {number}", {}))

    def _learn(self, alert: Mapping[str, Any]) -> Labels:
        labels = {pair["key"]: pair["value"] for pair in alert["labels"]["labels"]}
        self._known[f"fingerprint {alert['fingerprint']}"] = labels
        return labels


def _make(
    kind: StepKind, at_s: float, labels: Labels, *, receiver: str = "", by: Labels | None = None
) -> RecordedStep:
    own = {name: value for name, value in labels.items() if name != "alertname"}
    return RecordedStep(
        kind=kind, at_s=at_s, alert=labels.get("alertname", ""), labels=own, receiver=receiver, by=by or {}
    )
