"""What a run saw: events of alerts, notifications, curves of values, and parts that stalled.

All times are seconds of rule time from the start of the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from alertdrill.core.card import Card
from alertdrill.core.expectation import Integration, Suppression
from alertdrill.core.rule import Labels

EventKind = Literal["pending", "firing", "resolved", "paged", "page_resolved"]
StepKind = Literal["created", "grouped", "notified", "silenced", "inhibited"]
"""What Alertmanager's event recorder says of an alert, as far as it tells why a page did or did not come."""
Effect = Literal["opened", "updated", "closed", "none"]
"""What a notification did to its incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that an alert did; `receiver` is set for pages."""

    at_s: float
    kind: EventKind
    alert: str
    labels: Labels
    receiver: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifiedAlert:
    """An alert in a notification; `labels` are without `alertname`, which is `alert`."""

    alert: str
    labels: Labels
    status: Literal["firing", "resolved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One attempt to deliver a notification, as it arrived at the pager; `number` counts from 1 in a run.

    `answer` is what it was told: a status code of HTTP or SMTP, or `"timeout"`, `"reset"`; `why` says what
    was wrong with it, if something was. What was accepted belongs to an incident of its integration, and
    `effect` is what it did to it. `gaps` names the fields in which a template left `<no value>`; it is
    `untitled` if its title is empty, whatever is shown in place of it. `card` is
    how its receiver shows it, and `cut` says what that does not show.
    """

    number: int
    at_s: float
    receiver: str
    integration: Integration
    status: Literal["firing", "resolved"]
    is_accepted: bool
    answer: str
    alerts: tuple[NotifiedAlert, ...]
    why: str = ""
    incident: str | None = None
    effect: Effect = "none"
    group_key: str = ""
    group_labels: Labels = field(default_factory=dict)
    title: str = ""
    text: str = ""
    gaps: tuple[str, ...] = ()
    untitled: bool = False
    card: Card | None = None
    cut: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressedSpan:
    """For how long Alertmanager was seen to hold an alert back, and what held it, in words and as labels."""

    alert: str
    labels: Labels
    why: Suppression
    by: Labels
    since_s: float
    until_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An alert that Alertmanager was seen to have, and the receivers that its routes lead to."""

    alert: str
    labels: Labels
    since_s: float
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStep:
    """What Alertmanager itself recorded that it did with an alert.

    `receiver` is whose group it joined, or who was notified; `by` is what suppressed it, as labels, or the
    integration.
    """

    kind: StepKind
    at_s: float
    alert: str
    labels: Labels
    receiver: str = ""
    by: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagingPath:
    """What was seen between Prometheus and the receivers.

    `troubles` are sentences from metrics and logs: what Prometheus could not send, what Alertmanager could
    not deliver. `unplayed` are the receivers that the pager does not stand in for, and their integrations.
    `recorded` is what Alertmanager says itself; nothing, where it is too old to record anything.
    """

    notifications: tuple[Notification, ...] = ()
    received: tuple[Received, ...] = ()
    suppressed: tuple[SuppressedSpan, ...] = ()
    troubles: tuple[str, ...] = ()
    unplayed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recorded: tuple[RecordedStep, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """An alert expression's left side over time, for one label set: (at_s, value) points.

    `source` is the `file:line` of its rule, which tells two rules of one name apart, where it is known.
    """

    alert: str
    labels: Labels
    op: str
    threshold: float
    points: tuple[tuple[float, float], ...]
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """A part of the stack answered nothing between two instants, and no drill had put it out."""

    part: str
    from_s: float
    until_s: float

    @property
    def lasted_s(self) -> float:
        """For how long."""
        return self.until_s - self.from_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All that was seen, in order; `observed` names the event kinds that could be seen at all.

    `heartbeats` are the alerts that fire all the time on purpose, so that they are no alarm; `inhibitors` are
    there only to inhibit others, so that they are none as long as nobody is paged.
    `stalls` are when parts of the stack answered nothing. Pages were seen only of `receivers`, or of all if
    that is None. From `appended_from_s` on nothing was measured: a
    replay appended a quiet tail to its recording.
    """

    mode: str
    speed: float
    until_s: float
    observed: frozenset[EventKind]
    events: tuple[Event, ...]
    curves: tuple[Curve, ...] = ()
    engines: Labels = field(default_factory=dict)
    paging: PagingPath = field(default_factory=PagingPath)
    stalls: tuple[Stall, ...] = ()
    receivers: frozenset[str] | None = None
    appended_from_s: float | None = None
    heartbeats: frozenset[str] = frozenset()
    inhibitors: frozenset[str] = frozenset()
