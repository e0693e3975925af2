"""Check what arrived at the receivers against what a drill expects of it. Pure.

Every function returns what is wrong, as an outcome and a sentence, or None. A timeline given to them holds
only what concerns one expectation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from alertdrill.core.clock import format_s
from alertdrill.core.expectation import Delivery, Expectation, Grouped, Suppressed, Text
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Notification, Timeline
from alertdrill.core.verdict import Outcome
from alertdrill.judging.incidents import Incident, list_incidents
from alertdrill.judging.undelivered import explain_silence

PAGE_WITHIN_S = 180.0
"""A page must arrive this soon after its alert fires: group_wait 30 s, one resend, delivery."""
CLOSE_WITHIN_S = 240.0
"""A page must close this soon after its alert resolves: group_interval 1 m, one resend, delivery."""
EARLY_S = 30.0
"""A page that closes sooner than this before its alert resolves was closed while the alert was firing. What
is between may be an evaluation that was left out."""
CALENDAR_STEP_S = 120.0
"""How far the calendar of the time intervals may be behind the clock; see `alertmanager/calendar.py`."""

Miss = tuple[Outcome, str]


def check_pages(expected: Expectation, fired_s: float, timeline: Timeline) -> Miss | None:
    """Check that all receivers are paged, no others, and in time."""
    held = expected.suppressed
    if held is not None and (miss := _check_held(expected, held, timeline)):
        return miss
    if held is not None and held.until_s is None:
        return None
    pages = [event for event in timeline.events if event.kind == "paged"]
    wanted = [expected.receiver, *(delivery.receiver for delivery in expected.deliveries)]
    for receiver in dict.fromkeys(wanted):
        if not any(page.receiver == receiver for page in pages):
            others = ", ".join(sorted({str(page.receiver) for page in pages} - set(wanted)))
            instead = f"paged {others} instead of {receiver}; " if others else ""
            why = explain_silence(expected.alert, receiver, timeline)
            outcome: Outcome = "mismatched" if others else "missing"
            return outcome, f"{instead}fired at {format_s(fired_s)}, but no page arrived: {why}"
    if strangers := sorted({str(page.receiver) for page in pages} - set(wanted)):
        return "mismatched", f"paged {', '.join(strangers)} besides {', '.join(dict.fromkeys(wanted))}"
    since_s = max(fired_s, held.until_s or 0.0) if held is not None else fired_s
    within_s = PAGE_WITHIN_S if expected.pages_within_s is None else expected.pages_within_s
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
    within_s = CLOSE_WITHIN_S if expected.closes_within_s is None else expected.closes_within_s
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


def check_deliveries(expected: Expectation, timeline: Timeline) -> Miss | None:
    """Check what each delivery says more than that there is one."""
    incidents = list_incidents(timeline.paging.notifications)
    for delivery in expected.deliveries:
        own = [
            incident for incident in incidents if _is_by(delivery, incident.receiver, incident.integration)
        ]
        where = delivery.receiver + (f" by {delivery.integration}" if delivery.integration else "")
        if not own:
            found = sorted({i.integration for i in incidents if i.receiver == delivery.receiver})
            return "missing", f"{where} got no notification" + (f", only {', '.join(found)}" if found else "")
        pages = [notification for incident in own for notification in incident.pages]
        refused = [
            notification
            for notification in timeline.paging.notifications
            if not notification.is_accepted
            and notification.alerts
            and _is_by(delivery, notification.receiver, notification.integration)
        ]
        for outcome, said in _check_delivery(delivery, pages, refused):
            return outcome, f"{where}: {said}"
    return None


def check_grouping(expected: Grouped, fired: int, timeline: Timeline) -> Miss | None:
    """Check that the alerts that fired were told in as few incidents and notifications as is expected."""
    incidents = [
        incident
        for incident in list_incidents(timeline.paging.notifications)
        if (incident.receiver, incident.integration) == (expected.receiver, expected.integration)
    ]
    where = f"{expected.receiver} by {expected.integration}"
    if not incidents:
        return "missing", f"no page arrived: {explain_silence(expected.alert, expected.receiver, timeline)}"
    if len(incidents) != expected.incidents:
        return "mismatched", f"{where}: {len(incidents)} incidents instead of {expected.incidents}"
    if any(incident.closed_s is None for incident in incidents):
        return "missing", f"{where}: an incident was never closed"
    most = max(len(incident.pages) for incident in incidents)
    if most > expected.notifications:
        return (
            "mismatched",
            f"{where}: {most} notifications of one incident, at most {expected.notifications} expected",
        )
    told = {
        _say(alert.labels)
        for incident in incidents
        for notification in incident.pages
        for alert in notification.alerts
        if alert.status == "firing" and alert.alert == expected.alert
    }
    if len(told) < fired:
        return "missing", f"{where}: was notified of {len(told)} of the {fired} alerts that fired"
    return None


def _check_held(expected: Expectation, held: Suppressed, timeline: Timeline) -> Miss | None:
    pages = [event.at_s for event in timeline.events if event.kind == "paged"]
    slack_s = CALENDAR_STEP_S if held.why == "muted" else 0.0
    too_early = [at_s for at_s in pages if held.until_s is None or at_s < held.until_s - slack_s]
    if too_early:
        return "unexpected", f"paged at {format_s(min(too_early))}, though it should be {held.why}"
    if held.why == "refused":
        attempts = [n for n in timeline.paging.notifications if n.receiver == expected.receiver]
        if all(notification.is_accepted for notification in attempts):
            why = explain_silence(expected.alert, expected.receiver, timeline)
            return "mismatched", f"was not paged, but its receiver refused nothing: {why}"
        return None
    spans = [span for span in timeline.paging.held if span.why == held.why]
    # An Alertmanager that is older than 0.28 does not say which interval mutes.
    if not any(held.by.items() <= span.by.items() or not span.by for span in spans):
        seen = "; ".join(f"{span.why} by {_say(span.by)}" for span in timeline.paging.held)
        wanted = f"{held.why} by {_say(held.by)}" if held.by else held.why
        return "mismatched", f"was not paged, and was not seen {wanted}{': ' + seen if seen else ''}"
    return None


def _group_by_alert(
    expected: Expectation, incidents: Iterable[Incident]
) -> Iterator[tuple[tuple[str, str, str], list[Incident]]]:
    """Yield the incidents of each receiver, integration and alert that is expected."""
    found: dict[tuple[str, str, str], list[Incident]] = {}
    for incident in incidents:
        alerts = {
            _say(alert.labels)
            for notification in incident.pages
            for alert in notification.alerts
            if alert.status == "firing"
            and alert.alert == expected.alert
            and expected.labels.items() <= alert.labels.items()
        }
        for labels in alerts:
            found.setdefault((incident.receiver, incident.integration, labels), []).append(incident)
    yield from found.items()


def _check_delivery(
    delivery: Delivery, pages: Sequence[Notification], refused: Sequence[Notification]
) -> Iterator[Miss]:
    for notification in pages:
        if delivery.group_labels is not None and dict(notification.group_labels) != dict(
            delivery.group_labels
        ):
            yield (
                "mismatched",
                f"grouped by {_say(notification.group_labels)} instead of {_say(delivery.group_labels)}",
            )
        texts = (
            ("group key", delivery.group_key, notification.group_key),
            ("title", delivery.title, notification.title),
            ("text", delivery.text, notification.text),
        )
        for name, wanted, found in texts:
            if wanted is not None and not fits(wanted, found):
                yield "mismatched", f"the {name} is {_shorten(found)!r}, not {wanted.how} {wanted.text!r}"
    counted = pages
    if delivery.notifications_within_s is not None:
        from_s, to_s = delivery.notifications_within_s
        counted = [notification for notification in pages if from_s <= notification.at_s <= to_s]
    most_alerts = max((len(notification.alerts) for notification in pages), default=0)
    bounds = (
        (delivery.notifications, len(counted), "notifications"),
        (delivery.refused, len(refused), "refused attempts"),
        (delivery.alerts, most_alerts, "alerts together"),
    )
    for bound, count, name in bounds:
        if bound is not None and not bound[0] <= count <= bound[1]:
            yield "mismatched", f"{count} {name} instead of {_say_bounds(*bound)}"
    if delivery.repeats_after_s is not None:
        least_s, most_s = delivery.repeats_after_s
        for before, after in pairwise(sorted(notification.at_s for notification in pages)):
            if not least_s <= after - before <= most_s:
                yield (
                    "mismatched",
                    f"repeated after {format_s(after - before)} instead of {format_s(least_s)} to "
                    f"{format_s(most_s)}",
                )


def fits(wanted: Text, found: str) -> bool:
    """Return whether a rendered text is what is wanted."""
    if wanted.how == "exact":
        return found == wanted.text
    if wanted.how == "contains":
        return wanted.text in found
    return re.search(wanted.text, found) is not None


def _is_by(delivery: Delivery, receiver: str, integration: str) -> bool:
    return receiver == delivery.receiver and delivery.integration in {None, integration}


def _say(labels: Labels) -> str:
    return ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items())) or "nothing"


def _say_bounds(least: int, most: int) -> str:
    return f"{least}" if least == most else f"{least} to {most}"


def _shorten(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:199]}…"
