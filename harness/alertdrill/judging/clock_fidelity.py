"""How well a run kept time, and whether its verdicts can be trusted.

The harness measures its own scrapes, evaluations, arrivals and the gateway's overhead. All of them are in
rule time: a pause of 20 ms of wall time is 1.2 s of it at speed 60.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alertdrill.core.wording import say_beyond


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the verdicts can bear; the drills keep a distance from their thresholds larger than this."""

    scrape_gap_s: float = 40.0
    """Longest time between two scrapes that both succeeded (two are 15 s apart)."""
    scrapes_off_share: float = 0.02
    """Share of the scrapes that were due and failed, or came more than half an interval late."""
    evaluations_missed_share: float = 0.02
    """Share of rule evaluations that Prometheus left out because the one before was still running."""
    arrivals_late_share: float = 0.01
    """Share of arrivals more than 15 s late."""
    arrival_lateness_s: float = 40.0
    """Lateness of the latest arrival."""
    outage_lateness_s: float = 12.0
    """Lateness of the latest begin or end of an outage; an outage short of a `for` is 15 s short of it."""
    overhead_s: float = 15.0
    """What the gateway and the client add to a provider's latency; see `find_overhead`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """What was measured; `None` where nothing was (no scrape yet, no probe traffic).

    `scrapes` are those that were seen, failed ones among them; `scrapes_off` counts those that were due
    between two that succeeded, and did not.
    """

    scrapes: int
    scrape_gap_s: float | None
    scrapes_off: int
    scrapes_failed: int
    evaluations: int
    evaluations_missed: int
    arrivals: int
    arrivals_late: int
    arrival_lateness_s: float
    overhead_s: float | None
    outage_lateness_s: float | None = None
    probes: int = 0
    probes_lost: int = 0
    """How many calls of the probe were sent, and how many of them got no answer."""

    @property
    def scrapes_due(self) -> int:
        """How many scrapes there should have been: those that succeeded, and those that were off."""
        return self.scrapes - self.scrapes_failed + self.scrapes_off


def find_overhead(
    p99_s: float | None, slowest_s: Sequence[float], latency_s: float, silent_s: float = 0.0
) -> float | None:
    """Return what was added to calls whose provider takes `latency_s`, but for the slowest hundredth of them.

    At least all but one of the `slowest_s` are left out too: of few calls the 99th percentile is the slowest
    but one, and a single pause of the machine hits two or three. For `silent_s` the provider itself answered
    nothing, and neither gateway nor client is to blame for that. None where no call was answered.
    """
    return None if p99_s is None else max(0.0, min((p99_s, *slowest_s)) - latency_s - silent_s)


def doubt(fidelity: Fidelity, bounds: Bounds) -> tuple[str, ...]:
    """Say, a sentence each, why the clock of this run cannot be trusted; empty when it can."""
    found = []
    if fidelity.scrapes < 2 or fidelity.scrape_gap_s is None:
        found.append("Prometheus scraped the gateway less than twice")
    elif fidelity.scrape_gap_s > bounds.scrape_gap_s:
        found.append(
            f"scrapes were up to {say_beyond(fidelity.scrape_gap_s, bounds.scrape_gap_s)} s of rule time "
            f"apart (bound {bounds.scrape_gap_s:g} s)"
        )
    if fidelity.scrapes_off > _allow(bounds.scrapes_off_share, fidelity.scrapes_due):
        found.append(
            f"{fidelity.scrapes_off} of {fidelity.scrapes_due} scrapes came late or not at all "
            f"(bound {bounds.scrapes_off_share:.1%})"
        )
    if not fidelity.evaluations:
        found.append("no evaluation of a rule was seen")
    elif fidelity.evaluations_missed > _allow(bounds.evaluations_missed_share, fidelity.evaluations):
        found.append(
            f"{fidelity.evaluations_missed} of {fidelity.evaluations} rule evaluations were left out "
            f"(bound {bounds.evaluations_missed_share:.1%})"
        )
    if fidelity.arrivals_late > _allow(bounds.arrivals_late_share, fidelity.arrivals):
        found.append(
            f"{fidelity.arrivals_late} of {fidelity.arrivals} arrivals were more than 15 s of rule time late "
            f"(bound {bounds.arrivals_late_share:.1%})"
        )
    if (outage_s := fidelity.outage_lateness_s or 0.0) > bounds.outage_lateness_s:
        found.append(
            f"an outage began or ended {say_beyond(outage_s, bounds.outage_lateness_s)} s of rule time late "
            f"(bound {bounds.outage_lateness_s:g} s)"
        )
    if fidelity.arrival_lateness_s > bounds.arrival_lateness_s:
        found.append(
            f"an arrival was {say_beyond(fidelity.arrival_lateness_s, bounds.arrival_lateness_s)} s of rule "
            f"time late (bound {bounds.arrival_lateness_s:g} s)"
        )
    if fidelity.probes_lost > _allow(bounds.arrivals_late_share, fidelity.probes):
        found.append(
            f"{fidelity.probes_lost} of {fidelity.probes} calls of the probe got no answer "
            f"(bound {bounds.arrivals_late_share:.1%})"
        )
    if fidelity.overhead_s is not None and fidelity.overhead_s > bounds.overhead_s:
        found.append(
            f"gateway and client added {say_beyond(fidelity.overhead_s, bounds.overhead_s)} s of rule time "
            f"to a call (bound {bounds.overhead_s:g} s)"
        )
    return tuple(found)


def _allow(share: float, total: int) -> float:
    """Return how many of a total may be off: a share of them, but one at least, for one tells nothing."""
    return max(1.0, share * total)


def find_fitting_speed(
    fidelity: Fidelity, bounds: Bounds, tried: float, speeds: Sequence[float]
) -> float | None:
    """Return the highest of `speeds` below `tried` at which the same wall-time delays would be in bounds.

    A delay in wall time is proportional to the speed in rule time, so each measured excess asks for a
    speed lower by as much; so does a gateway that has answered a part of the calls only. Returns None when
    even the lowest is too fast.
    """
    excess = max(
        (fidelity.scrape_gap_s or 0.0) / bounds.scrape_gap_s,
        fidelity.arrival_lateness_s / bounds.arrival_lateness_s,
        (fidelity.overhead_s or 0.0) / bounds.overhead_s,
        fidelity.probes / max(1, fidelity.probes - fidelity.probes_lost),
        1.0,
    )
    return max((speed for speed in speeds if speed < tried and speed <= tried / excess), default=None)
