"""How a drill comes out with a mutant: by what the mutant's alerts did in place of what they do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from alertdrill.alertmanager.routes import Route
from alertdrill.core.timeline import Curve, Event, Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.errors import AlertdrillError, BadRules
from alertdrill.mutation.copies import Batch
from alertdrill.mutation.grounds import Met
from alertdrill.mutation.mutant import Mutant
from alertdrill.mutation.routing import find_misrouted, relabel
from alertdrill.recording.replay.inquiry import NotEvaluated
from alertdrill.recording.replay.replay import Replay


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Whether a drill noticed a mutant, and why; `differs` if its alerts did not do the same as before."""

    outcome: Literal["killed", "unnoticed", "could not tell", "invalid"]
    why: str = ""
    differs: bool = True


def read_verdict(verdict: Verdict, *, differs: bool = True) -> Tried:
    """Return what a verdict says of a mutant: one that is not met has noticed it."""
    if verdict.outcome == "unmet":
        return Tried(outcome="killed", why=say_first(verdict), differs=differs)
    if verdict.doubts:
        return Tried(outcome="could not tell", why=verdict.doubts[0], differs=differs)
    return Tried(outcome="unnoticed", differs=differs)


def read_error(error: AlertdrillError) -> Tried:
    """Return what it says of a mutant that it cannot be replayed; one that cannot be evaluated is noticed."""
    if isinstance(error, BadRules):
        return Tried(outcome="invalid", why=str(error))
    return Tried(outcome="killed" if isinstance(error, NotEvaluated) else "could not tell", why=str(error))


def judge_replayed(met: Met, mutant: Mutant, replay: Replay) -> Tried:
    """Judge a replay of all rules, of which one is the mutant."""
    differs = _list_own(replay.timeline, mutant) != _list_own(met.replay.timeline, mutant)
    return read_verdict(met.ground.judge(replay.timeline), differs=differs)


def judge_copied(met: Met, mutant: Mutant, together: Batch, replay: Replay, number: int) -> Tried:
    """Judge a replay of many mutants by what the copies of one did."""
    before = met.replay.timeline
    events = together.list_events(replay, number)
    curves = together.list_curves(replay, number, before.curves)
    changed = _put_in_place(before, mutant.alerts, events, curves)
    differs = _list_own(changed, mutant) != _list_own(before, mutant)
    return read_verdict(met.ground.judge(changed), differs=differs)


def judge_labels(met: Met, mutant: Mutant, route: Route | None) -> Tried:
    """Judge a mutant that fires as its rule does, with other labels."""
    timeline = met.replay.timeline
    verdict = met.ground.judge(_relabel_events(timeline, mutant))
    if verdict.outcome != "unmet" and route is not None:
        misrouted = find_misrouted(route, mutant, met.ground.placements[0], timeline)
        verdict = verdict if misrouted is None else replace(verdict, findings=(misrouted,))
    return read_verdict(verdict)


def _put_in_place(
    timeline: Timeline, alerts: Sequence[str], events: Sequence[Event], curves: Sequence[Curve]
) -> Timeline:
    kept = [event for event in timeline.events if event.alert not in alerts]
    return replace(
        timeline,
        events=tuple(sorted([*kept, *events], key=_place)),
        curves=(*(curve for curve in timeline.curves if curve.alert not in alerts), *curves),
    )


def _list_own(timeline: Timeline, mutant: Mutant) -> list[tuple[object, ...]]:
    """Return what a mutant's alerts did, in order."""
    own = sorted((event for event in timeline.events if event.alert in mutant.alerts), key=_place)
    return [(*_place(event), event.kind) for event in own]


def _place(event: Event) -> tuple[float, str, list[tuple[str, str]], bool]:
    """Return what a replay orders events by."""
    return event.at_s, event.alert, sorted(event.labels.items()), event.kind != "pending"


def _relabel_events(timeline: Timeline, mutant: Mutant) -> Timeline:
    """Return a timeline in which a mutant's alert has the labels that the mutant gives it."""

    def change(event: Event) -> Event:
        is_own = event.alert in mutant.alerts and mutant.original.labels.items() <= event.labels.items()
        return replace(event, labels=relabel(event.labels, mutant)) if is_own else event

    return replace(timeline, events=tuple(map(change, timeline.events)))


def say_first(verdict: Verdict) -> str:
    """Say what is first not as a drill expects, or why nobody can tell."""
    for finding in verdict.findings:
        if finding.is_unmet:
            return f"{finding.alert}: {finding.outcome}: {finding.evidence}"
    return verdict.doubts[0] if verdict.doubts else "it is not as expected"
