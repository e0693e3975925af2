"""What a drill expects of an alert: it fires and pages, nearly fires, or its rule is blind.

All times are seconds of rule time from the drill's start.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from alertdrill.core.rule import Labels

Integration = Literal[
    "pagerduty",
    "slack",
    "webhook",
    "opsgenie",
    "email",
    "telegram",
    "msteams",
    "msteamsv2",
    "discord",
    "mattermost",
    "rocketchat",
    "victorops",
    "webex",
    "incidentio",
    "pushover",
    "sns",
    "wechat",
    "jira",
]
"""What Alertmanager delivers by, as it names them itself."""
Suppression = Literal["inhibited", "silenced", "muted", "refused"]
"""Why an alert that fires pages nobody: another one inhibits it, a silence or a time interval holds it back,
or its receiver takes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a rendered text must be, contain, or match anywhere (a regular expression of Python's `re`)."""

    how: Literal["exact", "contains", "regex"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a receiver must be notified of an alert by one integration, or by each that it has (None).

    `group_labels` are the group's labels, all of them. `notifications` bounds how many of them the open
    incident accepts: the one that opens it, updates and repeats, without the one that closes it; with
    `notifications_within_s`, how many between those instants of the drill. `repeats_after_s` bounds the time
    between one of them and the next, `refused` how many attempts the receiver refused. `alerts` bounds how
    many alerts one notification had together at the most. Without `closes`, nobody is notified of the end.
    """

    receiver: str
    integration: Integration | None = None
    group_labels: Labels | None = None
    group_key: Text | None = None
    title: Text | None = None
    text: Text | None = None
    notifications: tuple[int, int] | None = None
    notifications_within_s: tuple[float, float] | None = None
    repeats_after_s: tuple[float, float] | None = None
    refused: tuple[int, int] | None = None
    alerts: tuple[int, int] | None = None
    closes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """Alertmanager holds the page of a firing alert back, until `until_s` after the drill's start.

    Without `until_s` nobody is ever paged. `by` is what holds it back, as far as it is known: labels of the
    inhibiting alert, matchers of the silence, or `{"interval": name}`.
    """

    why: Suppression
    until_s: float | None = None
    by: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The alert with these labels fires in time, pages the receiver, resolves, and the page closes.

    `labels` must be among the alert's labels. Firing before `fires_after_s` counts as unexpected. Each
    integration that pages opens exactly one incident for the alert and closes it. The receiver pages within
    `pages_within_s` of the firing (or of the end of what holds it back), and closes within `closes_within_s`
    of the resolution; where they are None, within what the judge allows everybody. `deliveries` say more of
    what arrives, and may name further receivers.
    """

    alert: str
    labels: Labels
    fires_within_s: float
    receiver: str
    resolves_within_s: float
    fires_after_s: float = 0.0
    pages_within_s: float | None = None
    closes_within_s: float | None = None
    suppressed: Suppressed | None = None
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """At least `alerts` alerts with these labels fire, and together open `incidents` incidents, no more.

    They fire and resolve in time, none before `fires_after_s`; each incident is closed, and has at most
    `notifications` of them.
    """

    alert: str
    labels: Labels
    alerts: int
    fires_within_s: float
    resolves_within_s: float
    receiver: str
    integration: Integration
    incidents: int = 1
    notifications: int = 2
    fires_after_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """The alert with these labels stays silent although the traffic came close.

    The rule's value must reach `reaches` times its threshold, else the drill proved nothing, and no more than
    `reaches_at_most` times, if that is given. With `pending` the alert must have been pending, and its
    longest stretch over the threshold must have lasted between the two `pending_within_s`; without, it must
    not have been pending for a moment.
    """

    alert: str
    labels: Labels
    reaches: float
    pending: bool
    pending_within_s: tuple[float, float] | None = None
    reaches_at_most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindRule:
    """From `after_s` on, the alert with these labels neither becomes pending nor fires: its rule is blind.

    It proves something only beside an Expectation that the same traffic meets; see `Drill`.
    """

    alert: str
    labels: Labels
    after_s: float = 0.0


Expected = Expectation | Grouped | NearMiss | BlindRule
