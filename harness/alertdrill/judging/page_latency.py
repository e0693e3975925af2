"""How long the paging path took: from firing to page, from resolution to close, and what held it up. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import median

from alertdrill.core.drill import Placement
from alertdrill.core.expectation import Integration, Suppression
from alertdrill.core.timeline import EventKind, NotifiedAlert, SuppressedSpan, Timeline
from alertdrill.core.verdict import Finding
from alertdrill.judging.incidents import Incident, list_incidents

EVALUATION_S = 15.0
"""A resolution is known to one evaluation, so it may seem to come this much after the close."""
ON_PURPOSE: frozenset[Suppression] = frozenset({"inhibited", "silenced", "muted"})
"""What Alertmanager is told to suppress; what a receiver refuses is late for another reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HopTimes:
    """What the hops of a finding's page took; None is what was not seen.

    `held_s` is how much of the time from firing to page Alertmanager was seen to hold the alert back.
    """

    firing_to_paged_s: float | None
    resolved_to_closed_s: float | None
    held_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Several durations: the middle one, and the longest."""

    median_s: float
    max_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How often one integration of a receiver was told of a finding's alert, and refused to be."""

    receiver: str
    integration: Integration
    accepted: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxSummary:
    """What one integration of a receiver got in a run; a spread is None where no duration is known.

    `firing_to_paged` counts from the end of what held an alert back, if something did.
    """

    receiver: str
    integration: Integration
    opened: int
    closed: int
    refused: int
    firing_to_paged: Spread | None
    resolved_to_closed: Spread | None


def find_held(
    finding: Finding, placement: Placement | None, timeline: Timeline
) -> tuple[SuppressedSpan, ...]:
    """Return the spans in which a finding's alert was suppressed, in the finding's own time."""
    start_s = placement.start_s if placement else 0.0
    end_s = placement.end_s if placement else timeline.until_s
    return tuple(
        replace(span, since_s=span.since_s - start_s, until_s=span.until_s - start_s)
        for span in timeline.paging.suppressed
        if span.alert == finding.alert
        and finding.labels.items() <= span.labels.items()
        and span.since_s < end_s
        and span.until_s > start_s
    )


def count_told(finding: Finding, placement: Placement | None, timeline: Timeline) -> tuple[Told, ...]:
    """Return who was told of a finding's alert while its drill was held, sorted."""
    start_s = placement.start_s if placement else 0.0
    end_s = placement.end_s if placement else timeline.until_s
    counts: dict[tuple[str, Integration], list[int]] = {}
    for notification in timeline.paging.notifications:
        if start_s <= notification.at_s < end_s and any(
            alert.alert == finding.alert and finding.labels.items() <= alert.labels.items()
            for alert in notification.alerts
        ):
            counts.setdefault((notification.receiver, notification.integration), [0, 0])[
                not notification.is_accepted
            ] += 1
    return tuple(
        Told(receiver=receiver, integration=integration, accepted=accepted, refused=refused)
        for (receiver, integration), (accepted, refused) in sorted(counts.items())
    )


def time_hops(finding: Finding, held: Iterable[SuppressedSpan]) -> HopTimes:
    """Return what the hops of a finding took; `held` is what `find_held` says of it.

    A page may close one evaluation before the resolution is seen: that took no time.
    """
    seen = finding.observed
    paged_s = closed_s = None
    held_s = 0.0
    if "firing" in seen and "paged" in seen:
        paged_s = seen["paged"] - seen["firing"]
        held_s = _cover_s(held, seen["firing"], seen["paged"])
    if "resolved" in seen and "page_resolved" in seen:
        closed_s = max(0.0, seen["page_resolved"] - seen["resolved"])
    return HopTimes(firing_to_paged_s=paged_s, resolved_to_closed_s=closed_s, held_s=held_s)


def summarise_inboxes(timeline: Timeline) -> tuple[InboxSummary, ...]:
    """Return a summary for each integration of each receiver that something was sent to, sorted."""
    notifications = timeline.paging.notifications
    incidents = list_incidents(notifications)
    summaries = []
    for receiver, integration in sorted(
        {(notification.receiver, notification.integration) for notification in notifications}
    ):
        own = [one for one in incidents if (one.receiver, one.integration) == (receiver, integration)]
        summaries.append(
            InboxSummary(
                receiver=receiver,
                integration=integration,
                opened=len(own),
                closed=sum(one.closed_s is not None for one in own),
                refused=sum(
                    (notification.receiver, notification.integration) == (receiver, integration)
                    and not notification.is_accepted
                    for notification in notifications
                ),
                firing_to_paged=_spread(_time_page(one, timeline) for one in own),
                resolved_to_closed=_spread(_time_close(one, timeline) for one in own),
            )
        )
    return tuple(summaries)


def _time_page(incident: Incident, timeline: Timeline) -> float | None:
    """Return how long the first alert of an incident had fired, free to page, as the incident was opened."""
    opened_s = incident.opened_s
    free_s = []
    for alert in incident.notifications[0].alerts:
        fired_s = max(_find_instants(alert, "firing", timeline, opened_s), default=None)
        if alert.status == "firing" and fired_s is not None:
            spans = _find_spans(alert, timeline)
            ends_s = (min(span.until_s, opened_s) for span in spans if span.since_s < opened_s)
            free_s.append(max([fired_s, *ends_s]))
    return opened_s - min(free_s) if free_s else None


def _time_close(incident: Incident, timeline: Timeline) -> float | None:
    """Return how long the last alert of an incident had been resolved as the incident was closed."""
    closing = next(
        (notification for notification in incident.notifications if notification.effect == "closed"), None
    )
    if closing is None:
        return None
    closed_s = closing.at_s
    resolved_s = [
        instant_s
        for alert in closing.alerts
        for instant_s in _find_instants(alert, "resolved", timeline, closed_s + EVALUATION_S)
        if instant_s >= incident.opened_s
    ]
    return max(0.0, closed_s - max(resolved_s)) if resolved_s else None


def _find_instants(
    alert: NotifiedAlert, kind: EventKind, timeline: Timeline, until_s: float
) -> tuple[float, ...]:
    """Return when an alert did something; what is notified has Prometheus's external labels, too."""
    return tuple(
        event.at_s
        for event in timeline.events
        if event.kind == kind
        and event.alert == alert.alert
        and event.at_s <= until_s
        and event.labels.items() <= alert.labels.items()
    )


def _find_spans(alert: NotifiedAlert, timeline: Timeline) -> tuple[SuppressedSpan, ...]:
    return tuple(
        span
        for span in timeline.paging.suppressed
        if span.why in ON_PURPOSE
        and span.alert == alert.alert
        and span.labels.items() <= alert.labels.items()
    )


def _cover_s(spans: Iterable[SuppressedSpan], since_s: float, until_s: float) -> float:
    """Return how long the spans cover a stretch of time; where several do, it counts once."""
    covered_s = 0.0
    for span in sorted(spans, key=lambda span: span.since_s):
        begin_s, end_s = max(since_s, span.since_s), min(until_s, span.until_s)
        if span.why in ON_PURPOSE and begin_s < end_s:
            covered_s += end_s - begin_s
            since_s = end_s
    return covered_s


def _spread(durations: Iterable[float | None]) -> Spread | None:
    known = [duration_s for duration_s in durations if duration_s is not None]
    return Spread(median_s=median(known), max_s=max(known)) if known else None
