"""Cut a run's recording into golden ones, each as small as can be with the drill still judged the same.

From the smallest to the largest, cuts are replayed, all drills' at once; the first with which a drill's
findings and the instants of its alerts are what they are on the whole recording is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from alertdrill.core.drill import Placement
from alertdrill.core.timeline import Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.judging.judge import judge, matches, select_for_drill
from alertdrill.judging.replay_agreement import compare
from alertdrill.recording.recording import Recording
from alertdrill.recording.replay.replay import ReplayJob, replay_all
from alertdrill.rules.files import EVALUATION_INTERVAL_S, RuleFile
from alertdrill.rules.promql.expressions import metric_name, parse, selectors
from alertdrill.runner.golden.cutting import cut, leave_out_others, put_on_grid
from alertdrill.runner.golden.digests import digest_drill
from alertdrill.runner.golden.folder import Golden
from alertdrill.runner.golden.gate import Rehearsal, list_near, make_job, rehearse
from alertdrill.runner.replay_check import MAX_ITEMS
from alertdrill.runner.rulebook import ANY, UP, RuleBook, choose_series, name_metrics, split_files

SETTLE_S = 30.0
"""What follows a drill's end in its recording, so that its last instant is scraped and evaluated."""
SHORT_LEAD_S = 300.0
LONG_LEAD_S = 7200.0
"""Longer than any window of the systems' rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How to cut: how much before the drill's start, with which series, on the grid or as scraped.

    Without `max_shared`, all series stay; else those of other drills go, but for metrics that have no more
    series than that.
    """

    lead_s: float
    max_shared: int | None
    is_on_grid: bool = True


WAYS = (
    *(Way(lead_s=lead_s, max_shared=0) for lead_s in (SHORT_LEAD_S, LONG_LEAD_S)),
    *(Way(lead_s=lead_s, max_shared=20) for lead_s in (SHORT_LEAD_S, LONG_LEAD_S)),
    *(Way(lead_s=lead_s, max_shared=None) for lead_s in (SHORT_LEAD_S, LONG_LEAD_S)),
    Way(lead_s=SHORT_LEAD_S, max_shared=20, is_on_grid=False),
    Way(lead_s=LONG_LEAD_S, max_shared=None, is_on_grid=False),
)
"""In the order in which they are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A golden recording that was made, and what made.json says of it."""

    golden: Golden
    recording: Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A run as a whole: its recording, what it held, and what its rules do on the recording."""

    recording: Recording
    placements: tuple[Placement, ...]
    timeline: Timeline


def replay_whole(
    recording: Recording, placements: tuple[Placement, ...], files: Sequence[RuleFile], promtool: Path
) -> Whole:
    """Return a run as its rules see its recording. Raises CouldNotTell for rules that it cannot replay."""
    jobs = [
        ReplayJob(
            recording=choose_series(recording, part),
            files=part,
            max_items=MAX_ITEMS,
            curves=tuple(
                {
                    (rule.source, rule.name): rule
                    for place in placements
                    for rule in list_near(place.drill, part)
                }.values()
            ),
        )
        for part in split_files(files)
    ]
    replays = replay_all(jobs, promtool)
    timeline = replace(
        replays[0].timeline,
        events=tuple(
            sorted((e for replay in replays for e in replay.timeline.events), key=lambda event: event.at_s)
        ),
        curves=tuple(curve for replay in replays for curve in replay.timeline.curves),
    )
    return Whole(recording=recording, placements=placements, timeline=timeline)


def make_goldens(
    whole: Whole, book: RuleBook, run: str, sources: Mapping[str, str], promtool: Path
) -> list[Cut]:
    """Return a golden recording of every drill that a run held.

    `run` and `sources` (by system) are what made.json is to say. Raises CouldNotTell for a drill that is
    judged otherwise on any cut.
    """
    made: dict[str, Cut] = {}
    waiting = list(whole.placements)
    for way in WAYS:
        cuts = [(place, one) for place in waiting if (one := _try(way, place, whole, book)) is not None]
        jobs = [make_job(one, place.drill, book.choose(place.drill)) for place, one in cuts]
        for (place, one), replay in zip(cuts, replay_all(jobs, promtool), strict=True):
            golden = _describe(place, way, whole, replay.timeline, run, sources[place.drill.system])
            rehearsal = rehearse(_place(place, way, whole.placements), replay.timeline)
            if _is_same(place, whole, rehearsal, book.choose(place.drill)):
                made[place.drill.name] = Cut(golden=golden, recording=one)
        waiting = [place for place in waiting if place.drill.name not in made]
    if waiting:
        names = ", ".join(place.drill.name for place in waiting)
        raise CouldNotTell(
            f"no part of the recording of the run judges these drills as the whole does: {names}"
        )
    return [made[place.drill.name] for place in whole.placements]


def _find_start(place: Placement, way: Way) -> float:
    """Return where the cut begins: an evaluation of the run."""
    return max(0.0, (place.start_s - way.lead_s) // EVALUATION_INTERVAL_S * EVALUATION_INTERVAL_S)


def _try(way: Way, place: Placement, whole: Whole, book: RuleBook) -> Recording | None:
    """Return the cut, or None where samples stand too close together for its grid."""
    files = book.choose(place.drill)
    names = {name for file in files for name in name_metrics(file)}
    one = choose_series(cut(whole.recording, _find_start(place, way), place.end_s + SETTLE_S), files)
    if way.max_shared is not None:
        others = [
            other.drill
            for other in whole.placements
            if other is not place and other.drill.system == place.drill.system
        ]
        one = leave_out_others(one, place.drill, others, way.max_shared)
        if UP not in names:
            jobs = {series.labels.get("job") for series in one.series if series.labels["__name__"] != UP}
            kept = (s for s in one.series if s.labels["__name__"] != UP or s.labels.get("job") in jobs)
            one = replace(one, series=tuple(kept))
    kept_selectors = tuple(
        text
        for text in one.selectors
        if ANY in names or {metric_name(selector) for selector in selectors(parse(text))} & {*names, UP}
    )
    one = replace(one, name=place.drill.name, selectors=kept_selectors)
    try:
        return put_on_grid(one) if way.is_on_grid else one
    except BadInput:
        return None


def _place(place: Placement, way: Way, placements: Sequence[Placement]) -> tuple[Placement, ...]:
    """Return a drill and those of its system beside it, as they stand in the cut."""
    from_s = _find_start(place, way)
    beside = (
        other
        for other in placements
        if other is not place
        and other.drill.system == place.drill.system
        and other.start_s < place.end_s
        and other.end_s > place.start_s
    )
    return tuple(replace(one, start_s=one.start_s - from_s) for one in (place, *beside))


def _describe(place: Placement, way: Way, whole: Whole, timeline: Timeline, run: str, sources: str) -> Golden:
    own, *beside = _place(place, way, whole.placements)
    seen = {
        other.drill.name: other.start_s
        for other in beside
        if any(
            matches(expected, event.alert, event.labels)
            for event in timeline.events
            for expected in other.drill.expects
        )
    }
    return Golden(
        drill=place.drill.name,
        run=run,
        start_s=own.start_s,
        does=digest_drill(place.drill),
        sources=sources,
        beside=seen,
    )


def _is_same(place: Placement, whole: Whole, rehearsal: Rehearsal, files: Sequence[RuleFile]) -> bool:
    """Whether a drill is judged as on the whole recording, and its alerts do the same at the same time."""
    before = select_for_drill(place, whole.placements, whole.timeline)
    after = select_for_drill(rehearsal.own, rehearsal.placements, rehearsal.timeline)
    if _list_outcomes(judge(place.drill, before)) != _list_outcomes(rehearsal.verdict):
        return False
    rules = [rule for file in files for rule in file.alerts]
    names = {rule.name for rule in rules}
    own = (event for event in before.events if event.alert in names)
    return not compare(own, after.events, rules, place.drill.lasts_s).beyond


def _list_outcomes(verdict: Verdict) -> list[tuple[str, str]]:
    return [(finding.alert, finding.outcome) for finding in verdict.findings]
