"""What happens between Prometheus and the receivers, watched during a run and read at its end.

The pager's journal has every attempt to deliver. Alertmanager's API (v2, `/alerts/groups`) says which alerts
it has, where its routes lead them, and what holds them back: the fingerprints of the alerts that inhibit, the
ids of silences and, from 0.28 on, the names of time intervals. Older ones say only in their log (at level
debug) that a group is muted, on the line after the one that says that the group is flushed.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from alertdrill.alertmanager.groups import Groups
from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.core.card import Card
from alertdrill.core.clock import Clock
from alertdrill.core.expectation import Suppression
from alertdrill.core.fingerprint import fingerprint
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import (
    Event,
    EventKind,
    Notification,
    NotifiedAlert,
    PagingPath,
    Received,
    SuppressedSpan,
)
from alertdrill.errors import ComponentFailed
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.logfmt import Line, read_lines, unquote

LOOK_EVERY_WALL_S = 0.5
LOOKS_APART = 4
"""An alert that was not seen, or not seen held, for this many looks, and then again, was so twice."""
MAX_TROUBLES = 20
MAX_QUOTED = 200
MAX_LOG_BYTES = 32 * 1024 * 1024
GRAVE = frozenset({"warn", "error"})
OWN_DOING = frozenset({"Experimental event recorder enabled"})
"""What a log warns of that a run has switched on itself (featurecontrol.go), for its recorder."""
MUTED = re.compile(r"route is (within mute|not within active) time")
LABEL = re.compile(r'([^={,\s]+)=("(?:[^"\\]|\\.)*")')
GROUP_LABELS = re.compile(rf":\{{((?:{LABEL.pattern}(?:, )?)*)\}}$")
OWN_PORT = re.compile(r":\d+->")
NO_VALUE = "<no value>"
"""What Go's templates write for what is not there."""
FAILURES = {
    "prometheus_notifications_dropped_total": "Prometheus dropped {count:g} notifications{labels}",
    "prometheus_notifications_errors_total": "Prometheus could not send {count:g} alerts{labels}",
    "alertmanager_notifications_failed_total": "Alertmanager gave up {count:g} notifications{labels}",
}

Identity = tuple[str, Labels]
"""An alert's name, and its labels without it."""
HeldKey = tuple[str, Suppression, tuple[tuple[str, str], ...]]
"""A fingerprint, why it is held, and by what."""


@dataclass(slots=True)
class _Span:
    since_s: float
    until_s: float


@dataclass(slots=True)
class PathWatch:
    """Looks at the pager and at every Alertmanager while a run lasts."""

    pager: Api
    alertmanagers: Mapping[str, Api]
    """By part."""
    clock: Clock
    groups: Groups | None = None
    """Those of Alertmanager's config; None where they are not known."""
    _notifications: list[dict[str, Any]] = field(default_factory=list)
    _complete: dict[int, Notification] = field(default_factory=dict)
    _known: dict[str, Identity] = field(default_factory=dict)
    _received: dict[str, list[Received]] = field(default_factory=dict)
    _seen_s: dict[str, float] = field(default_factory=dict)
    _held: dict[HeldKey, list[_Span]] = field(default_factory=dict)
    _silences: dict[str, Labels] = field(default_factory=dict)
    _looked_s: float = float("-inf")

    def look(self, now_s: float, out: Iterable[str] = ()) -> bool:
        """Read what is new at rule time `now_s`, and say if there may be anything.

        Parts that are `out` on purpose are not asked.

        Raises ComponentFailed when the pager does not answer. An Alertmanager that does not is passed over:
        what it says is evidence, and who watches the stack will say that it is gone.
        """
        after = self._notifications[-1]["number"] if self._notifications else 0
        new = self.pager.get("/notices", after=str(after)).json()["notices"]
        self._notifications.extend(new)
        if now_s < self._looked_s + LOOK_EVERY_WALL_S * self.clock.speed:
            return bool(new)
        self._looked_s = now_s
        for part, api in self.alertmanagers.items():
            if part not in out:
                with suppress(ComponentFailed):
                    self._look_at(api, now_s)
        return True

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """Every notification so far, in order; one of an alert that nobody knows yet is without it."""
        told = tuple(self._read_notification(index) for index in range(len(self._notifications)))
        if self.groups is None:
            return told
        inboxes = [(raw["receiver"], raw["integration"], raw["index"]) for raw in self._notifications]
        return self.groups.tell_apart(told, inboxes)

    def _read_notification(self, index: int) -> Notification:
        """Return a notification, which is read once if all its alerts are known."""
        raw = self._notifications[index]
        if (known := self._complete.get(raw["number"])) is not None:
            return known
        notification = read_notification(raw, self.clock, self._known)
        if len(notification.alerts) == len(raw["alerts"]):
            self._complete[notification.number] = notification
        return notification

    def forget(self, most: int) -> None:
        """Forget the oldest notifications beyond so many."""
        for raw in self._notifications[:-most]:
            self._complete.pop(raw["number"], None)
        del self._notifications[:-most]

    def read(self, events: Iterable[Event], log: Iterable[str], troubles: Iterable[str]) -> PagingPath:
        """Return all that was seen. `events` have the labels of every alert that Prometheus knew of."""
        for event in events:
            self._learn(event.alert, event.labels)
        held = [
            SuppressedSpan(
                alert=self._known[name][0],
                labels=self._known[name][1],
                why=why,
                by=dict(by),
                since_s=span.since_s,
                until_s=span.until_s,
            )
            for (name, why, by), spans in self._held.items()
            for span in spans
        ]
        if not any(span.why == "muted" for span in held):
            held.extend(self._read_mutes(log))
        return PagingPath(
            notifications=self.notifications,
            received=tuple(one for stretches in self._received.values() for one in stretches),
            suppressed=tuple(sorted(held, key=lambda span: span.since_s)),
            troubles=tuple(dict.fromkeys(troubles))[:MAX_TROUBLES],
        )

    @property
    def _apart_s(self) -> float:
        return LOOKS_APART * LOOK_EVERY_WALL_S * self.clock.speed

    def _look_at(self, api: Api, now_s: float) -> None:
        groups = api.get("/api/v2/alerts/groups").json()
        for alert in (alert for group in groups for alert in group["alerts"]):
            labels = dict(alert["labels"])
            name = alert["fingerprint"]
            self._known[name] = (labels.pop("alertname", ""), labels)
            receivers = {receiver["name"] for receiver in alert["receivers"]}
            stretches = self._received.setdefault(name, [])
            since_s = now_s
            if stretches and now_s - self._seen_s[name] <= self._apart_s:
                before = stretches.pop()
                receivers |= set(before.receivers)
                since_s = before.since_s
            self._seen_s[name] = now_s
            stretches.append(
                Received(
                    alert=self._known[name][0],
                    labels=labels,
                    since_s=since_s,
                    receivers=tuple(sorted(receivers)),
                )
            )
        for group in groups:
            for alert in group["alerts"]:
                for why, by in self._list_holds(api, alert["status"]):
                    self._note(alert["fingerprint"], why, by, now_s)

    def _list_holds(self, api: Api, status: Mapping[str, Any]) -> Iterator[tuple[Suppression, Labels]]:
        for name in status.get("inhibitedBy") or ():
            alert, labels = self._known.get(name, ("", {}))
            yield "inhibited", {"alertname": alert, **labels}
        for silence in status.get("silencedBy") or ():
            if silence not in self._silences:
                matchers = api.get(f"/api/v2/silence/{silence}").json()["matchers"]
                self._silences[silence] = {matcher["name"]: matcher["value"] for matcher in matchers}
            yield "silenced", self._silences[silence]
        for interval in status.get("mutedBy") or ():
            yield "muted", {"interval": interval}

    def _note(self, name: str, why: Suppression, by: Labels, now_s: float) -> None:
        spans = self._held.setdefault((name, why, tuple(sorted(by.items()))), [])
        if spans and now_s - spans[-1].until_s <= self._apart_s:
            spans[-1].until_s = now_s
        else:
            spans.append(_Span(now_s, now_s))

    def _read_mutes(self, log: Iterable[str]) -> Iterator[SuppressedSpan]:
        seen: dict[str, _Span] = {}
        for at_s, group_labels in list_mutes(log):
            now_s = self.clock.rule_s(at_s)
            for name, (_, labels) in self._known.items():
                own = {"alertname": self._known[name][0], **labels}
                if group_labels and group_labels.items() <= own.items():
                    span = seen.setdefault(name, _Span(now_s, now_s))
                    span.until_s = now_s
        for name, span in seen.items():
            alert, labels = self._known[name]
            yield SuppressedSpan(
                alert=alert, labels=labels, why="muted", by={}, since_s=span.since_s, until_s=span.until_s
            )

    def _learn(self, alert: str, labels: Labels) -> None:
        self._known.setdefault(fingerprint({"alertname": alert, **labels}), (alert, labels))


def list_mutes(log: Iterable[str]) -> Iterator[tuple[float, dict[str, str]]]:
    """Yield when (epoch seconds) a group was muted, and the group's labels.

    Where two groups are flushed at once, the lines may be mixed up: a line that does not follow a flush
    immediately is passed over, and so is one between two flushes of the group that were not muted.
    """
    flushes: dict[str, list[tuple[float, bool]]] = {}
    group = ""
    for line in read_lines(log):
        if line.said == "flushing":
            group = line.fields.get("aggrGroup", "")
            flushes.setdefault(group, []).append((line.at_s, False))
        else:
            if group and MUTED.search(line.said):
                flushes[group][-1] = (line.at_s, True)
            group = ""
    mutes = [
        (at_s, group)
        for group, own in flushes.items()
        for index, (at_s, is_muted) in enumerate(own)
        if is_muted and not _is_alone(own, index)
    ]
    for at_s, group in sorted(mutes):
        if found := GROUP_LABELS.search(group):
            yield at_s, {name: unquote(value) for name, value in LABEL.findall(found[1])}


def _is_alone(flushes: Sequence[tuple[float, bool]], index: int) -> bool:
    """Return whether the flush before was not muted, and the one after, if there is one, was not either."""
    beside = (*flushes[max(0, index - 1) : index], *flushes[index + 1 : index + 2])
    return index > 0 and not any(is_muted for _, is_muted in beside)


def make_page_events(notifications: Iterable[Notification]) -> tuple[Event, ...]:
    """Return that an alert was paged, or that its page closed, for each accepted one that says so."""
    kinds: dict[str, EventKind] = {"firing": "paged", "resolved": "page_resolved"}
    return tuple(
        Event(
            at_s=notification.at_s,
            kind=kinds[alert.status],
            alert=alert.alert,
            labels=alert.labels,
            receiver=notification.receiver,
        )
        for notification in notifications
        if notification.is_accepted
        for alert in notification.alerts
    )


def read_troubles(apis: Sequence[Api], log: Iterable[str]) -> tuple[str, ...]:
    """Return what Prometheus and Alertmanager count as not sent, and what Alertmanager's log complains of."""
    found = []
    for api in apis:
        with suppress(ComponentFailed):
            for family in text_string_to_metric_families(api.get("/metrics").text):
                for sample in family.samples:
                    if sample.name in FAILURES and sample.value:
                        labels = ", ".join(f'{name}="{value}"' for name, value in sample.labels.items())
                        said = FAILURES[sample.name]
                        found.append(said.format(count=sample.value, labels=f" ({labels})" if labels else ""))
    complaints = Counter(
        _quote(line) for line in read_lines(log) if line.level in GRAVE and line.said not in OWN_DOING
    )
    found += [
        f"Alertmanager's log says {said!r}" + (f", {count} times" if count > 1 else "")
        for said, count in complaints.most_common(MAX_TROUBLES)
    ]
    return tuple(found)


def _quote(line: Line) -> str:
    """Return what a line complains of, the same for every connection that it happens to."""
    fields = ((name, line.fields.get(name)) for name in ("receiver", "integration", "err"))
    words = (line.said, *(f"{name}={value}" for name, value in fields if value is not None))
    return OWN_PORT.sub("->", " ".join(words))[:MAX_QUOTED]


def read_log(path: Path) -> list[str]:
    """Return the lines of a log, of a very long one the last; none if there is no such file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - MAX_LOG_BYTES))
            return file.read().decode(errors="replace").splitlines()
    except OSError:
        return []


def read_notification(raw: Mapping[str, Any], clock: Clock, known: Mapping[str, Identity]) -> Notification:
    """Read a notice of the pager's journal; alerts are `known` by their fingerprints, or name themselves."""
    alerts = []
    card = RECEIVER_KINDS[raw["integration"]].show(raw["payload"]) if raw["payload"] else None
    for alert in raw["alerts"]:
        identity = known.get(alert["fingerprint"])
        if identity is None and alert.get("labels"):
            labels = dict(alert["labels"])
            identity = (labels.pop("alertname", ""), labels)
        if identity is not None:
            alerts.append(NotifiedAlert(alert=identity[0], labels=identity[1], status=alert["status"]))
    return Notification(
        number=raw["number"],
        at_s=clock.rule_s(raw["received_s"]),
        receiver=raw["receiver"],
        integration=raw["integration"],
        status=raw["status"],
        is_accepted=raw["is_accepted"],
        answer=raw["answer"],
        why=raw["why"],
        incident=raw["incident"],
        effect=raw["effect"],
        group_key=raw["group_key"],
        group_labels=raw["group_labels"],
        alerts=tuple(alerts),
        title=raw["title"],
        text=raw["text"],
        gaps=tuple(
            dict.fromkeys(_find_gaps({"title": raw["title"], "text": raw["text"]}))
            or dict.fromkeys(_find_gaps(raw["payload"]))
        ),
        untitled=_is_untitled(raw["title"], card),
        card=card,
        cut=raw.get("cut", ""),
    )


def _is_untitled(title: str, card: Card | None) -> bool:
    """Tell whether there is no title, though its service shows something in place of it."""
    own = title if card is None or not card.is_titled else card.parts[0].title if card.parts else title
    return not own.strip()


def _find_gaps(value: Any, name: str = "") -> Iterator[str]:
    """Yield the names of the fields in which a template left `<no value>`."""
    if isinstance(value, str):
        if NO_VALUE in value:
            yield name
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _find_gaps(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from _find_gaps(one, name)
