"""The alert fires in time, pages, resolves, and its page closes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from alertdrill.core.clock import format_s
from alertdrill.core.documents import take, take_number, take_objects, write_number
from alertdrill.core.expectation import Expectation
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Event, EventKind, Timeline
from alertdrill.core.verdict import Finding
from alertdrill.judging.claims import Claim
from alertdrill.judging.deliveries import check_deliveries, read_delivery, say_delivery, write_delivery
from alertdrill.judging.findings import Miss, find_hops, make_finding
from alertdrill.judging.kinds.kind import Kind
from alertdrill.judging.nearness import describe_peak
from alertdrill.judging.needs import MET_TOLERATES_S, PATH, UNSEEN, Need, Weighed
from alertdrill.judging.notifications import check_closings, check_incidents, check_pages, find_page_deadlines
from alertdrill.judging.suppression import read_suppressed, say_holder, write_suppressed


class FiringKind(Kind[Expectation]):
    """An `Expectation` is judged hop by hop."""

    is_paged = True
    judged = ("pending", "firing", "paged", "resolved", "page_resolved")

    def judge(self, expected: Expectation, timeline: Timeline) -> Finding:
        """Check hop by hop; pages that nobody could see leave it unobserved."""
        hops = find_hops(timeline.events)
        blind = {"paged", "page_resolved"} - timeline.observed
        checks: tuple[tuple[EventKind, Callable[[], Miss | None]], ...] = (
            ("firing", lambda: _check_fired(expected, hops, timeline)),
            ("paged", lambda: None if "paged" in blind else check_pages(expected, hops["firing"], timeline)),
            ("resolved", lambda: _check_resolved(expected, hops, timeline.events)),
            (
                "page_resolved",
                lambda: (
                    None if "page_resolved" in blind else check_closings(expected, hops["resolved"], timeline)
                ),
            ),
            (
                "paged",
                lambda: (
                    None
                    if blind
                    else check_incidents(expected, timeline) or check_deliveries(expected, timeline)
                ),
            ),
        )
        broke_at, miss = next(((hop, miss) for hop, check in checks if (miss := check())), (None, None))
        if miss is None and blind:
            what = "it was paged" if "paged" in blind else "its page was closed"
            miss = ("unobserved", f"it was not observed whether {what}")
        return make_finding(expected, hops, miss or ("met", _say_met(expected)), broke_at)

    def say(self, expected: Expectation) -> str:
        """Say when it fires, whom it pages or what keeps it from that, and when it resolves."""
        fires = f"fires by {format_s(expected.fires_within_s)}"
        if expected.fires_after_s:
            window = f"{format_s(expected.fires_after_s)} and {format_s(expected.fires_within_s)}"
            fires = f"fires between {window}"
        resolves = f"resolves by {format_s(expected.resolves_within_s)}"
        held = expected.suppressed
        if held is not None and held.until_s is None:
            return f"{fires}, {resolves}, pages nobody: {held.why} by {say_holder(held.why, held.by)}"
        pages = f"pages {expected.receiver}"
        if expected.pages_within_s is not None:
            pages += f" within {format_s(expected.pages_within_s)}"
        if held is not None and held.until_s is not None:
            holder = say_holder(held.why, held.by)
            pages = f"is suppressed by {holder} until {format_s(held.until_s)}, then {pages}"
        if expected.closes_within_s is not None:
            resolves += f", closes within {format_s(expected.closes_within_s)}"
        return f"{fires}, {pages}, {resolves}"

    def say_deliveries(self, expected: Expectation) -> tuple[str, ...]:
        """Say what each delivery says more than that there is one."""
        return tuple(say_delivery(delivery) for delivery in expected.deliveries)

    def name_receiver(self, expected: Expectation) -> str | None:
        """Return who is paged first of all."""
        return expected.receiver

    def name_alerts(self, expected: Expectation) -> tuple[str, ...]:
        """Return the alert, and the one that inhibits it."""
        held = expected.suppressed
        if held is not None and held.why == "inhibited" and "alertname" in held.by:
            return expected.alert, held.by["alertname"]
        return (expected.alert,)

    def list_claims(self, expected: Expectation) -> tuple[Claim, ...]:
        """Claim every hop, and a page of each inbox; one that is suppressed for ever proves no page."""
        alert = expected.alert
        claims = [Claim(alert=alert, hop=hop) for hop in ("pending", "fires", "resolved")]
        if expected.suppressed is not None and expected.suppressed.until_s is None:
            return tuple(claims)
        inboxes = [(delivery.receiver, delivery.integration) for delivery in expected.deliveries]
        if expected.receiver not in {receiver for receiver, _ in inboxes}:
            inboxes.insert(0, (expected.receiver, None))
        claims += [
            Claim(alert=alert, hop="paged", receiver=receiver, integration=integration)
            for receiver, integration in dict.fromkeys(inboxes)
        ]
        mute = {delivery.receiver for delivery in expected.deliveries if not delivery.closes}
        if {receiver for receiver, _ in inboxes} - mute:
            claims.append(Claim(alert=alert, hop="page closed"))
        return tuple(claims)

    def list_needs(self, expected: Expectation, weighed: Weighed) -> Iterator[Need]:
        """Yield what traffic and pages pass through until the hop that is wrong, or until it resolved."""
        seen, hop = weighed.finding.observed, weighed.broke_at
        need = weighed.need_traffic(_list_deadlines(expected, weighed))
        if hop is None and {"firing", "resolved"} <= seen.keys():
            yield replace(need, parts=need.parts - {UNSEEN + weighed.finding.alert})
            yield from _list_sight_needs(expected, weighed, need)
        else:
            yield need
        fired_s = seen.get("firing")
        if fired_s is None:
            return
        page_s, _ = find_page_deadlines(expected)
        if hop in {"paged", "page_resolved"}:
            # What held Alertmanager up a little before may still hold the page up.
            from_s = -weighed.reach_s if expected.suppressed else fired_s - page_s
            yield Need(parts=PATH, from_s=from_s, until_s=need.until_s, question=need.question)
        if hop is None:
            yield from _list_delivered_needs(expected, weighed, fired_s)

    def write(self, expected: Expectation) -> dict[str, Any]:
        """Leave out what the expectation does not state."""
        stated: dict[str, Any] = {
            "fires_after_s": write_number(expected.fires_after_s),
            "fires_within_s": write_number(expected.fires_within_s),
            "receiver": expected.receiver,
            "resolves_within_s": write_number(expected.resolves_within_s),
        }
        if expected.pages_within_s is not None:
            stated["pages_within_s"] = write_number(expected.pages_within_s)
        if expected.closes_within_s is not None:
            stated["closes_within_s"] = write_number(expected.closes_within_s)
        if expected.suppressed is not None:
            stated["held_back"] = write_suppressed(expected.suppressed)
        if expected.deliveries:
            stated["deliveries"] = [write_delivery(delivery) for delivery in expected.deliveries]
        return stated

    def is_written(self, document: Mapping[str, Any]) -> bool:
        """Take whatever has no mark of another kind."""
        return not document.get("silent") and not document.get("blind") and "incidents" not in document

    def read(self, alert: str, labels: Labels, document: Mapping[str, Any]) -> Expectation:
        """Leave out bounds of pages and what is not claimed of deliveries."""
        return Expectation(
            alert=alert,
            labels=labels,
            receiver=take(document, "receiver", str),
            fires_within_s=take_number(document, "fires_within_s"),
            resolves_within_s=take_number(document, "resolves_within_s"),
            suppressed=read_suppressed(take(document, "held_back", dict, {})),
            deliveries=tuple(read_delivery(one) for one in take_objects(document, "deliveries", [])),
        )


def _check_fired(expected: Expectation, hops: Mapping[str, float], timeline: Timeline) -> Miss | None:
    if "firing" not in hops:
        if "pending" in hops:
            return "missing", f"never fired, though it was pending at {format_s(hops['pending'])}"
        return "missing", f"never fired; {describe_peak(timeline.curves)}"
    fired_s = hops["firing"]
    if fired_s < expected.fires_after_s:
        return "unexpected", f"fired at {format_s(fired_s)}, before {format_s(expected.fires_after_s)}"
    if fired_s > expected.fires_within_s:
        return "late", f"fired at {format_s(fired_s)}, after {format_s(expected.fires_within_s)}"
    return None


def _check_resolved(expected: Expectation, hops: Mapping[str, float], events: Sequence[Event]) -> Miss | None:
    if "resolved" not in hops:
        return "missing", f"fired at {format_s(hops['firing'])} and never resolved"
    resolved_s = hops["resolved"]
    if resolved_s > expected.resolves_within_s:
        return "late", f"resolved at {format_s(resolved_s)}, after {format_s(expected.resolves_within_s)}"
    again = [event.at_s for event in events if event.kind == "firing" and event.at_s > resolved_s]
    if again:
        return "unexpected", f"fired again at {format_s(again[0])} after it had resolved"
    return None


def _say_met(expected: Expectation) -> str:
    held = expected.suppressed
    if held is None:
        return "fired, paged, resolved and closed in time"
    if held.until_s is None:
        return f"fired and paged nobody, {held.why}; resolved in time"
    return f"fired, was {held.why}, then paged, resolved and closed in time"


def _list_deadlines(expected: Expectation, weighed: Weighed) -> Mapping[EventKind, float]:
    """Return when each hop must have been seen."""
    seen, lasts_s = weighed.finding.observed, weighed.drill.lasts_s
    page_s, close_s = find_page_deadlines(expected)
    held = expected.suppressed
    free_s = held.until_s or 0.0 if held is not None else 0.0
    is_about_the_end = weighed.finding.outcome == "missing" and {"paged", "resolved"} <= seen.keys()
    return {
        "firing": expected.fires_within_s,
        # Where somebody was paged, what is missing may be the end of an incident.
        "paged": lasts_s if is_about_the_end else max(seen.get("firing", 0.0), free_s) + page_s,
        "resolved": expected.resolves_within_s,
        "page_resolved": seen.get("resolved", lasts_s) + close_s,
    }


def _list_sight_needs(expected: Expectation, weighed: Weighed, need: Need) -> Iterator[Need]:
    """Yield how much earlier an alert may have fired, and how much later resolved, that came in time.

    Had its rule seen at once what there was, it would have done so.
    """
    seen = weighed.finding.observed
    fired_s, resolved_s = seen["firing"], seen["resolved"]
    own = replace(need, parts=frozenset({UNSEEN + weighed.finding.alert}))
    yield replace(own, until_s=fired_s, tolerates_s=max(MET_TOLERATES_S, fired_s - expected.fires_after_s))
    left_s = expected.resolves_within_s - resolved_s
    yield replace(
        own, from_s=fired_s, until_s=expected.resolves_within_s, tolerates_s=max(MET_TOLERATES_S, left_s)
    )


def _list_delivered_needs(expected: Expectation, weighed: Weighed, fired_s: float) -> Iterator[Need]:
    """Yield what it depends on that no more was delivered than was; what was, was in time."""
    lasts_s = weighed.drill.lasts_s
    resolved_s = weighed.finding.observed.get("resolved", lasts_s)
    page_s, close_s = find_page_deadlines(expected)
    if any(one.notifications or one.refused for one in expected.deliveries):
        yield Need(
            parts=PATH,
            from_s=fired_s,
            until_s=resolved_s,
            question="whether more would have been delivered",
            tolerates_s=page_s,
        )
    if expected.suppressed is not None:
        free_s = resolved_s if expected.suppressed.until_s is None else expected.suppressed.until_s
        yield _need_stretch(fired_s, free_s, page_s, "whether a page would have come")
    if any(not one.closes for one in expected.deliveries):
        question = "whether a notification of the end would have come"
        yield _need_stretch(resolved_s, lasts_s, close_s, question)


def _need_stretch(from_s: float, until_s: float, stretch_s: float, question: str) -> Need:
    """Return that the path must be whole for long enough for something to come, had it not to stay away."""
    return Need(
        parts=PATH,
        from_s=from_s,
        until_s=until_s,
        question=question,
        stretch_s=max(0.0, min(stretch_s, until_s - from_s)),
    )
