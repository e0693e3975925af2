"""What a run found out, as metrics of its own: for a textfile collector, a Pushgateway, or remote write.

Labels have names from drills and rules only, never what an alert's labels happened to be, so their number is
bounded by what was written down. All are gauges without timestamps: what OpenMetrics takes and Prometheus's
text format does, too, which node_exporter's textfile collector and the Pushgateway read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from alertdrill.core.drill import Placement
from alertdrill.core.rule import Labels
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.core.wording import escape, printable
from alertdrill.judging.coverage import HeldRun, make_held_run
from alertdrill.judging.kinds import find_kind
from alertdrill.reports import REPLAY, RunRecord

OUTCOME = "alertdrill_drill_outcome"
HOP = "alertdrill_hop_seconds"
LAST_SUCCESS = "alertdrill_last_success_timestamp"
HELP: Mapping[str, str] = {
    OUTCOME: "How a drill came out in the last run that held it: 1 for its outcome, 0 for all others.",
    HOP: "Seconds of rule time that an alert took from one hop to the next in the last run; the longest of a "
    "drill's expectations.",
    LAST_SUCCESS: "When the last run began in which all that was expected of an alert was met, in seconds "
    "since 1970; 0 if none is known.",
}
OUTCOMES = ("met", "unmet", "unobserved", "could_not_tell")
STEPS = (
    ("start_to_pending", None, "pending"),
    ("pending_to_firing", "pending", "firing"),
    ("firing_to_paged", "firing", "paged"),
    ("firing_to_resolved", "firing", "resolved"),
    ("resolved_to_closed", "resolved", "page_resolved"),
)
"""The steps on an alert's way, and the hops between which they are; the first begins with the drill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A metric's value."""

    metric: str
    labels: Labels
    value: float


def measure(record: RunRecord, earlier: Iterable[HeldRun] = ()) -> tuple[Sample, ...]:
    """Return the metrics of a run; `earlier` runs say when each alert was proved before it.

    A replay holds no drill, so it says nothing of when an alert was proved.
    """
    samples = [*_measure_outcomes(record), *_measure_hops(record)]
    if record.timeline.mode != REPLAY:
        own = make_held_run(record.verdicts, record.started_at, is_doubted=bool(record.doubts))
        samples += _measure_successes(record.placements, [*earlier, own])
    return tuple(samples)


def render(samples: Iterable[Sample]) -> str:
    """Return the document: OpenMetrics, which is Prometheus's text format at the same time."""
    by_metric: dict[str, list[Sample]] = {name: [] for name in HELP}
    for sample in samples:
        by_metric[sample.metric].append(sample)
    lines = []
    for name, own in by_metric.items():
        lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge"]
        lines += [f"{name}{{{_write_labels(one.labels)}}} {_write_value(one.value)}" for one in own]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _measure_outcomes(record: RunRecord) -> Iterator[Sample]:
    for verdict in record.verdicts:
        is_untold = record.doubts or (verdict.doubts and verdict.outcome != "unmet")
        own = "could_not_tell" if is_untold else verdict.outcome
        named = _name(record.find_placement(verdict), verdict)
        for outcome in OUTCOMES:
            yield Sample(metric=OUTCOME, labels={**named, "outcome": outcome}, value=float(outcome == own))


def _measure_hops(record: RunRecord) -> Iterator[Sample]:
    """Yield how long each step of a drill's alerts took; of a doubted run, no time is known."""
    longest: dict[tuple[tuple[str, str], ...], float] = {}
    for verdict in () if record.doubts else record.verdicts:
        placement = record.find_placement(verdict)
        for finding in verdict.findings if placement else ():
            for step, took_s in _time_steps(finding):
                labels = {**_name(placement, verdict), "alert": finding.alert, "hop": step}
                key = tuple(labels.items())
                longest[key] = max(took_s, longest.get(key, 0.0))
    for pairs, took_s in longest.items():
        yield Sample(metric=HOP, labels=dict(pairs), value=round(took_s, 3))


def _time_steps(finding: Finding) -> Iterator[tuple[str, float]]:
    """Yield what each step took whose ends were seen; none is negative, though a page may close early."""
    if finding.doubt:
        return
    for step, begin, end in STEPS:
        since_s = 0.0 if begin is None else finding.observed.get(begin)
        if since_s is not None and end in finding.observed:
            yield step, max(0.0, finding.observed[end] - since_s)


def _measure_successes(placements: Iterable[Placement], runs: Iterable[HeldRun]) -> Iterator[Sample]:
    """Yield for each alert that a drill lets fire when all that was expected of it was last met."""
    drills: dict[tuple[str, str], set[str]] = {}
    for placement in placements:
        for expected in placement.drill.expects:
            if find_kind(expected).is_paged:
                drills.setdefault((placement.drill.system, expected.alert), set())
    for placement in placements:
        for expected in placement.drill.expects:
            if (key := (placement.drill.system, expected.alert)) in drills:
                drills[key].add(placement.drill.name)
    known = [(run.started_at, run) for run in runs if run.started_at is not None and not run.is_doubted]
    for (system, alert), names in drills.items():
        proved = [at for at, run in known if _is_proof(run, alert, names)]
        yield Sample(
            metric=LAST_SUCCESS,
            labels={"system": system, "alert": alert},
            value=float(int(max(proved).timestamp())) if proved else 0.0,
        )


def _is_proof(run: HeldRun, alert: str, drills: set[str]) -> bool:
    """Tell whether a run saw an alert fire, and all that its drills expected of it was met."""
    own = [one for one in run.findings if one.expectation.alert == alert and one.drill in drills]
    return all(one.outcome == "met" for one in own) and any(
        find_kind(one.expectation).is_paged for one in own
    )


def _name(placement: Placement | None, verdict: Verdict) -> dict[str, str]:
    """Return whose metric it is; what no drill expects concerns the run."""
    return {"system": placement.drill.system if placement else "run", "drill": verdict.drill}


def _write_labels(labels: Labels) -> str:
    return ",".join(f'{name}="{escape(printable(value))}"' for name, value in labels.items())


def _write_value(value: float) -> str:
    return f"{value:.15g}"
