"""Many alerts fire and resolve, and together open few incidents. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from alertdrill.core.clock import format_s
from alertdrill.core.documents import choose, take, take_number, write_number
from alertdrill.core.expectation import Grouped, Integration
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import EventKind, Timeline
from alertdrill.core.verdict import Finding
from alertdrill.core.wording import say_count
from alertdrill.judging.claims import Claim, Hop
from alertdrill.judging.findings import Identity, Miss, find_hops, identify, make_finding
from alertdrill.judging.incidents import list_incidents
from alertdrill.judging.kinds.kind import Kind
from alertdrill.judging.needs import MET_TOLERATES_S, PATH, Need, Weighed
from alertdrill.judging.notifications import CLOSE_WITHIN_S, PAGE_WITHIN_S
from alertdrill.judging.undelivered import explain_silence

_ENDS: tuple[EventKind, EventKind] = ("firing", "resolved")


class GroupedKind(Kind[Grouped]):
    """A `Grouped` is judged by how many alerts there are and how few incidents."""

    is_paged = True
    judged = ("pending", "firing", "resolved", "paged", "page_resolved")

    def judge(self, expected: Grouped, timeline: Timeline) -> Finding:
        """Check how many fire, that all resolve, and how they were grouped."""
        hops = find_hops(timeline.events)
        ends = {
            kind: [e.at_s for e in timeline.events if e.kind == kind]
            for kind in ("resolved", "page_resolved")
        }
        hops.update({kind: max(instants) for kind, instants in ends.items() if instants})
        fired = len(_find_alerts(timeline, "firing"))
        broke_at: EventKind | None
        miss: Miss | None
        broke_at, miss = _check_ends(expected, hops, timeline)
        if miss is None and "paged" in timeline.observed:
            miss = _check_grouping(expected, fired, timeline)
            broke_at = "paged" if miss else None
        elif miss is None:
            miss = "unobserved", "it was not observed whether it was paged"
        said = miss or ("met", f"{fired} fired, grouped into {expected.incidents}")
        return make_finding(expected, hops, said, broke_at)

    def say(self, expected: Grouped) -> str:
        """Say how many fire, and how few incidents and notifications there are."""
        incidents = say_count((expected.incidents, expected.incidents), "incident")
        since = f"between {format_s(expected.fires_after_s)} and" if expected.fires_after_s else "by"
        return (
            f"at least {expected.alerts} fire {since} {format_s(expected.fires_within_s)}, page "
            f"{expected.receiver} by {expected.integration} in {incidents} of at most "
            f"{say_count((expected.notifications, expected.notifications), 'notification')}, "
            f"resolve by {format_s(expected.resolves_within_s)}"
        )

    def list_claims(self, expected: Grouped) -> tuple[Claim, ...]:
        """Claim every hop, and the page by the integration that groups."""
        alert = expected.alert
        paged = Claim(alert=alert, hop="paged", receiver=expected.receiver, integration=expected.integration)
        hops: tuple[Hop, ...] = ("pending", "fires", "resolved", "page closed")
        return (*(Claim(alert=alert, hop=hop) for hop in hops), paged)

    def list_needs(self, expected: Grouped, weighed: Weighed) -> Iterator[Need]:
        """Yield what traffic and pages pass through; one more page would change how they were grouped."""
        seen, lasts_s, hop = weighed.finding.observed, weighed.drill.lasts_s, weighed.broke_at
        need = weighed.need_traffic(
            {
                "firing": expected.fires_within_s,
                # Somebody was paged: what is missing may be the end of an incident.
                "paged": lasts_s,
                "resolved": expected.resolves_within_s,
                "page_resolved": seen.get("resolved", lasts_s) + CLOSE_WITHIN_S,
            }
        )
        yield need
        fired_s = seen.get("firing")
        if fired_s is None:
            return
        path = Need(parts=PATH, from_s=fired_s - PAGE_WITHIN_S, until_s=need.until_s, question=need.question)
        if hop in {"paged", "page_resolved"}:
            # What held Alertmanager up a little before may still hold the page up.
            yield path
        if hop is None:
            yield Need(
                parts=PATH,
                from_s=fired_s - PAGE_WITHIN_S,
                until_s=seen.get("page_resolved", lasts_s),
                question="whether they would have been grouped like that",
                tolerates_s=MET_TOLERATES_S,
            )

    def write(self, expected: Grouped) -> dict[str, Any]:
        """State all of it."""
        return {
            "alerts": expected.alerts,
            "incidents": expected.incidents,
            "fires_within_s": write_number(expected.fires_within_s),
            "receiver": expected.receiver,
            "integration": expected.integration,
            "resolves_within_s": write_number(expected.resolves_within_s),
            "notices": expected.notifications,
        }

    def is_written(self, document: Mapping[str, Any]) -> bool:
        """Look for a number of incidents."""
        return not document.get("silent") and not document.get("blind") and "incidents" in document

    def read(self, alert: str, labels: Labels, document: Mapping[str, Any]) -> Grouped:
        """Leave out how many incidents and notifications there may be."""
        return Grouped(
            alert=alert,
            labels=labels,
            receiver=take(document, "receiver", str),
            fires_within_s=take_number(document, "fires_within_s"),
            resolves_within_s=take_number(document, "resolves_within_s"),
            alerts=take(document, "alerts", int),
            integration=choose(document.get("integration"), get_args(Integration), "integration"),
        )


def _check_ends(
    expected: Grouped, hops: Mapping[str, float], timeline: Timeline
) -> tuple[EventKind, Miss] | tuple[None, None]:
    """Check that enough fired, and all resolved, in time; the hop that is wrong stands before what is."""
    fired, resolved = (_find_alerts(timeline, kind) for kind in _ENDS)
    in_time = _find_alerts(timeline, "firing", expected.fires_within_s)
    if hops.get("firing", math.inf) < expected.fires_after_s:
        said = f"one fired at {format_s(hops['firing'])}, before {format_s(expected.fires_after_s)}"
        return "firing", ("unexpected", said)
    if len(in_time) < expected.alerts:
        said = f"{len(in_time)} fired by {format_s(expected.fires_within_s)}, not {expected.alerts}"
        return "firing", ("missing", said)
    if fired - resolved:
        return "resolved", ("missing", f"{len(fired - resolved)} of {len(fired)} never resolved")
    if hops["resolved"] > expected.resolves_within_s:
        return "resolved", ("late", f"the last resolved at {format_s(hops['resolved'])}")
    return None, None


def _check_grouping(expected: Grouped, fired: int, timeline: Timeline) -> Miss | None:
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
        identify(alert.labels)
        for incident in incidents
        for notification in incident.pages
        for alert in notification.alerts
        if alert.status == "firing" and alert.alert == expected.alert
    }
    if len(told) < fired:
        return "missing", f"{where}: was notified of {len(told)} of the {fired} alerts that fired"
    return None


def _find_alerts(timeline: Timeline, kind: EventKind, until_s: float = math.inf) -> set[Identity]:
    """Return the alerts of which an event of this kind was seen in time."""
    return {
        identify(event.labels) for event in timeline.events if event.kind == kind and event.at_s <= until_s
    }
