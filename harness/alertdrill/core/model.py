"""What the harness talks about: rules, drills, events, timelines and verdicts.

All times are seconds of rule time. In a drill they count from the drill's start, in a timeline from the
start of the run. Every value is frozen; nothing here does I/O or imports anything of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Labels = Mapping[str, str]
EventKind = Literal["pending", "firing", "resolved", "paged", "page_resolved"]
Outcome = Literal["met", "late", "missing", "mismatched", "unexpected", "unobserved"]
Arrivals = Literal["uniform", "poisson"]
Fault = Literal["pause", "stop", "kill", "restart", "disconnect", "slow"]
"""Paused; told to end, or killed, and started again in the end; restarted at once; cut off from the network
on which others ask it; that network slowed down."""
STARTS_AGAIN: frozenset[Fault] = frozenset({"stop", "kill", "restart"})
"""Faults after which a part is another process than before."""

AS_WRITTEN: Mapping[str, str] = {"edition": "as_written"}
"""The label of rules that are kept as their authors wrote them, to prove what is wrong with them."""
PAGING: Mapping[str, str] = {"edition": "paging"}
"""The label of rules that are there to drill the paging path; the reference routing has routes for them."""

Integration = Literal["pagerduty", "slack", "webhook", "opsgenie", "email"]
"""What Alertmanager delivers by, as it names them itself."""
Failing = Literal["rate_limit", "error", "timeout", "reset", "tls", "refuse"]
"""A receiver answers 429 or 500, or not at all, resets the connection, has a certificate that nobody trusts,
or takes no connection."""
Suppression = Literal["inhibited", "silenced", "muted", "refused"]
"""Why an alert that fires pages nobody: another one inhibits it, a silence or a time interval holds it back,
or its receiver takes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """One alerting rule as its file states it; `source` is `file:line`."""

    name: str
    expr: str
    for_s: float
    keep_firing_for_s: float
    labels: Labels
    annotations: Labels
    group: str
    interval_s: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stretch of a load profile with one arrival rate; a rate of 0 is a pause."""

    duration_s: float
    rate_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourChange:
    """An instruction to a stub provider's control API, `at_s` after the load profile's start.

    `behaviour` replaces the behaviour of `model` (`"*"`: of every model without its own);
    `{"listening": False}` with no model closes the provider's socket, `True` opens it again.
    """

    at_s: float
    provider: str
    model: str | None = None
    behaviour: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadProfile:
    """Traffic as data: one Locust scenario, when it starts, at which rates, with which options.

    `prefix` is the gateway's prefix that the calls go under; the harness sets it to the drill's system.
    """

    name: str
    scenario: str
    start_s: float
    stages: tuple[Stage, ...]
    arrivals: Arrivals = "uniform"
    changes: tuple[BehaviourChange, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    prefix: str | None = None

    @property
    def end_s(self) -> float:
        """When the last stage ends."""
        return self.start_s + sum(stage.duration_s for stage in self.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A fault of a part of the stack, from `at_s` after the drill's start on, undone `for_s` later.

    Whatever the part serves is then out for everybody, so whoever needs it is held before or afterwards.
    """

    part: str
    at_s: float
    for_s: float
    how: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverFault:
    """A receiver, or one of its integrations, fails from `at_s` after the drill's start on, for `for_s`."""

    receiver: str
    at_s: float
    for_s: float
    how: Failing
    integration: Integration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """Alertmanager is given a silence, `at_s` after the drill's start, that ends `for_s` later.

    `matchers` are label names and the values that they must have.
    """

    matchers: Labels
    at_s: float
    for_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a rendered text must be, contain, or match anywhere (a regular expression of Python's `re`)."""

    how: Literal["exact", "contains", "regex"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a receiver must be told of an alert by one integration, or by each that it has (None).

    `group_labels` are the group's labels, all of them. `notices` bounds how many notifications of the open
    incident are accepted: the one that opens it, updates and repeats, without the one that closes it; with
    `notices_within_s`, how many between those instants of the drill. `repeats_after_s` bounds the time
    between one of them and the next, `refused` how many attempts the receiver refused. `alerts` bounds how
    many alerts one notification had together at the most. Without `closes`, nobody is told of the end.
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

    They fire and resolve in time, each incident is closed, and each notification is one of at most `notices`.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """The alert with these labels stays silent although the traffic came close.

    The rule's value must reach `reaches` times its threshold, else the drill proved nothing. With
    `pending` the alert must have been pending, and its longest stretch over the threshold must have lasted
    between the two `pending_within_s`; without, it may have been pending for a moment or not at all.
    """

    alert: str
    labels: Labels
    reaches: float
    pending: bool
    pending_within_s: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindRule:
    """From `after_s` on, the alert with these labels neither becomes pending nor fires: its rule is blind.

    It proves something only beside an Expectation that the same traffic meets; see `Drill`.
    """

    alert: str
    labels: Labels
    after_s: float = 0.0


Expected = Expectation | Grouped | NearMiss | BlindRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A named exercise: traffic, and what the alerts must do about it.

    `expects=()` is a quiet drill: nothing may fire. Drills that share an entry of `uses` disturb each
    other and are held one after another, as are drills of which one has it in `uses` and the other in
    `shares`. One that `comes_first` is held before all others that use the same: it is about a rule that
    remembers all that ever went before. `outages` are kept away from the drills that need what is out.
    `lasts_s` runs past the last deadline.
    With `max_speed`, it is held at that speed at most, and alone: at a higher one, pauses of the machine
    would decide the verdict. `calls_within_s`, if given, is what its own calls take at most unless gateway
    and client are slow; if it is not met and several took longer, nobody can tell.
    `faults` and `maintenance` are done to receivers and to Alertmanager. With `starts_at` ("22:30"), the
    calendar that Alertmanager's
    time intervals are read on shows that time of day as the drill starts. A drill with two `alertmanagers`
    is held on a cluster of two.
    """

    name: str
    system: str
    traffic: tuple[LoadProfile, ...]
    expects: tuple[Expected, ...]
    why: str
    lasts_s: float
    uses: frozenset[str] = frozenset()
    shares: frozenset[str] = frozenset()
    comes_first: bool = False
    outages: tuple[Outage, ...] = ()
    max_speed: float | None = None
    calls_within_s: float | None = None
    faults: tuple[ReceiverFault, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    starts_at: str | None = None
    alertmanagers: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A drill and when it starts in the run."""

    drill: Drill
    start_s: float

    @property
    def end_s(self) -> float:
        """When the drill is over."""
        return self.start_s + self.drill.lasts_s


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
    `effect` is what it did to it.
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
    effect: Literal["opened", "updated", "closed", "none"] = "none"
    group_key: str = ""
    group_labels: Labels = field(default_factory=dict)
    title: str = ""
    text: str = ""


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
class PagingPath:
    """What was seen between Prometheus and the receivers.

    `troubles` are sentences from metrics and logs: what Prometheus could not send, what Alertmanager could
    not deliver.
    """

    notifications: tuple[Notification, ...] = ()
    received: tuple[Received, ...] = ()
    held: tuple[SuppressedSpan, ...] = ()
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """An alert expression's left side over time, for one label set: (at_s, value) points."""

    alert: str
    labels: Labels
    op: str
    threshold: float
    points: tuple[tuple[float, float], ...]


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

    `stalls` are when parts of the stack answered nothing. From `appended_from_s` on nothing was measured: a
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
    appended_from_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one expectation came out; without an expectation, an event that nobody asked for.

    `observed` maps the hops seen (`pending`, `firing`, `paged`, `resolved`, `page_resolved`) to their
    instants; `evidence` is one sentence. `broke_at` is the first hop that is not as expected, where the alert
    was to fire and one is to blame. With a `doubt` nobody can tell how it came out, and the outcome is
    `unobserved`: the sentence says why.
    """

    outcome: Outcome
    alert: str
    labels: Labels
    expectation: Expected | None
    observed: Mapping[str, float]
    evidence: str
    broke_at: EventKind | None = None
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judge says of one drill; the outcome is derived from the findings.

    A quiet drill in which nothing fired has no finding; its `doubt` says why nobody can tell.
    """

    drill: str
    findings: tuple[Finding, ...]
    doubt: str = ""

    @property
    def outcome(self) -> Literal["met", "unmet", "unobserved"]:
        """`unmet` if any finding is, else `unobserved` if any hop could not be seen, else `met`."""
        outcomes = {finding.outcome for finding in self.findings}
        if outcomes - {"met", "unobserved"}:
            return "unmet"
        return "unobserved" if "unobserved" in outcomes or self.doubt else "met"

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why nobody can tell how it came out, or some of it; each sentence once."""
        said = (self.doubt, *(finding.doubt for finding in self.findings))
        return tuple(dict.fromkeys(doubt for doubt in said if doubt))
