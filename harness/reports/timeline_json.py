"""The timeline and its verdicts as JSON, schema 1.

The form is stable. All times are seconds of rule time; instants count from the start of the run. What a drill
expects is stated as the drill states it, `…_within_s` after its start, which `drills` gives.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from harness.model import Event, Expectation, Expected, Finding, Grouped, Placement, Silence, Verdict
from harness.reports import HOPS, RunRecord

Number = float | None


def render(record: RunRecord) -> str:
    """Return the JSON document; a number that JSON cannot write (NaN, an infinity) becomes null."""
    timeline = record.timeline
    document = {
        "schema": 1,
        "started_at": record.started_at.isoformat(),
        "mode": timeline.mode,
        "speed": _number(timeline.speed),
        "until_s": _number(timeline.until_s),
        "engines": dict(timeline.engines),
        "events": [_event(event) for event in timeline.events],
        "verdicts": [_verdict(verdict, record.find_placement(verdict)) for verdict in record.verdicts],
        "drills": [
            {
                "drill": placement.drill.name,
                "start_s": _number(placement.start_s),
                "end_s": _number(placement.end_s),
            }
            for placement in record.placements
        ],
        "doubts": list(record.doubts),
    }
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _event(event: Event) -> dict[str, Any]:
    return {
        "at_s": _number(event.at_s),
        "kind": event.kind,
        "alert": event.alert,
        "labels": dict(event.labels),
        "receiver": event.receiver,
    }


def _verdict(verdict: Verdict, placement: Placement | None) -> dict[str, Any]:
    start_s = placement.start_s if placement else 0.0
    return {
        "drill": verdict.drill,
        "outcome": verdict.outcome,
        "findings": [_finding(finding, start_s) for finding in verdict.findings],
    }


def _finding(finding: Finding, start_s: float) -> dict[str, Any]:
    return {
        "alert": finding.alert,
        "labels": dict(finding.labels),
        "broke_at": finding.broke_at,
        "outcome": finding.outcome,
        "expected": _expected(finding.expectation),
        "observed": _observed(finding.observed, start_s),
    }


def _expected(expectation: Expected | None) -> dict[str, Any]:
    if expectation is None:
        return {"silent": True}
    if isinstance(expectation, Expectation):
        return {
            "fires_after_s": _number(expectation.fires_after_s),
            "fires_within_s": _number(expectation.fires_within_s),
            "receiver": expectation.receiver,
            "resolves_within_s": _number(expectation.resolves_within_s),
        }
    if isinstance(expectation, Grouped):
        return {
            "alerts": expectation.alerts,
            "incidents": expectation.incidents,
            "fires_within_s": _number(expectation.fires_within_s),
            "receiver": expectation.receiver,
            "integration": expectation.integration,
            "resolves_within_s": _number(expectation.resolves_within_s),
        }
    if isinstance(expectation, Silence):
        return {"silent": True, "blind": True, "after_s": _number(expectation.after_s)}
    silence = {"silent": True, "reaches": _number(expectation.reaches), "pending": expectation.pending}
    if expectation.pending_within_s is not None:
        least_s, most_s = expectation.pending_within_s
        silence |= {"pending_least_s": _number(least_s), "pending_most_s": _number(most_s)}
    return silence


def _observed(observed: Mapping[str, float], start_s: float) -> dict[str, Number]:
    return {hop: _number(start_s + observed[hop]) for hop in HOPS if hop in observed}


def _number(value: float) -> Number:
    """Round to milliseconds; finer is noise of the division by the speed."""
    return round(value, 3) if math.isfinite(value) else None
