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
    """A stretch of an act with one arrival rate; a rate of 0 is a pause."""

    duration_s: float
    rate_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """An instruction to a stub provider's control API, `at_s` after the act's start.

    `behaviour` replaces the behaviour of `model` (`"*"`: of every model without its own);
    `{"listening": False}` with no model closes the provider's socket, `True` opens it again.
    """

    at_s: float
    provider: str
    model: str | None = None
    behaviour: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Traffic as data: one Locust scenario, when it starts, at which rates, with which options.

    `door` is the gateway's door that the calls go through; the harness sets it to the drill's system.
    """

    name: str
    scenario: str
    start_s: float
    stages: tuple[Stage, ...]
    arrivals: Arrivals = "uniform"
    tells: tuple[Tell, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    door: str | None = None

    @property
    def end_s(self) -> float:
        """When the last stage ends."""
        return self.start_s + sum(stage.duration_s for stage in self.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A fault of a part of the stack, from `at_s` after the drill's start on, undone `for_s` later.

    Whatever the part serves is then out for everybody, so such a drill is held alone.
    """

    part: str
    at_s: float
    for_s: float
    how: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The alert with these labels fires in time, pages the receiver, resolves, and the page closes.

    `labels` must be among the alert's labels. Firing before `fires_after_s` counts as unasked.
    """

    alert: str
    labels: Labels
    fires_within_s: float
    receiver: str
    resolves_within_s: float
    fires_after_s: float = 0.0


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
class Silence:
    """From `after_s` on, the alert with these labels neither becomes pending nor fires: its rule is blind.

    It proves something only beside an Expectation that the same traffic meets; see `Drill`.
    """

    alert: str
    labels: Labels
    after_s: float = 0.0


Expected = Expectation | NearMiss | Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A named exercise: traffic, and what the alerts must do about it.

    `expects=()` is a quiet drill: nothing may fire. Drills that share an entry of `uses` disturb each
    other and are held one after another, as are drills of which one has it in `uses` and the other in
    `shares`. A drill with `outages` is held alone. `lasts_s` runs past the last deadline.
    `overhead_bound_s`, if given, is how much gateway and client may add to a call (p99) for its verdict to
    be trusted.
    """

    name: str
    system: str
    traffic: tuple[Act, ...]
    expects: tuple[Expected, ...]
    why: str
    lasts_s: float
    uses: frozenset[str] = frozenset()
    shares: frozenset[str] = frozenset()
    outages: tuple[Outage, ...] = ()
    overhead_bound_s: float | None = None


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
class Curve:
    """An alert expression's left side over time, for one label set: (at_s, value) points."""

    alert: str
    labels: Labels
    op: str
    threshold: float
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All that was seen, in order; `observed` names the event kinds that could be seen at all."""

    mode: str
    speed: float
    until_s: float
    observed: frozenset[EventKind]
    events: tuple[Event, ...]
    curves: tuple[Curve, ...] = ()
    engines: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one expectation came out; without an expectation, an event that nobody asked for.

    `observed` maps the hops seen (`pending`, `firing`, `paged`, `resolved`, `page_resolved`) to their
    instants; `evidence` is one sentence.
    """

    outcome: Outcome
    alert: str
    labels: Labels
    expectation: Expected | None
    observed: Mapping[str, float]
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judge says of one drill; the outcome is derived from the findings."""

    drill: str
    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Literal["met", "unmet", "unobserved"]:
        """`unmet` if any finding is, else `unobserved` if any hop could not be seen, else `met`."""
        outcomes = {finding.outcome for finding in self.findings}
        if outcomes - {"met", "unobserved"}:
            return "unmet"
        return "unobserved" if "unobserved" in outcomes else "met"
