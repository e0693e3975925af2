"""A drill: traffic, what is done to the stack meanwhile, and what is expected of the alerts.

All times are seconds of rule time: a drill's from its start, a load profile's from its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from alertdrill.core.expectation import Expected, Integration
from alertdrill.core.rule import Labels

Arrivals = Literal["uniform", "poisson", "gamma"]
"""Evenly spaced, which is a constant rate; at random; at random and in bursts."""
LEAST_BURSTINESS, MOST_BURSTINESS = 0.01, 100.0
"""Beyond these, arrivals are a few bursts, or as good as evenly spaced."""
Fault = Literal["pause", "stop", "kill", "restart", "disconnect", "slow", "unlist"]
"""Paused; told to end, or killed, and started again in the end; restarted at once; cut off from the network
on which others ask it; that network slowed down; of a scrape target, `scrapes:SYSTEM`: taken out of
Prometheus's config."""
STARTS_AGAIN: frozenset[Fault] = frozenset({"stop", "kill", "restart"})
"""Faults after which a part is another process than before."""
Failing = Literal["rate_limit", "error", "timeout", "reset", "tls", "refuse"]
"""A receiver answers 429 or 500, or not at all, resets the connection, has a certificate that nobody trusts,
or takes no connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadStage:
    """A stretch of a load profile with one arrival rate; a rate of 0 is a pause."""

    duration_s: float
    rate_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourChange:
    """An instruction to a stub provider's control API, `at_s` after the load profile's start.

    `behaviour` replaces the behaviour of `model` (`"*"`: of every model without its own), or that of calls
    with the key that is in the environment variable `key_env`, which comes before any model's;
    `{"listening": False}` with neither closes the provider's socket, `True` opens it again.
    """

    at_s: float
    provider: str
    model: str | None = None
    key_env: str | None = None
    behaviour: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedCall:
    """A call of a trace: it came `at_s` after the first, and this is how long prompt and answer were."""

    at_s: float
    prompt_tokens: int
    answer_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadProfile:
    """Traffic as data: one Locust scenario, when it starts, at which rates, with which options.

    `burstiness` is of arrivals by `gamma`, and required there: 1 is Poisson, less comes in bursts, more comes
    more evenly. With a `trace`, its calls are sent when they came, and `stages` say only how long that is and
    at which rate on the average; `read_trace` reads one from a file.
    `prefix` is the gateway's prefix that the calls go under; the harness sets it to the drill's system.
    """

    name: str
    scenario: str
    start_s: float
    stages: tuple[LoadStage, ...]
    arrivals: Arrivals = "uniform"
    burstiness: float | None = None
    trace: tuple[TracedCall, ...] = ()
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
