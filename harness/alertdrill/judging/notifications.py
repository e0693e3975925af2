"""Check what arrived at the receivers against what a drill expects of it. Pure.

Every function returns what is wrong, as an outcome and a sentence, or None. A timeline given to them holds
only what concerns one expectation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alertdrill.core.clock import format_s
from alertdrill.core.expectation import Expectation
from alertdrill.core.timeline import Timeline
from alertdrill.core.verdict import Outcome
from alertdrill.core.wording import say_labels, say_names
from alertdrill.judging.findings import Miss
from alertdrill.judging.incidents import Incident, list_incidents
from alertdrill.judging.suppression import check_suppressed
from alertdrill.judging.undelivered import explain_silence

PAGE_WITHIN_S = 180.0
"""A page must arrive this soon after its alert fires: group_wait 30 s, one resend, delivery."""
CLOSE_WITHIN_S = 240.0
"""A page must close this soon after its alert resolves: group_interval 1 m, one resend, delivery."""
EARLY_S = 30.0
"""A page that closes sooner than this before its alert resolves was closed while the alert was firing. What
is between may be an evaluation that was left out."""


def check_pages(expected: Expectation, fired_s: float, timeline: Timeline) -> Miss | None:
    """Check that all receivers are paged, no others, and in time."""
    held = expected.suppressed
    if held is not None and (miss := check_suppressed(expected, held, timeline)):
        return miss
    if held is not None and held.until_s is None:
        return None
    pages = [event for event in timeline.events if event.kind == "paged"]
    wanted = [expected.receiver, *(delivery.receiver for delivery in expected.deliveries)]
    for receiver in dict.fromkeys(wanted):
        if not any(page.receiver == receiver for page in pages):
            if _is_unplayed(receiver, timeline):
                by = ", ".join(timeline.paging.unplayed[receiver])
                said = f"Alertmanager routes it to {receiver}; whether {by} was delivered to was not observed"
                return "unobserved", said
            others = say_names(sorted({str(page.receiver) for page in pages} - set(wanted)))
            instead = f"paged {others} instead of {receiver}; " if others else ""
            why = explain_silence(expected.alert, receiver, timeline)
            outcome: Outcome = "mismatched" if others else "missing"
            return outcome, f"{instead}fired at {format_s(fired_s)}, but no page arrived: {why}"
    if strangers := sorted({str(page.receiver) for page in pages} - set(wanted)):
        return "mismatched", f"paged {', '.join(strangers)} besides {', '.join(dict.fromkeys(wanted))}"
    since_s = max(fired_s, held.until_s or 0.0) if held is not None else fired_s
    within_s, _ = find_page_deadlines(expected)
    for receiver in dict.fromkeys(wanted):
        paged_s = min(page.at_s for page in pages if page.receiver == receiver)
        if paged_s < fired_s:
            return "unexpected", "was paged before it fired"
        if paged_s > since_s + within_s:
            return (
                "late",
                f"fired at {format_s(fired_s)}, but {receiver} was paged only at {format_s(paged_s)}",
            )
    return None


def check_closings(expected: Expectation, resolved_s: float, timeline: Timeline) -> Miss | None:
    """Check that every receiver that was paged is told of the end in time, but for those that never are."""
    if expected.suppressed is not None and expected.suppressed.until_s is None:
        return None
    mute = {delivery.receiver for delivery in expected.deliveries if not delivery.closes}
    closings = [event for event in timeline.events if event.kind == "page_resolved"]
    _, within_s = find_page_deadlines(expected)
    wanted = [expected.receiver, *(delivery.receiver for delivery in expected.deliveries)]
    for receiver in dict.fromkeys(wanted):
        closed_s = min((event.at_s for event in closings if event.receiver == receiver), default=None)
        if receiver in mute:
            if closed_s is not None:
                return "unexpected", f"{receiver} was notified of the end at {format_s(closed_s)}"
        elif closed_s is None:
            why = explain_silence(expected.alert, receiver, timeline)
            return "missing", f"resolved at {format_s(resolved_s)}, but the page never closed: {why}"
        elif closed_s < resolved_s - EARLY_S:
            said = f"{receiver}'s page closed at {format_s(closed_s)}"
            return "unexpected", f"{said}, though the alert resolved only at {format_s(resolved_s)}"
        elif closed_s > resolved_s + within_s:
            said = f"{receiver}'s page closed only at {format_s(closed_s)}"
            return "late", f"resolved at {format_s(resolved_s)}, but {said}"
    return None


def check_incidents(expected: Expectation, timeline: Timeline) -> Miss | None:
    """Check that each integration that paged opened one incident for each alert, and closed it."""
    incidents = list_incidents(timeline.paging.notifications)
    mute = {delivery.receiver for delivery in expected.deliveries if not delivery.closes}
    for (receiver, integration, labels), own in _group_by_alert(expected, incidents):
        where = f"{receiver} by {integration}"
        if len(own) > 1:
            opened = " and ".join(format_s(incident.opened_s) for incident in own)
            return (
                "unexpected",
                f"{where}: {len(own)} incidents instead of one for {labels}, opened at {opened}",
            )
        if own[0].closed_s is None and receiver not in mute:
            return "missing", f"{where}: the incident of {format_s(own[0].opened_s)} was never closed"
    return None


def _is_unplayed(receiver: str, timeline: Timeline) -> bool:
    """Tell whether the alert got as far as a receiver that the pager does not stand in for."""
    path = timeline.paging
    is_routed = any(receiver in received.receivers for received in path.received)
    return receiver in path.unplayed and is_routed and not path.suppressed


def find_page_deadlines(expected: Expectation) -> tuple[float, float]:
    """Return how soon after the alert a page must come, and must close."""
    page_s, close_s = expected.pages_within_s, expected.closes_within_s
    return (
        PAGE_WITHIN_S if page_s is None else page_s,
        CLOSE_WITHIN_S if close_s is None else close_s,
    )


def _group_by_alert(
    expected: Expectation, incidents: Iterable[Incident]
) -> Iterator[tuple[tuple[str, str, str], list[Incident]]]:
    """Yield the incidents of each receiver, integration and alert that is expected."""
    found: dict[tuple[str, str, str], list[Incident]] = {}
    for incident in incidents:
        alerts = {
            say_labels(alert.labels)
            for notification in incident.pages
            for alert in notification.alerts
            if alert.status == "firing"
            and alert.alert == expected.alert
            and expected.labels.items() <= alert.labels.items()
        }
        for labels in alerts:
            found.setdefault((incident.receiver, incident.integration, labels), []).append(incident)
    yield from found.items()
