"""Judges drills of somebody's own on a recording of somebody's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from alertdrill.core.clock import format_s
from alertdrill.core.drill import Drill, Placement
from alertdrill.core.parts import LOOKBACK_S
from alertdrill.core.timeline import Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.errors import BadInput
from alertdrill.judging.began_active import Pended, doubt_active, find_longest_for_s
from alertdrill.judging.findings import put_in_doubt
from alertdrill.judging.kinds import find_kind
from alertdrill.recording.recording import RECORDED, Recording
from alertdrill.reports import RunRecord
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.files import RuleFile
from alertdrill.rules.promql.expressions import split_threshold
from alertdrill.runner.golden.gate import judge_recording, weigh_replayed
from alertdrill.runner.held_run import HeldRun
from alertdrill.runner.unseen_labels import doubt_unseen_labels, list_pairs

ENDS_WITHIN_S = 60.0
"""A drill may end so much after its recording: what was scraped last stands for a while."""


def judge_drills(
    recording: Recording,
    placements: Sequence[Placement],
    files: tuple[RuleFile, ...],
    promtool: Path,
    *,
    quiet_tail_s: float = 0.0,
    beside: Sequence[Placement] = (),
    held: HeldRun | None = None,
) -> RunRecord:
    """Judge drills where they stand in a recording by rules as they are, each alone unless a run `held` them.

    `beside` are drills that are not judged, and expect their alerts all the same. What an alert did that was
    active as its drill began is unknown, and so is what happened while nothing was recorded, and what that
    run could not tell. Raises BadInput
    for an alert that no rule has, a near miss of a rule without a threshold, and a drill that is not within
    the recording; CouldNotTell for rules that cannot be replayed.
    """
    for place in placements:
        check_within(place, recording, quiet_tail_s)
        check_alerts(place.drill, files)
    drills = [place.drill for place in placements]
    everywhere = (*placements, *beside)
    stalls = () if held is None else held.stalls
    record = judge_recording(
        recording, everywhere, drills, files, promtool, quiet_tail_s, stalls, stands_alone=held is None
    )
    return doubt_record(record, placements, recording, files, held)


def doubt_record(
    record: RunRecord,
    placements: Iterable[Placement],
    recording: Recording,
    files: Sequence[RuleFile],
    held: HeldRun | None,
) -> RunRecord:
    """Return what was judged on a recording, each drill with the doubts that `doubt_recorded` has of it."""
    places = {place.drill.name: place for place in placements}

    def doubt(verdict: Verdict) -> Verdict:
        own = places.get(verdict.drill)
        if own is not None:
            return doubt_recorded(verdict, own, record.timeline, recording, files, held=held)
        return verdict if held is None else held.doubt(verdict)

    return replace(record, verdicts=tuple(map(doubt, record.verdicts)))


def doubt_recorded(
    verdict: Verdict,
    place: Placement,
    timeline: Timeline,
    recording: Recording,
    files: Sequence[RuleFile],
    pended_s: Pended = MappingProxyType({}),
    *,
    held: HeldRun | None = None,
) -> Verdict:
    """Return a verdict with a doubt for what was active already, what nobody recorded, and what cannot be.

    On the recording of a run, which is `held`, also for what stalled then and what it could not tell itself.
    `pended_s` is as in `doubt_active`.
    """
    rules = [rule for file in files for rule in file.alerts]
    for_s = find_longest_for_s(rules)
    verdict = doubt_unseen_labels(verdict, rules, list_pairs(recording))
    verdict = doubt_active(verdict, place, timeline, for_s, pended_s)
    verdict = _doubt_gaps(verdict, place, tuple(find_gaps(recording)))
    if held is None:
        return verdict
    others = (one for one in held.placements if one.drill.name != place.drill.name)
    (verdict,) = weigh_replayed([verdict], (place, *others), held.stalls, files)
    return held.doubt(verdict)


def find_gaps(recording: Recording) -> Iterator[tuple[float, float]]:
    """Yield from when to when nothing was recorded, for longer than Prometheus looks back, in seconds."""
    instants = sorted(
        {
            at_ms
            for series in recording.series
            if series.labels.get("__name__") != RECORDED
            for at_ms in series.times_ms
        }
    )
    ends = (recording.start_ms, *instants, recording.end_ms)
    for before_ms, after_ms in pairwise(ends):
        if after_ms - before_ms > LOOKBACK_S * 1000:
            yield (before_ms - recording.start_ms) / 1000, (after_ms - recording.start_ms) / 1000


def _doubt_gaps(verdict: Verdict, place: Placement, gaps: Iterable[tuple[float, float]]) -> Verdict:
    within = [gap for gap in gaps if gap[0] < place.end_s and gap[1] > place.start_s]
    if not within:
        return verdict
    from_s, to_s = within[0]
    doubt = (
        f"nothing was recorded from {format_s(from_s)} to {format_s(to_s)} of the recording; "
        "what the alerts did then is unknown"
    )
    if not verdict.findings:
        return replace(verdict, doubt=doubt)
    return replace(
        verdict,
        findings=tuple(
            finding
            if finding.outcome == "unexpected" and min(finding.observed.values()) < from_s - place.start_s
            else put_in_doubt(finding, finding.doubt or doubt)
            for finding in verdict.findings
        ),
    )


def check_within(place: Placement, recording: Recording, quiet_tail_s: float = 0.0) -> None:
    """Raise BadInput for a drill that is not within a recording."""
    recorded_s = (recording.end_ms - recording.start_ms) / 1000
    name = place.drill.name
    if not 0 <= place.start_s < recorded_s:
        raise BadInput(
            f"{name} would begin {format_s(place.start_s)} into the recording, "
            f"which has {format_s(recorded_s)}"
        )
    if place.end_s > recorded_s + quiet_tail_s + ENDS_WITHIN_S:
        raise BadInput(
            f"{name} lasts until {format_s(place.end_s)} of the recording, which ends at "
            f"{format_s(recorded_s + quiet_tail_s)}: let it last shorter, or append a --quiet-tail"
        )


def check_alerts(drill: Drill, files: Sequence[RuleFile]) -> None:
    """Raise BadInput for an alert that no rule has, and for a near miss of a rule without a threshold."""
    for expected in drill.expects:
        demand_rule(expected.alert, files, who=drill.name)
        rules = [rule for file in files for rule in file.alerts if rule.name == expected.alert]
        has_value = any(split_threshold(rule.expr) is not None for rule in rules)
        if find_kind(expected).asks_for_value and not has_value:
            rule = rules[0]
            raise BadInput(
                f"{rule.source}: {rule.name} compares no value with a number, so how near it came cannot "
                f"be said: {drill.name} cannot have a near miss of it"
            )


def demand_rule(alert: str, files: Sequence[RuleFile], *, who: str = "the test") -> None:
    """Raise BadInput for an alert that no rule has, and that `who` expects something of."""
    names = sorted({rule.name for file in files for rule in file.alerts})
    if alert not in names:
        meant = say_nearest(alert, names) or f"; they have {', '.join(names) or 'none'}"
        raise BadInput(f"{who} expects {alert}, which is no alert of the rules{meant}")
