"""What became of an alert at the pager: the pages that it opened, and whether it is as it has to be. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from alertdrill.core.timeline import Notification, SuppressedSpan
from alertdrill.judging.incidents import Incident
from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.destination import Leg
from alertdrill.runner.synthetic.synthetic import SyntheticAlert, show_labels

RowOutcome = Literal["paged", "suppressed", "not paged", "nowhere", "not sent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One incident; times are seconds of rule time, from the alert's firing and from its resolution."""

    receiver: str
    integration: str
    title: str
    opened_after_s: float
    closed_after_s: float | None


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
        return self.outcome in {"not paged", "nowhere"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that was seen at the pager and at Alertmanager."""

    incidents: Sequence[Incident]
    notifications: Sequence[Notification]
    suppressed: Sequence[SuppressedSpan]
    troubles: Sequence[str] = ()
    """Sentences from Alertmanager's metrics and log."""

    def list_incidents(self, alert: SyntheticAlert, leg: Leg) -> list[Incident]:
        """Return the incidents that an alert has at a receiver."""
        return [
            incident
            for incident in self.incidents
            if incident.receiver == leg.receiver
            and any(_is_about(notification, alert) for notification in incident.notifications)
        ]

    def explain_hold(self, alert: SyntheticAlert) -> str:
        """Return what Alertmanager was seen to hold the alert back by; empty if nothing."""
        held = {
            f"{span.why} by {show_labels(span.by)}" if span.by else span.why
            for span in self.suppressed
            if {"alertname": span.alert, **span.labels} == alert.labels
        }
        return "; ".join(sorted(held))

    def explain_failure(self, alert: SyntheticAlert, receiver: str) -> str:
        """Return why a receiver took nothing, as far as it was seen; empty if it was not."""
        refused = {
            f"{notification.integration} answered {notification.answer}: {notification.why}"
            for notification in self.notifications
            if not notification.is_accepted
            and notification.receiver == receiver
            and _is_about(notification, alert)
        }
        # Alertmanager 0.33 sends a Slack message whose template failed, without what it renders after that.
        untold = {
            f"{notification.integration} took what does not say what it is about: did a template fail?"
            for notification in self.notifications
            if notification.is_accepted and notification.receiver == receiver and not notification.alerts
        }
        said = {trouble for trouble in self.troubles if receiver in trouble}
        return "; ".join(sorted(refused | untold) or sorted(said))


def is_open_everywhere(bound: Bound, seen: Seen) -> bool:
    """Tell whether every integration has a page of the alert, or Alertmanager holds it back."""
    return bool(seen.explain_hold(bound.alert)) or all(
        len(seen.list_incidents(bound.alert, leg)) >= len(leg.senders) for leg in bound.destination.legs
    )


def is_closed_everywhere(bound: Bound, seen: Seen) -> bool:
    """Tell whether every page that is to be closed is."""
    return not any(
        closed[integration] < min(opened[integration], closing[integration])
        for leg in bound.destination.legs
        for opened, closed in [_count_pages(seen.list_incidents(bound.alert, leg))]
        for closing in [_count_closing(leg)]
        for integration in closing
    )


def look_at(bound: Bound) -> Row:
    """Return what is known of an alert that was not sent."""
    if bound.destination.is_nowhere:
        return Row(bound=bound, outcome="nowhere", evidence="no receiver has an integration")
    return Row(bound=bound, outcome="not sent")


def judge_alert(bound: Bound, seen: Seen, *, fired_s: float, resolved_s: float) -> Row:
    """Say whether every integration opened exactly one page, and closed it if it closes any.

    `fired_s` and `resolved_s` are rule time.
    """
    if bound.destination.is_nowhere:
        return look_at(bound)
    pages: list[Page] = []
    complaints: list[str] = []
    reasons: list[str] = []
    hold = seen.explain_hold(bound.alert)
    for leg in bound.destination.legs:
        incidents = seen.list_incidents(bound.alert, leg)
        pages += [_make_page(incident, fired_s, resolved_s) for incident in incidents]
        own = _list_complaints(leg, incidents)
        complaints += own
        if own and (why := seen.explain_failure(bound.alert, leg.receiver)):
            reasons.append(why)
    if not complaints:
        return Row(bound=bound, outcome="paged", pages=tuple(pages))
    if hold and not reasons:
        return Row(bound=bound, outcome="suppressed", pages=tuple(pages), evidence=hold)
    evidence = "; ".join(dict.fromkeys(complaints + reasons))
    return Row(bound=bound, outcome="not paged", pages=tuple(pages), evidence=evidence)


def _make_page(incident: Incident, fired_s: float, resolved_s: float) -> Page:
    return Page(
        receiver=incident.receiver,
        integration=incident.integration,
        title=incident.title,
        opened_after_s=incident.opened_s - fired_s,
        closed_after_s=None if incident.closed_s is None else incident.closed_s - resolved_s,
    )


def _list_complaints(leg: Leg, incidents: Sequence[Incident]) -> list[str]:
    closing = _count_closing(leg)
    opened, closed = _count_pages(incidents)
    complaints = []
    for integration, count in Counter(sender.integration for sender in leg.senders).items():
        where = f"{integration} of {leg.receiver}"
        if opened[integration] != count:
            complaints.append(f"{where} opened {opened[integration]} pages where {count} was to be expected")
        elif closed[integration] != closing[integration]:
            complaints.append(f"{where} closed {closed[integration]} of {closing[integration]} pages")
    return complaints


def _count_closing(leg: Leg) -> Counter[str]:
    """Return how many integrations of each kind are told of resolutions."""
    return Counter(sender.integration for sender in leg.senders if sender.sends_resolved)


def _count_pages(incidents: Sequence[Incident]) -> tuple[Counter[str], Counter[str]]:
    """Return how many incidents each kind of integration opened, and how many of them are closed."""
    opened: Counter[str] = Counter(incident.integration for incident in incidents)
    closed: Counter[str] = Counter(one.integration for one in incidents if one.closed_s is not None)
    return opened, closed


def _is_about(notification: Notification, alert: SyntheticAlert) -> bool:
    return any({"alertname": one.alert, **one.labels} == alert.labels for one in notification.alerts)
