"""What a drill says of one delivery, beside that there is one: checked, said, written and read. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, get_args

from alertdrill.core.clock import format_s
from alertdrill.core.documents import choose, take, write_number
from alertdrill.core.expectation import Delivery, Expectation, Integration, Text
from alertdrill.core.timeline import Notification, Timeline
from alertdrill.core.wording import escape, printable, say_count, say_labels, say_selector
from alertdrill.judging.findings import Miss
from alertdrill.judging.incidents import list_incidents


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
        pages = [
            notification
            for incident in own
            for notification in incident.pages
            # It may have been opened for another alert, which this one joined.
            if not notification.alerts or _is_about(expected, notification)
        ]
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


def fits(wanted: Text, found: str) -> bool:
    """Return whether a rendered text is what is wanted."""
    if wanted.how == "exact":
        return found == wanted.text
    if wanted.how == "contains":
        return wanted.text in found
    return re.search(wanted.text, found) is not None


def say_delivery(delivery: Delivery) -> str:
    """Say what a receiver must be told: `slack of ops: title contains "x", 1 notification`."""
    clauses = []
    if delivery.group_labels is not None:
        clauses.append(f"group {say_selector('', delivery.group_labels) or 'without labels'}")
    for name, text in (
        ("group key", delivery.group_key),
        ("title", delivery.title),
        ("text", delivery.text),
    ):
        if text is not None:
            clauses.append(f"{name} {_say_text(text)}")
    if delivery.notifications is not None:
        within = (
            f" in {_say_span(delivery.notifications_within_s)}" if delivery.notifications_within_s else ""
        )
        clauses.append(say_count(delivery.notifications, "notification") + within)
    if delivery.repeats_after_s is not None:
        clauses.append(f"repeated after {_say_span(delivery.repeats_after_s)}")
    if delivery.refused is not None:
        clauses.append(f"{say_count(delivery.refused, 'attempt')} refused")
    if delivery.alerts is not None:
        clauses.append(f"{say_count(delivery.alerts, 'alert')} in the largest")
    if not delivery.closes:
        clauses.append("no notification of the end")
    who = f"{delivery.integration or 'each integration'} of {delivery.receiver}"
    return f"{who}: {', '.join(clauses) or 'is notified'}"


def write_delivery(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery as JSON has it, without what it does not state."""
    texts = {"group_key": delivery.group_key, "title": delivery.title, "text": delivery.text}
    bounds: dict[str, Sequence[float] | None] = {
        "notices": delivery.notifications,
        "notices_within_s": delivery.notifications_within_s,
        "repeats_after_s": delivery.repeats_after_s,
        "refused": delivery.refused,
        "alerts": delivery.alerts,
    }
    stated: dict[str, Any] = {"receiver": delivery.receiver, "integration": delivery.integration}
    if not delivery.closes:
        stated["closes"] = False
    if delivery.group_labels is not None:
        stated["group_labels"] = dict(delivery.group_labels)
    stated |= {name: {text.how: text.text} for name, text in texts.items() if text is not None}
    stated |= {name: [write_number(one) for one in pair] for name, pair in bounds.items() if pair is not None}
    return stated


def read_delivery(delivery: Mapping[str, Any]) -> Delivery:
    """Return the delivery that an object states, without its texts and bounds; raises ValueError."""
    integration = delivery.get("integration")
    return Delivery(
        receiver=take(delivery, "receiver", str),
        integration=None
        if integration is None
        else choose(integration, get_args(Integration), "integration"),
        closes=take(delivery, "closes", bool, True),
    )


def _check_delivery(
    delivery: Delivery, pages: Sequence[Notification], refused: Sequence[Notification]
) -> Iterator[Miss]:
    for notification in pages:
        if delivery.group_labels is not None and dict(notification.group_labels) != dict(
            delivery.group_labels
        ):
            yield (
                "mismatched",
                f"grouped by {say_labels(notification.group_labels)} instead of "
                f"{say_labels(delivery.group_labels)}",
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


def _is_about(expected: Expectation, notification: Notification) -> bool:
    return any(
        one.alert == expected.alert and expected.labels.items() <= one.labels.items()
        for one in notification.alerts
    )


def _is_by(delivery: Delivery, receiver: str, integration: str) -> bool:
    return receiver == delivery.receiver and delivery.integration in {None, integration}


def _say_text(text: Text) -> str:
    if text.how == "regex":
        return printable(f"matches /{text.text}/")
    return printable(f'{"is" if text.how == "exact" else "contains"} "{escape(text.text)}"')


def _say_span(span_s: tuple[float, float]) -> str:
    return " to ".join("the end" if math.isinf(instant_s) else format_s(instant_s) for instant_s in span_s)


def _say_bounds(least: int, most: int) -> str:
    return f"{least}" if least == most else f"{least} to {most}"


def _shorten(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:199]}…"
