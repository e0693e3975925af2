"""What became of an alert at the pager: the pages that it had, and whether it is as it has to be. Pure."""

from __future__ import annotations

import math
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from alertdrill.core.card import Card
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Notification, SuppressedSpan
from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.destination import Leg
from alertdrill.runner.synthetic.synthetic import SyntheticAlert, show_labels

RowOutcome = Literal[
    "paged", "misworded", "suppressed", "not paged", "unobserved", "nowhere", "meant for nobody", "not sent"
]
_Identity = frozenset[tuple[str, str]]
"""All labels of an alert."""
SHORTEST_LIMIT = 130
"""Of a title, that of Opsgenie's; no service has room for less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What an alert had of one incident: `title` and `card` are those of the first notification of it.

    `flaws` are what is wrong with what that says, in words. Times are seconds of rule time, from the alert's
    firing and from its resolution.
    """

    receiver: str
    integration: str
    title: str
    opened_after_s: float
    closed_after_s: float | None
    flaws: tuple[str, ...] = ()
    card: Card | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of an alert; `evidence` is what was wrong, or what held it back."""

    bound: Bound
    outcome: RowOutcome
    pages: tuple[Page, ...] = ()
    evidence: str = ""

    @property
    def is_unmet(self) -> bool:
        """Whether the alert has nowhere to go, or its pages were not as they have to be."""
        return self.outcome in {"not paged", "misworded", "nowhere"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """When an alert fired and was resolved; what is seen from `until_s` on is about another one.

    All are seconds of rule time.
    """

    fired_s: float
    resolved_s: float = math.inf
    until_s: float = math.inf


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All that was seen at the pager and at Alertmanager."""

    notifications: Sequence[Notification]
    suppressed: Sequence[SuppressedSpan]
    troubles: Sequence[str] = ()
    """Sentences from Alertmanager's metrics and log."""

    def of(self, alert: SyntheticAlert, sent: Sent) -> Seen:
        """Return what was seen of an alert while it was sent, and what does not say what it is about."""
        about = (*self._by_alert.get(_identify(alert.labels), ()), *self._by_alert.get(None, ()))
        return replace(
            self,
            notifications=sorted(
                (one for one in about if sent.fired_s <= one.at_s < sent.until_s), key=lambda one: one.number
            ),
            suppressed=[
                span
                for span in self.suppressed
                if {"alertname": span.alert, **span.labels} == alert.labels
                and span.until_s >= sent.fired_s
                and span.since_s < sent.until_s
            ],
        )

    @cached_property
    def _by_alert(self) -> Mapping[_Identity | None, Sequence[Notification]]:
        """Notifications by each alert that they are about; by None those that say of none."""
        found: dict[_Identity | None, list[Notification]] = {}
        for notification in self.notifications:
            named = (_identify({"alertname": one.alert, **one.labels}) for one in notification.alerts)
            for alert in dict.fromkeys(named) or (None,):
                found.setdefault(alert, []).append(notification)
        return found

    def list_pages(self, alert: SyntheticAlert, leg: Leg, sent: Sent) -> list[Page]:
        """Return the pages that an alert had at a receiver: those of its own notifications.

        An incident may have been opened for an alert before it, and have other alerts in it.
        """
        by_incident: dict[str, list[Notification]] = {}
        for one in self.notifications:
            if one.is_accepted and one.incident is not None and one.receiver == leg.receiver:
                by_incident.setdefault(one.incident, []).append(one)
        untitled = {sender.integration for sender in leg.senders if sender.untitled}
        pages = (
            _make_page(own, alert, sent, may_be_untitled=own[0].integration in untitled)
            for own in by_incident.values()
        )
        return [page for page in pages if page is not None]

    def explain_hold(self, legs: Iterable[Leg]) -> str:
        """Return what Alertmanager was seen to hold an alert back by; empty if nothing.

        Its log says that a route muted an alert, and not by which of the route's time intervals.
        """
        intervals = " or ".join(dict.fromkeys(name for leg in legs for name in leg.intervals))
        muted = f"muted by the time interval {intervals}" if intervals else "muted"
        held = {
            f"{span.why} by {show_labels(span.by)}" if span.by else muted if span.why == "muted" else span.why
            for span in self.suppressed
        }
        return "; ".join(sorted(held))

    def is_held(self, leg: Leg) -> bool:
        """Tell whether Alertmanager was seen to hold an alert back on its way to a receiver.

        A time interval mutes the routes that name it, and no other; inhibition and silences hold all.
        """
        mutes = [span.by for span in self.suppressed if span.why == "muted"]
        return len(mutes) < len(self.suppressed) or any(
            by.get("interval") in leg.intervals if by else leg.intervals for by in mutes
        )

    def was_refused(self, receiver: str) -> bool:
        """Tell whether a receiver did not take what it was told of the alert."""
        return any(
            not one.is_accepted and one.receiver == receiver and one.alerts for one in self.notifications
        )

    def explain_failure(self, receiver: str) -> str:
        """Return why a receiver took nothing, as far as it was seen; empty if it was not."""
        refused = {
            f"{notification.integration} answered {notification.answer}: {notification.why}"
            for notification in self.notifications
            if not notification.is_accepted and notification.receiver == receiver and notification.alerts
        }
        # Alertmanager 0.33 sends a Slack message whose template failed, without what it renders after that.
        untold = {
            f"{notification.integration} took what does not say what it is about: "
            f"{notification.cut or 'did a template fail?'}"
            for notification in self.notifications
            if notification.is_accepted and notification.receiver == receiver and not notification.alerts
        }
        named = re.compile(rf"(receiver=|err=){re.escape(receiver)}(/| |'|$)")
        said = {trouble for trouble in self.troubles if named.search(trouble)}
        return "; ".join(sorted(refused | untold) or sorted(said))


def is_open_everywhere(bound: Bound, seen: Seen, sent: Sent) -> bool:
    """Tell whether every integration has a page of the alert, unless Alertmanager holds it back."""
    seen = seen.of(bound.alert, sent)
    return all(
        seen.is_held(leg) or len(seen.list_pages(bound.alert, leg, sent)) >= len(leg.played)
        for leg in bound.destination.legs
    )


def is_closed_everywhere(bound: Bound, seen: Seen, sent: Sent) -> bool:
    """Tell whether every page that is to be closed is."""
    seen = seen.of(bound.alert, sent)
    return not any(
        closed[integration] < min(opened[integration], closing[integration])
        for leg in bound.destination.legs
        for opened, closed in [_count_pages(seen.list_pages(bound.alert, leg, sent))]
        for closing in [_count_closing(leg)]
        for integration in closing
    )


def look_at(bound: Bound) -> Row:
    """Return what is known of an alert that was not sent."""
    if bound.destination.is_meant_for_nobody:
        by = bound.destination.inhibits_by
        evidence = f"it is there to inhibit others, by {by}" if by else ""
        return Row(bound=bound, outcome="meant for nobody", evidence=evidence)
    if bound.destination.is_nowhere:
        names = " ".join(f"--nobody {shlex.quote(name)}" for name in bound.destination.receivers)
        evidence = f"no receiver has an integration; if that is meant, say so by {names}"
        return Row(bound=bound, outcome="nowhere", evidence=evidence)
    return Row(bound=bound, outcome="not sent")


def judge_alert(bound: Bound, seen: Seen, sent: Sent) -> Row:
    """Say whether every integration opened exactly one page, and closed it if it closes any."""
    if bound.destination.is_nowhere:
        return look_at(bound)
    seen = seen.of(bound.alert, sent)
    pages: list[Page] = []
    complaints: list[str] = []
    reasons: list[str] = []
    held_legs: list[Leg] = []
    for leg in bound.destination.legs:
        own_pages = seen.list_pages(bound.alert, leg, sent)
        pages += own_pages
        own = _list_complaints(leg, own_pages)
        if own and seen.is_held(leg) and not seen.was_refused(leg.receiver):
            held_legs.append(leg)
            continue
        complaints += own
        if own and (why := seen.explain_failure(leg.receiver)):
            reasons.append(why)
    outcome, evidence = _conclude(bound, seen, complaints + reasons, pages, held_legs)
    return Row(bound=bound, outcome=outcome, pages=tuple(pages), evidence="; ".join(dict.fromkeys(evidence)))


def _conclude(
    bound: Bound, seen: Seen, complaints: list[str], pages: Sequence[Page], held_legs: Sequence[Leg]
) -> tuple[RowOutcome, Sequence[str]]:
    """Return what it comes to, the worst first, and what says so."""
    if complaints:
        return "not paged", complaints
    if flaws := [f"{page.integration} of {page.receiver}: {flaw}" for page in pages for flaw in page.flaws]:
        return "misworded", flaws
    if held_legs:
        return "suppressed", [seen.explain_hold(held_legs)]
    return ("unobserved", bound.destination.unplayed) if bound.destination.unplayed else ("paged", ())


def _make_page(
    notifications: Sequence[Notification], alert: SyntheticAlert, sent: Sent, *, may_be_untitled: bool
) -> Page | None:
    """Return what an alert had of an incident, which has these notifications; None if nothing."""
    opening = next((one for one in notifications if _says(one, alert, "firing")), None)
    if opening is None:
        return None
    closed_s = next(
        (
            one.at_s
            for one in notifications
            if one.at_s >= max(sent.resolved_s, opening.at_s) and _says(one, alert, "resolved")
        ),
        None,
    )
    return Page(
        receiver=opening.receiver,
        integration=opening.integration,
        title=opening.title,
        opened_after_s=opening.at_s - sent.fired_s,
        closed_after_s=None if closed_s is None else closed_s - sent.resolved_s,
        flaws=tuple(_list_flaws(opening, may_be_untitled=may_be_untitled)),
        card=opening.card,
    )


def _list_flaws(notification: Notification, *, may_be_untitled: bool) -> Iterator[str]:
    """Yield what is wrong with what a notification says: gaps, no title, and what was cut off."""
    for name in notification.gaps:
        yield f"the {name} has <no value> in it: its template names what the alert does not have"
    if notification.untitled and not may_be_untitled:
        yield "the title is empty"
    if notification.cut:
        yield notification.cut
    for name, text in (("title", notification.title), ("text", notification.text)):
        # Alertmanager cuts off what a service would not take, and ends it like that.
        if len(text) >= SHORTEST_LIMIT and text.endswith(("…", "...")):
            yield f"the {name} is longer than the {len(text)} characters that there is room for, and cut off"


def _list_complaints(leg: Leg, pages: Sequence[Page]) -> list[str]:
    closing = _count_closing(leg)
    opened, closed = _count_pages(pages)
    complaints = []
    for integration, count in Counter(sender.integration for sender in leg.played).items():
        where = f"{integration} of {leg.receiver}"
        if opened[integration] != count:
            complaints.append(f"{where} opened {opened[integration]} pages where {count} was to be expected")
        elif closed[integration] != closing[integration]:
            complaints.append(f"{where} closed {closed[integration]} of {closing[integration]} pages")
    return complaints


def _count_closing(leg: Leg) -> Counter[str]:
    """Return how many integrations of each kind are told of resolutions."""
    return Counter(sender.integration for sender in leg.played if sender.sends_resolved)


def _count_pages(pages: Sequence[Page]) -> tuple[Counter[str], Counter[str]]:
    """Return how many pages each kind of integration opened, and how many of them are closed."""
    opened: Counter[str] = Counter(page.integration for page in pages)
    closed: Counter[str] = Counter(page.integration for page in pages if page.closed_after_s is not None)
    return opened, closed


def _identify(labels: Labels) -> _Identity:
    return frozenset(labels.items())


def _says(notification: Notification, alert: SyntheticAlert, status: str) -> bool:
    return any(
        one.status == status and {"alertname": one.alert, **one.labels} == alert.labels
        for one in notification.alerts
    )
