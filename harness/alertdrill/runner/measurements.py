"""How well a run kept time: what is read of it afterwards, and of its calibration before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from alertdrill.core.clock import Clock
from alertdrill.core.parts import SCRAPES
from alertdrill.core.timeline import Stall
from alertdrill.judging.clock_fidelity import Bounds, Fidelity, find_overhead
from alertdrill.judging.needs import PROVIDER
from alertdrill.recording.prometheus import count_evaluations, count_recorded_evaluations
from alertdrill.recording.scrapes import Scrape, find_gaps, measure_gaps, read_scrapes, split_scrapes
from alertdrill.runner.evidence import count_unanswered
from alertdrill.runner.probe import (
    CALIBRATION_PROFILE,
    PROBE_LATENCY_S,
    PROBE_PROFILE,
    PROBE_PROVIDER,
    WARM_UP_PROFILE,
    Window,
)
from alertdrill.runner.traffic import ProfileReport, TrafficReport
from alertdrill.runtime.http_client import Api
from alertdrill.stacks.subject import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemScrapes:
    """The scrapes of one system's job, in the stretches between outages, in which scrapes have to fail.

    They are to begin at `since_s`, and to end at `until_s`; None: whenever they do.
    """

    job: Job
    stretches: tuple[tuple[Scrape, ...], ...]
    since_s: float | None = None
    until_s: float | None = None

    def bound(self) -> Iterator[tuple[tuple[Scrape, ...], float | None, float | None]]:
        """Yield each stretch, until when it is to last, and from when on, where that is known."""
        for number, stretch in enumerate(self.stretches, 1):
            is_last = number == len(self.stretches)
            yield stretch, self.until_s if is_last else None, self.since_s if number == 1 else None


def read_system_scrapes(
    store: Api,
    clock: Clock,
    jobs: Iterable[Job],
    since_s: float,
    until_s: float,
    outages: Sequence[Window] = (),
) -> tuple[SystemScrapes, ...]:
    """Return the scrapes of every job between two rule times, without those during outages."""
    return tuple(
        SystemScrapes(
            job=job,
            stretches=split_scrapes(
                read_scrapes(store, clock, job.name, since_s, until_s, job.instance), outages
            ),
            # What is measured before the drills begins whenever the first scrape is made.
            since_s=since_s if since_s >= 0 else None,
            until_s=until_s,
        )
        for job in jobs
    )


def measure(
    prometheus: Api,
    clock: Clock,
    traffic: TrafficReport,
    scrapes: Sequence[SystemScrapes],
    since_s: float,
    until_s: float,
    store: Api | None = None,
    stalls: Sequence[Stall] = (),
    *,
    is_probed: bool = True,
    counted: tuple[int, int] | None = None,
) -> Fidelity:
    """Measure how late scrapes, evaluations, arrivals and the gateway were between two rule times.

    Evaluations are counted by who makes them, unless they were `counted`, or were recorded in the store. What
    the probe's own provider was silent for, by the `stalls`, is nobody's overhead: who depends on it is
    doubted for it. Of a gateway that is not probed, overhead is what calls take longer than the fastest of
    them; at speed 1 it is none, for what they take there is what they take.
    """
    own = [(one.job.interval_s, *bound) for one in scrapes for bound in one.bound()]
    gaps = [measure_gaps(stretch, interval_s, *bounds) for interval_s, stretch, *bounds in own]
    evaluations, missed = count_evaluations(prometheus) if counted is None else counted
    if store is not None and not evaluations:
        recorded, missed = count_recorded_evaluations(store, clock, since_s, until_s)
        # Prometheus counts what it left out among all that were due, too.
        evaluations = recorded + missed if recorded else 0
    profiles = {
        name: profile
        for name, profile in traffic.profiles.items()
        if not name.startswith(WARM_UP_PROFILE) and (name == CALIBRATION_PROFILE) == (since_s < 0)
    }
    probe = profiles.get(CALIBRATION_PROFILE if since_s < 0 else PROBE_PROFILE)
    silent_s = max((one.lasted_s for one in stalls if one.part == PROVIDER + PROBE_PROVIDER), default=0.0)
    return Fidelity(
        scrapes=sum(len(stretch) for _, stretch, *_ in own),
        scrape_gap_s=max((gap for gap, _ in gaps if gap is not None), default=None),
        scrapes_off=sum(off for _, off in gaps),
        scrapes_failed=sum(not is_good for _, stretch, *_ in own for _, is_good in stretch),
        evaluations=evaluations,
        evaluations_missed=missed,
        arrivals=sum(profile.planned for profile in profiles.values()),
        arrivals_late=sum(profile.late + profile.planned - profile.sent for profile in profiles.values()),
        arrival_lateness_s=max((profile.lateness_max_s or 0.0 for profile in profiles.values()), default=0.0),
        overhead_s=find_overhead(
            probe.latency_p99_s,
            probe.slowest_s,
            PROBE_LATENCY_S if is_probed else probe.latency_min_s or 0.0,
            silent_s,
        )
        if probe and (is_probed or clock.speed != 1)
        else None,
        probes=probe.sent if probe else 0,
        probes_lost=_count_lost(probe, is_calibration=since_s < 0, is_probed=is_probed) if probe else 0,
    )


def _count_lost(probe: ProfileReport, *, is_calibration: bool, is_probed: bool) -> int:
    """Return how many calls got no answer.

    Calibration does not look at it, since no lower speed would mend that: but a gateway that runs in wall
    time may have fallen behind, and then has calls that it has not answered yet.
    """
    if not is_calibration:
        return count_unanswered(probe)
    return 0 if is_probed else probe.sent - sum(probe.statuses.values())


def find_missed_scrapes(scrapes: Iterable[SystemScrapes]) -> tuple[Stall, ...]:
    """Return when samples of a system were missing, on rule time, as stalls of whoever serves them.

    A scrape that failed makes series end at once, whatever stall it was that made it fail.
    """
    return tuple(
        Stall(part=SCRAPES + one.job.system, from_s=before_s + one.job.interval_s, until_s=after_s)
        for one in scrapes
        for stretch, *bounds in one.bound()
        for before_s, after_s in find_gaps(stretch, one.job.interval_s, *bounds)
    )


def describe_fidelity(fidelity: Fidelity, bounds: Bounds) -> dict[str, str]:
    """Say what was measured and what is allowed, for the notes of a run."""
    gap = "not measured" if fidelity.scrape_gap_s is None else f"{fidelity.scrape_gap_s:.1f} s"
    good = fidelity.scrapes - fidelity.scrapes_failed
    overhead = "not measured" if fidelity.overhead_s is None else f"{fidelity.overhead_s:.2f} s"
    notes = {
        "scrapes": f"{good} of {fidelity.scrapes} succeeded, the longest time without one {gap} "
        f"(bound {bounds.scrape_gap_s:g} s)",
        "evaluations": f"{fidelity.evaluations}, {fidelity.evaluations_missed} left out",
        "arrivals": f"{fidelity.arrivals}, {fidelity.arrivals_late} more than 15 s late, "
        f"the latest by {fidelity.arrival_lateness_s:.1f} s (bound {bounds.arrival_lateness_s:g} s)",
        "overhead of gateway and client (p99)": f"{overhead} (bound {bounds.overhead_s:g} s)",
    }
    if fidelity.outage_lateness_s is not None:
        notes["outages"] = (
            f"the latest by {fidelity.outage_lateness_s:.1f} s (bound {bounds.outage_lateness_s:g} s)"
        )
    return notes
