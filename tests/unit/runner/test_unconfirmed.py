"""Tests of verdicts that hang on a moment which only the run saw, and its recording does not have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import NearMiss
from alertdrill.core.verdict import Finding, Outcome, Verdict
from alertdrill.judging.replay_agreement import Agreement, Instant
from alertdrill.runner.replay_check import doubt_unconfirmed

NEAR = NearMiss(alert="Slow", labels={"model": "m"}, reaches=0.5, pending=False)
DRILL = Drill(name="d", system="s", traffic=(), expects=(NEAR,), why="", lasts_s=600)
PLACED = (Placement(drill=DRILL, start_s=1000),)
SEEN = Instant(
    alert="Slow", labels={"model": "m"}, kind="pending", live_s=1450.0, replayed_s=None, bound_s=30.0
)


def _doubt(outcome: Outcome, *unconfirmed: Instant) -> Finding:
    finding = Finding(
        outcome=outcome, alert="Slow", labels=NEAR.labels, expectation=NEAR, observed={}, evidence="it was"
    )
    agreement = Agreement(instants=(), unconfirmed=unconfirmed)
    (verdict,) = doubt_unconfirmed([Verdict(drill="d", findings=(finding,))], PLACED, agreement)
    return verdict.findings[0]


def test_what_only_the_run_saw_blames_no_rule() -> None:
    """An evaluation went without the newest sample: nobody can tell, and it is said when."""
    finding = _doubt("unexpected", SEEN)
    assert finding.outcome == "unobserved"
    assert 'Slow{model="m"} was pending at 7:30 for a moment' in finding.doubt


@pytest.mark.parametrize(
    ("outcome", "seen"),
    [
        ("met", SEEN),
        ("unexpected", replace(SEEN, labels={"model": "other"})),
        ("unexpected", replace(SEEN, live_s=1600.0)),
        ("unexpected", replace(SEEN, alert="Other")),
    ],
)
def test_what_hangs_on_no_such_moment_stays_as_it_is(outcome: Outcome, seen: Instant) -> None:
    """What is met, and moments of other alerts or other drills, are no doubt."""
    assert _doubt(outcome, seen).outcome == outcome


def test_a_run_that_was_not_replayed_stays_as_it_is() -> None:
    """There is nothing then to confirm it, or not to."""
    assert doubt_unconfirmed([Verdict(drill="d", findings=())], PLACED, None)[0].findings == ()
