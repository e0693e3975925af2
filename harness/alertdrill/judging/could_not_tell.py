"""Which findings of a run nobody can stand by: a part of the stack stood still, or calls were lost. Pure.

A rule is never blamed for what befell the harness. A finding is doubted where parts that it depends on
answered nothing for longer than it bears, at once or in stalls that add up (see `dependence.py`), or where
the drill's own calls were lost, late or slow; all others keep their verdict. What a drill did to a part
itself is no stall.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from alertdrill.core.clock import format_s
from alertdrill.core.drill import Drill, LoadProfile, Placement
from alertdrill.core.parts import SCRAPES
from alertdrill.core.timeline import Stall
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.core.wording import say_beyond
from alertdrill.judging.dependence import (
    ADDS_UP_S,
    FAILING,
    heed_outages,
    list_needs,
    list_quiet_needs,
    list_unexpected_needs,
)
from alertdrill.judging.findings import put_in_doubt
from alertdrill.judging.needs import LOCUST, MOVED, STALE, STARTING, UNMET_TOLERATES_S, UNSEEN, Need

LOST_SHARE = 0.01
"""Share of a drill's calls that may be lost where all came as expected; one may always be."""
LATE_S = UNMET_TOLERATES_S
"""How late a call of an unmet drill may have been sent: as long as a stall may last, for both delay it."""
ACTION_LATE_S = 3.0
"""How late a provider may have been told something in an unmet drill. Calls come between two of these, a few
seconds apart: which of them is failed by "the next call fails" hangs on their order."""
HEALTHY_CALLS = 5.0
"""So many calls before a drill's first fault are enough to know whether the gateway refuses all of them."""
DEFAULT_REACH_S = 900.0
"""How far back a rule is taken to look that nobody knows."""
NAMES: Mapping[str, str] = {
    "prometheus": "Prometheus",
    "alertmanager": "Alertmanager",
    "alertmanager-2": "the second Alertmanager",
    LOCUST: "Locust",
}
LACKS: Mapping[str, str] = {UNSEEN: "without what there was by then", STALE: "with what there was no more"}


Asked = Mapping[str, str]
"""What parts are asked, by part: `GET /ready`, where that is not known by the part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What became of the calls of one load profile, in rule time: `lost` ones were not sent, or not answered.

    `lateness_s` and `action_lateness_s` are how late the latest call left, and how late a provider was told
    something. `slowest_s` are the longest latencies. `unwelcome` is how many answers were not what the
    scenario is after, and `answers` says which there were.
    """

    planned: int
    lost: int
    lateness_s: float
    slowest_s: tuple[float, ...]
    unwelcome: int = 0
    answers: str = ""
    action_lateness_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a run's findings are weighed by, beside what was judged.

    `calls` are by profile; `reaches_s` is how far back each alert's rule looks; `providers` are all.
    `calls_within_s` is what calls of drills take at most, by name, unless the gateway is slow at that speed.
    `asked` says of parts that the `speed` may be too much for what they were asked.
    """

    stalls: tuple[Stall, ...]
    reaches_s: Mapping[str, float]
    providers: Collection[str]
    calls: Mapping[str, Calls] = field(default_factory=dict)
    calls_within_s: Mapping[str, float] = field(default_factory=dict)
    asked: Asked = field(default_factory=dict)
    speed: float = 1.0


def weigh(
    verdicts: Iterable[Verdict], placements: Sequence[Placement], evidence: Evidence
) -> tuple[Verdict, ...]:
    """Return the verdicts with a doubt wherever nobody can tell; such a finding is `unobserved`."""
    by_name = {placement.drill.name: placement for placement in placements}
    return tuple(
        _weigh_one(verdict, by_name.get(verdict.drill), placements, evidence) for verdict in verdicts
    )


def leave_out_outages(stalls: Iterable[Stall], outages: Iterable[Stall]) -> tuple[Stall, ...]:
    """Return the stalls without the times in which a drill itself had put that part out."""
    left = list(stalls)
    for outage in outages:
        left = [piece for stall in left for piece in _cut(stall, outage)]
    return tuple(sorted(left, key=lambda stall: (stall.from_s, stall.part)))


def say_part(part: str) -> str:
    """Say what a part of the stack is called in a sentence."""
    if part.startswith(SCRAPES):
        return f"the scrape target of {part.removeprefix(SCRAPES)}"
    if part.startswith(STARTING):
        return f"{say_part(part.removeprefix(STARTING))}, as it started again,"
    if part.startswith("provider-"):
        return f"the provider {part.removeprefix('provider-')}"
    return NAMES.get(part, f"the {part}")


def say_stalls(stalls: Sequence[Stall], asked: Asked = MappingProxyType({})) -> str:
    """Say who was silent and when: `Alertmanager answered nothing from 12:10 to 17:10`."""
    from_s, until_s = min(one.from_s for one in stalls), max(one.until_s for one in stalls)
    when = f"from {format_s(from_s)} to {format_s(until_s)}"
    first = stalls[0].part
    for kind, lack in LACKS.items():
        if first.startswith(kind):
            return f"{first.removeprefix(kind)} was evaluated {when} {lack}"
    if first.startswith(MOVED):
        part = say_part(first.removeprefix(MOVED))
        return f"{part} was to go, or to come back, at {format_s(from_s)}, and did at {format_s(until_s)}"
    if first.startswith(SCRAPES) and len(stalls) == 1:
        by = f" by {asked[first]}" if first in asked else ""
        return f"Prometheus got no samples of {first.removeprefix(SCRAPES)}{by} {when}"
    parts = [say_part(part) for part in dict.fromkeys(stall.part for stall in stalls)]
    names = " and ".join((*(", ".join(parts[:-1]),), parts[-1])) if len(parts) > 1 else parts[0]
    what = "stood still" if parts == [NAMES[LOCUST]] else "answered nothing"
    if len(parts) == 1 and first in asked:
        what = f"did not answer {asked[first]}"
    if len(stalls) == 1:
        return f"{names} {what} {when}"
    return f"{names} {what} for {measure_s(stalls):.0f} s {when}, in {len(stalls)} stalls"


def find_harmful_stalls(need: Need, stalls: Iterable[Stall]) -> tuple[Stall, ...]:
    """Return what cost a need more than it bears: the longest stall, or those that do together."""
    felt = [
        stall
        for stall in stalls
        if stall.part in need.parts and stall.from_s < need.until_s and stall.until_s > need.from_s
    ]
    heaps = [heap for heap in _heap_up(felt) if measure_s(heap) > need.tolerates_s]
    breaks = {stall for heap in heaps for stall in heap}
    if not heaps or (need.stretch_s is not None and _find_stretch_s(need, breaks) >= need.stretch_s):
        return ()
    # Where one alone is too long, it is what is to be said.
    return max(heaps, key=lambda heap: (len(heap) == 1, measure_s(heap)))


def measure_s(stalls: Iterable[Stall]) -> float:
    """Return for how long any of some stalls lasted."""
    total_s, at_s = 0.0, -math.inf
    for stall in sorted(stalls, key=lambda stall: stall.from_s):
        total_s += max(0.0, stall.until_s - max(at_s, stall.from_s))
        at_s = max(at_s, stall.until_s)
    return total_s


def _heap_up(stalls: Iterable[Stall]) -> Iterator[tuple[Stall, ...]]:
    """Yield each stall alone, and with those that follow it so soon that they add up.

    What rules did not see comes of such stalls, or of the store, and is no stall itself.
    """
    ordered = sorted(stalls, key=lambda stall: (stall.from_s, stall.part))
    yield from ((stall,) for stall in ordered)
    parts = [stall for stall in ordered if not stall.part.startswith((UNSEEN, STALE, MOVED))]
    for number, first in enumerate(parts):
        heap = tuple(one for one in parts[number:] if one.from_s < first.from_s + ADDS_UP_S)
        if len(heap) > 1:
            yield heap


def _weigh_one(
    verdict: Verdict, placement: Placement | None, placements: Sequence[Placement], evidence: Evidence
) -> Verdict:
    if placement is None:
        return replace(
            verdict,
            findings=tuple(
                _weigh_unexpected(finding, 0.0, placements, evidence) for finding in verdict.findings
            ),
        )
    drill = placement.drill
    own = replace(evidence, stalls=_shift(evidence.stalls, placement.start_s))
    if not drill.expects and not verdict.findings:
        needs = list_quiet_needs(drill, own.reaches_s, own.providers)
        return replace(verdict, doubt=_doubt_needs(needs, own) or _doubt_calls(drill, own, is_unmet=False))
    findings = []
    for finding in verdict.findings:
        if finding.expectation is None:
            findings.append(_weigh_unexpected(finding, placement.start_s, placements, evidence))
            continue
        reach_s = own.reaches_s.get(finding.alert, DEFAULT_REACH_S)
        needs = list_needs(finding, drill, reach_s, own.providers)
        doubt = _doubt_needs(heed_outages(needs) if finding.is_unmet else needs, own) or _doubt_calls(
            drill, own, is_unmet=finding.is_unmet
        )
        findings.append(put_in_doubt(finding, doubt))
    return replace(verdict, findings=tuple(findings))


def _weigh_unexpected(
    finding: Finding, start_s: float, placements: Sequence[Placement], evidence: Evidence
) -> Finding:
    """Weigh an alarm that no drill expects, in time from `start_s`: any traffic until then may be why."""
    reach_s = evidence.reaches_s.get(finding.alert, DEFAULT_REACH_S)
    at_s = start_s + min(finding.observed.values(), default=0.0)
    near = [place for place in placements if place.start_s <= at_s and place.end_s >= at_s - reach_s]
    profiles = [
        replace(profile, start_s=profile.start_s + place.start_s - start_s)
        for place in near
        for profile in place.drill.traffic
    ]
    outages = [
        replace(outage, at_s=outage.at_s + place.start_s - start_s)
        for place in near
        for outage in place.drill.outages
    ]
    own = replace(evidence, stalls=_shift(evidence.stalls, start_s))
    systems = {place.drill.system for place in near}
    needs = list_unexpected_needs(finding, profiles, outages, systems, reach_s, own.providers)
    doubt = _doubt_needs(heed_outages(needs), own)
    lost = (_doubt_calls(place.drill, own, is_unmet=True) for place in near)
    return put_in_doubt(finding, doubt or next((said for said in lost if said), ""))


def _doubt_needs(needs: Iterable[Need], evidence: Evidence) -> str:
    for need in needs:
        stalls = find_harmful_stalls(need, evidence.stalls)
        if stalls:
            said = say_stalls(stalls, evidence.asked) + _say_busy(stalls, evidence)
            return f"{said}; {need.question} is unknown"
    return ""


def _say_busy(stalls: Iterable[Stall], evidence: Evidence) -> str:
    """Say that a gateway was too busy for what it was asked, if it answered calls all the same."""
    planned = sum(calls.planned for calls in evidence.calls.values())
    answered = planned - sum(calls.lost for calls in evidence.calls.values())
    if answered <= planned / 2 or any(stall.part not in evidence.asked for stall in stalls):
        return ""
    slower = "" if evidence.speed == 1 else f": at a lower --speed than {evidence.speed:g} it has less to do"
    return f", though {answered} of {planned} calls were answered{slower}"


def _doubt_calls(drill: Drill, evidence: Evidence, *, is_unmet: bool) -> str:
    """Say what befell a drill's calls on their way to the gateway, or back; empty if nothing that matters.

    The client times a call from its scheduled instant to the last byte, so it never reads less than a rule
    that reads the gateway's own time. One slow call tells nothing.
    """
    own = [evidence.calls[profile.name] for profile in drill.traffic if profile.name in evidence.calls]
    planned, lost = sum(calls.planned for calls in own), sum(calls.lost for calls in own)
    may_lose = 0.0 if is_unmet else max(1.0, LOST_SHARE * planned)
    if lost > may_lose and not any(outage.part == "gateway" for outage in drill.outages):
        return (
            f"{lost} of {planned} calls of {drill.name} were not sent or got no answer, and no rule sees "
            "what is not sent: locust.log says why"
        )
    if refused := _doubt_refused(drill, evidence):
        return refused
    late_s = max((calls.lateness_s for calls in own), default=0.0)
    if is_unmet and late_s > LATE_S:
        return f"a call of {drill.name} was sent {say_beyond(late_s, LATE_S)} s late (bound {LATE_S:g} s)"
    action_late_s = max((calls.action_lateness_s for calls in own), default=0.0)
    if is_unmet and action_late_s > ACTION_LATE_S:
        return (
            f"what {drill.name} does at an instant, as telling a provider to fail, was done "
            f"{say_beyond(action_late_s, ACTION_LATE_S)} s late (bound {ACTION_LATE_S:g} s): "
            "other calls than were meant may have met it"
        )
    slow = sorted(taken_s for calls in own for taken_s in calls.slowest_s)
    within_s = drill.calls_within_s or evidence.calls_within_s.get(drill.name)
    if is_unmet and within_s is not None and len(slow) > 1 and slow[-2] > within_s:
        return (
            f"gateway and client made calls of {drill.name}, which was not met, take "
            f"{say_beyond(slow[-2], within_s)} s of rule time and more (bound {within_s:g} s)"
        )
    return ""


def _doubt_refused(drill: Drill, evidence: Evidence) -> str:
    """Say that the gateway refused every call of a load profile, if that is not the drill's own doing."""
    fault_s = _find_first_fault_s(drill)
    for profile in drill.traffic:
        calls = evidence.calls.get(profile.name)
        if calls is None or not 0 < calls.planned <= calls.unwelcome:
            continue
        if fault_s == math.inf:
            why = ", and nothing that the drill does makes them fail"
        elif _count_due(profile, fault_s) >= HEALTHY_CALLS:
            why = f", not even before {format_s(fault_s)}, when the drill first makes calls fail"
        else:
            continue
        return (
            f"not one call of {drill.name} was answered as its scenario wants ({calls.answers}){why}: "
            "see whether key, model and address are right"
        )
    return ""


def _find_first_fault_s(drill: Drill) -> float:
    """Return from when on a drill makes calls fail; infinite if it never does."""
    changes = [
        profile.start_s + change.at_s
        for profile in drill.traffic
        for change in profile.changes
        if FAILING & change.behaviour.keys() or change.behaviour.get("listening") is False
    ]
    return min((*changes, *(outage.at_s for outage in drill.outages)), default=math.inf)


def _count_due(profile: LoadProfile, until_s: float) -> float:
    """Return how many calls of a load profile are due before an instant of its drill."""
    due, left_s = 0.0, until_s - profile.start_s
    for stage in profile.stages:
        due += stage.rate_per_s * min(stage.duration_s, max(0.0, left_s))
        left_s -= stage.duration_s
    return due


def _shift(stalls: Iterable[Stall], start_s: float) -> tuple[Stall, ...]:
    return tuple(
        replace(stall, from_s=stall.from_s - start_s, until_s=stall.until_s - start_s) for stall in stalls
    )


def _cut(stall: Stall, outage: Stall) -> Iterator[Stall]:
    """Yield what is left of a stall before and after an outage of the same part."""
    if stall.part != outage.part or outage.until_s <= stall.from_s or outage.from_s >= stall.until_s:
        yield stall
        return
    if stall.from_s < outage.from_s:
        yield replace(stall, until_s=outage.from_s)
    if stall.until_s > outage.until_s:
        yield replace(stall, from_s=outage.until_s)


def _find_stretch_s(need: Need, stalls: Iterable[Stall]) -> float:
    """Return the longest time within a need's in which no part stood still."""
    longest_s, at_s = 0.0, need.from_s
    for stall in sorted(stalls, key=lambda stall: stall.from_s):
        longest_s = max(longest_s, stall.from_s - at_s)
        at_s = max(at_s, stall.until_s)
    return max(longest_s, need.until_s - at_s)
