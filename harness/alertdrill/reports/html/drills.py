"""The drills of a run as data: what was sent, expected and seen, and where it stopped. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from alertdrill.core.clock import format_s
from alertdrill.core.drill import Drill, LoadProfile, Placement
from alertdrill.core.timeline import RecordedStep
from alertdrill.core.verdict import Finding, Verdict
from alertdrill.core.wording import say_selector
from alertdrill.judging.coverage import list_claims
from alertdrill.judging.incidents import Incident, list_incidents
from alertdrill.judging.page_latency import count_told, find_held, time_hops
from alertdrill.judging.suppression import say_held
from alertdrill.reports import (
    HOPS,
    REPLAY,
    RunRecord,
    say_delay,
    say_deliveries,
    say_differences,
    say_expected,
    say_told,
    say_why,
)
from alertdrill.reports.html.alerts import find_own

MOST_CHANGES = 20
MOST_STEPS = 20
MOST_REPEATS = 4
MOST_SUPPRESSED = 6
MOST_CHARACTERS = 160

Data = dict[str, Any]


def describe_drills(record: RunRecord, alerts: Mapping[str, Data]) -> list[Data]:
    """Return each verdict with its drill, in the order of the run; `alerts` are described, by name."""
    placements = {placement.drill.name: placement for placement in record.placements}
    incidents: dict[str, list[Incident]] = {}
    for incident in list_incidents(record.timeline.paging.notifications):
        for name in {alert.alert for one in incident.notifications for alert in one.alerts}:
            incidents.setdefault(name, []).append(incident)
    drills = []
    for verdict in record.verdicts:
        placement = placements.get(verdict.drill)
        findings = [
            _finding(record, verdict, finding, placement, alerts, incidents.get(finding.alert, ()))
            for finding in verdict.findings
        ]
        drills.append(_drill(record, verdict, placement, findings))
    return drills


def say_stop(finding: Finding) -> str:
    """Say at which hop a finding stopped, and what was seen there instead; nothing if it is as expected."""
    if finding.doubt:
        return f"Nobody can tell: {finding.doubt}"
    if not finding.is_unmet:
        return ""
    first, *_ = finding.evidence.splitlines() or [finding.outcome]
    if finding.expectation is None:
        return f"Nobody expected it: {first}"
    if finding.broke_at is None:
        return f"It is {finding.outcome}: {first}"
    return f"It stopped at the hop “{HOPS[finding.broke_at]}”: {first}"


def _drill(
    record: RunRecord, verdict: Verdict, placement: Placement | None, findings: Sequence[Data]
) -> Data:
    drill = placement.drill if placement else None
    kind: str = verdict.outcome
    if record.doubts:
        kind = "unobserved"
    return {
        "name": verdict.drill,
        "system": drill.system if drill else "",
        "why": say_why(drill),
        "from": round(placement.start_s, 1) if placement else None,
        "until": round(min(placement.end_s, record.timeline.until_s), 1) if placement else None,
        "kind": kind,
        "outcome": f"would be {verdict.outcome}" if record.doubts else verdict.outcome,
        "doubt": verdict.doubt,
        "findings": list(findings),
        "sent": [_profile(profile) for profile in drill.traffic] if drill else [],
        "faults": list(_faults(drill)) if drill else [],
        "commands": _commands(record, drill) if drill else [],
    }


def _finding(
    record: RunRecord,
    verdict: Verdict,
    finding: Finding,
    placement: Placement | None,
    alerts: Mapping[str, Data],
    incidents: Sequence[Incident],
) -> Data:
    timeline = record.timeline
    held = find_held(finding, placement, timeline)
    times = time_hops(finding, held)
    delays = {"paged": times.firing_to_paged_s, "page_resolved": times.resolved_to_closed_s}
    start_s, end_s = (placement.start_s, placement.end_s) if placement else (0.0, timeline.until_s)
    claims = list_claims(finding.expectation) if finding.expectation else ()
    return {
        "alert": finding.alert,
        "selector": say_selector(finding.alert, finding.labels),
        "labels": dict(finding.labels),
        "outcome": f"would be {finding.outcome}"
        if record.doubts and finding.outcome != "unobserved"
        else finding.outcome,
        "stopped": say_stop(finding),
        "expected": say_expected(finding.expectation),
        "deliveries": list(say_deliveries(finding.expectation)),
        "receivers": sorted({claim.receiver for claim in claims if claim.receiver}),
        "hops": [
            [words, round(finding.observed[hop], 1), _delay(delays.get(hop), timeline.speed)]
            for hop, words in HOPS.items()
            if hop in finding.observed
        ],
        "held": [say_held(span) for span in held[:MOST_SUPPRESSED]],
        "evidence": [*([finding.doubt] if finding.doubt else []), *finding.evidence.splitlines()],
        "replay": say_differences(record.find_instants(verdict, finding)),
        "told": say_told(count_told(finding, placement, timeline)),
        "series": find_own(alerts[finding.alert], finding.labels, start_s, end_s),
        "incidents": _find_incidents(incidents, finding, start_s, end_s),
        "steps": _steps(timeline.paging.recorded, finding, start_s, end_s),
    }


def _delay(delay_s: float | None, speed: float) -> str:
    return "" if delay_s is None else f"+{say_delay(delay_s, speed)}"


def _find_incidents(
    incidents: Iterable[Incident], finding: Finding, from_s: float, until_s: float
) -> list[str]:
    return [
        incident.id
        for incident in incidents
        if any(
            from_s <= notification.at_s < until_s
            and any(
                alert.alert == finding.alert and finding.labels.items() <= alert.labels.items()
                for alert in notification.alerts
            )
            for notification in incident.notifications
        )
    ]


def _steps(recorded: Iterable[RecordedStep], finding: Finding, from_s: float, until_s: float) -> list[str]:
    """Say what Alertmanager itself recorded that it did with a finding's alert."""
    own = [
        step
        for step in recorded
        if step.alert == finding.alert
        and from_s <= step.at_s < until_s
        and finding.labels.items() <= step.labels.items()
    ]
    said: dict[str, list[float]] = {}
    for step in own:
        receiver = f"for {step.receiver}" if step.receiver else ""
        by = f"by {', '.join(step.by.values())}" if step.by else ""
        said.setdefault(" ".join(filter(None, (step.kind, receiver, by))), []).append(step.at_s - from_s)
    return [_say_step(words, at_s) for words, at_s in list(said.items())[:MOST_STEPS]]


def _say_step(words: str, at_s: Sequence[float]) -> str:
    """Say when a step was taken; one that Alertmanager takes again and again, from when until when."""
    if len(at_s) <= MOST_REPEATS:
        return f"{', '.join(map(format_s, at_s))} {words}"
    return f"{format_s(at_s[0])} to {format_s(at_s[-1])} {words}, {len(at_s)} times"


def _profile(profile: LoadProfile) -> Data:
    return {
        "name": profile.name,
        "scenario": profile.scenario,
        "from": profile.start_s,
        "stages": [[stage.duration_s, stage.rate_per_s] for stage in profile.stages],
        "changes": [
            [
                change.at_s,
                f"{change.provider} {change.model or change.key_env or ''}".strip(),
                _shorten(change.behaviour),
            ]
            for change in profile.changes[:MOST_CHANGES]
        ],
        "changes_more": max(0, len(profile.changes) - MOST_CHANGES),
    }


def _shorten(behaviour: Mapping[str, Any]) -> str:
    text = json.dumps(behaviour, default=str).replace('"', "")
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def _faults(drill: Drill) -> Iterator[list[Any]]:
    """Yield [from, until, words] of everything that a drill breaks, from its own start."""
    for outage in drill.outages:
        yield [outage.at_s, outage.at_s + outage.for_s, f"{outage.part}: {outage.how}"]
    for fault in drill.faults:
        by = f" by {fault.integration}" if fault.integration else ""
        yield [fault.at_s, fault.at_s + fault.for_s, f"receiver {fault.receiver}{by}: {fault.how}"]
    for silence in drill.maintenance:
        until_s = silence.at_s + silence.for_s
        yield [silence.at_s, until_s, f"maintenance: silence of {say_selector('', silence.matchers)}"]


def _commands(record: RunRecord, drill: Drill) -> Sequence[tuple[str, str]]:
    """Return the commands that repeat a drill, and what each does."""
    name = shlex.quote(drill.name)
    if record.timeline.mode != REPLAY:
        again = f"alertdrill run {name} --speed {record.timeline.speed:g}"
        return [("hold it again", again), ("what it sends and expects", f"alertdrill list {name}")]
    folder, comma, _ = record.notes.get("recordings", "").partition(", of ")
    replay = [("judge it again", f"alertdrill run {name} --replay {shlex.quote(folder)}")] if comma else []
    return [*replay, ("hold it", f"alertdrill run {name}")]
