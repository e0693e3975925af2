"""Tests of which verdicts a run does not stand by, because of what its own calls took."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.verdict import Finding, Outcome, Verdict
from alertdrill.judging.clock_fidelity import Bounds
from alertdrill.judging.could_not_tell import weigh
from alertdrill.runner.evidence import gather
from alertdrill.runner.traffic import ProfileReport, TrafficReport
from alertdrill.stacks.subject import find_reference_subject
from alertdrill.systems.catalogue import list_drills, override_values

DRILLS = {drill.name: drill for drill in list_drills(override_values(()))}
ORDER: Any = SimpleNamespace(
    rules=(),
    bounds=Bounds(),
    calls_within_wall_s={},
    site=SimpleNamespace(subject=find_reference_subject()),
)
DOUBTFUL = {name: drill for name, drill in DRILLS.items() if drill.calls_within_s is not None}
NEAR = DRILLS["inference-latency-near-threshold"]


def judge(drill: Drill, outcome: Outcome) -> Verdict:
    """Return a verdict of one finding."""
    finding = Finding(
        outcome=outcome,
        alert="A",
        labels={},
        expectation=drill.expects[0],
        observed={},
        evidence="",
    )
    return Verdict(drill=drill.name, findings=(finding,))


def report(*slowest_s: float) -> TrafficReport:
    """Return what became of the near drill's calls, the slowest of which took so long."""
    profile = ProfileReport(
        planned=376,
        sent=376,
        late=0,
        lateness_p50_s=0.1,
        lateness_p99_s=0.3,
        lateness_max_s=0.8,
        latency_min_s=0.8,
        latency_p50_s=0.9,
        latency_p99_s=slowest_s[-1],
        slowest_s=slowest_s,
        unwelcome=0,
        statuses={"200": 376},
    )
    return TrafficReport(
        done=True, profiles={NEAR.name: profile, "probe": replace(profile, slowest_s=(1.0,))}
    )


@pytest.mark.parametrize(
    ("outcome", "slowest_s", "is_doubted"),
    [
        ("unexpected", (9.0, 5.0, 2.1, 1.6), True),
        ("unexpected", (1.9, 1.8, 1.8, 1.7), False),
        ("met", (9.0, 5.0, 2.1, 1.6), False),
    ],
    ids=["fired on a slow machine", "fired all the same", "silent all the same"],
)
def test_an_unmet_drill_is_doubted_only_where_its_calls_were_slow(
    outcome: Outcome, slowest_s: tuple[float, ...], is_doubted: bool
) -> None:
    """An alert that fired is the rule's doing unless its calls were slow; a silent one is silent anyhow."""
    placements = (Placement(drill=NEAR, start_s=300),)
    evidence = gather(ORDER, report(*slowest_s), (), 60)
    (verdict,) = weigh([judge(NEAR, outcome)], placements, evidence)
    assert [NEAR.name in doubt for doubt in verdict.doubts] == [True] * is_doubted
    assert [finding.outcome for finding in verdict.findings] == ["unobserved" if is_doubted else outcome]


def test_who_bears_no_slow_calls_is_told_none() -> None:
    """Every model that such a drill calls usually answers sooner than the drill's bound."""
    assert set(DOUBTFUL) == {
        "inference-latency-near-threshold",
        "metis-latency-near-threshold",
        "gatewayz-latency-near-threshold",
    }
    for drill in DOUBTFUL.values():
        told_s = [
            change.behaviour["latency"]["s"]
            for profile in drill.traffic
            for change in profile.changes
            if "s" in change.behaviour["latency"]
        ]
        assert told_s != []
        assert max(told_s) < 0.7 * (drill.calls_within_s or 0.0)
