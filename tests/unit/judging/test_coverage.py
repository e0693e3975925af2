"""Tests of coverage: which claims drills make, how runs settle them, and what is a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alertdrill.core.drill import Drill
from alertdrill.core.expectation import (
    BlindRule,
    Delivery,
    Expectation,
    Expected,
    Grouped,
    NearMiss,
    Suppressed,
)
from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import EventKind
from alertdrill.core.verdict import Finding, Outcome, Verdict
from alertdrill.judging.claims import Claim, say_claim
from alertdrill.judging.coverage import (
    Coverage,
    HeldFinding,
    HeldRun,
    State,
    find_gaps,
    list_claims,
    make_coverage,
    make_held_run,
    say_counts,
    say_last_drilled,
)

MONDAY = datetime(2025, 11, 3, 9, 41, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
FIRES = Expectation(alert="Slow", labels={}, fires_within_s=400, receiver="ticket", resolves_within_s=900)
NEAR = NearMiss(alert="Slow", labels={}, reaches=0.9, pending=False)
ALL_SEEN = ("pending", "firing", "paged", "resolved", "page_resolved")


def make_rule(name: str = "Slow", for_s: float = 300.0, labels: dict[str, str] | None = None) -> AlertRule:
    """Return a rule."""
    return AlertRule(
        name=name,
        expr="x > 1",
        for_s=for_s,
        keep_firing_for_s=0.0,
        labels=labels or {},
        annotations={},
        group="g",
        interval_s=15.0,
        source="rules.yml:3",
    )


def make_drill(name: str, *expects: Expected) -> Drill:
    """Return a drill with these expectations."""
    return Drill(name=name, system="metis", traffic=(), expects=expects, why="", lasts_s=1200)


def make_run(
    outcome: Outcome = "met",
    *,
    drill: str = "slow-fires",
    expected: Expected = FIRES,
    at: datetime | None = MONDAY,
    seen: Sequence[str] = ALL_SEEN,
    broke_at: EventKind | None = None,
    is_doubted: bool = False,
) -> HeldRun:
    """Return a run of one drill with one expectation."""
    finding = HeldFinding(
        drill=drill, expectation=expected, outcome=outcome, seen=frozenset(seen), broke_at=broke_at
    )
    return HeldRun(started_at=at, is_doubted=is_doubted, findings=(finding,))


def cover(*runs: HeldRun, drills: Sequence[Drill] = (make_drill("slow-fires", FIRES),)) -> Coverage:
    """Return the coverage of one alert."""
    return make_coverage([make_rule()], drills, runs)


def get_states(coverage: Coverage) -> dict[str, State]:
    """Return the state of each claim, by what is said of it."""
    return {say_claim(cell.claim): cell.state for cell in coverage.cells}


def test_what_no_drill_claims_is_not_drilled() -> None:
    """An alert has a cell for every hop, also where no drill is about it."""
    coverage = cover(drills=())
    assert get_states(coverage) == dict.fromkeys(
        ("pending", "fires", "paged", "resolved", "page closed", "near miss"), "not drilled"
    )
    assert [gap.why for gap in find_gaps(coverage, MONDAY)] == ["not drilled: there is no drill for it"] * 6


def test_a_drill_that_was_never_held_proves_nothing() -> None:
    """A claim without a run is not drilled, and its gap names the drill to hold."""
    coverage = cover()
    assert coverage.count("not drilled") == 6
    assert find_gaps(coverage, MONDAY)[0].why == "not drilled: no known run held slow-fires"
    assert say_last_drilled(coverage.rows[0]) == "never"


def test_a_met_expectation_proves_every_hop_but_the_near_miss() -> None:
    """Firing drills prove pending, firing, paging, resolving and closing; silence is another drill's."""
    coverage = cover(make_run())
    assert get_states(coverage) == {
        "pending": "proved",
        "fires": "proved",
        "paged ticket": "proved",
        "resolved": "proved",
        "page closed": "proved",
        "near miss": "not drilled",
    }
    assert say_counts(coverage) == "5 of 6 proved, 1 not drilled"
    assert say_last_drilled(coverage.rows[0]) == "2025-11-03 09:41"


def test_a_near_miss_proves_silence_only() -> None:
    """A near miss that was met proves one cell, one that was not fails it."""
    drills = [make_drill("near", NEAR)]
    assert get_states(cover(make_run(drill="near", expected=NEAR), drills=drills))["near miss"] == "proved"
    failed = cover(make_run("missing", drill="near", expected=NEAR), drills=drills)
    assert get_states(failed)["near miss"] == "failed"
    assert failed.count("not drilled") == 5


@pytest.mark.parametrize(
    ("broke_at", "seen", "states"),
    [
        ("firing", (), "failed? failed unobserved unobserved unobserved"),
        ("firing", ("pending",), "proved failed unobserved unobserved unobserved"),
        ("paged", ("pending", "firing"), "proved proved failed unobserved unobserved"),
        ("resolved", ALL_SEEN, "proved proved proved failed unobserved"),
        ("page_resolved", ALL_SEEN[:4], "proved proved proved proved failed"),
        (None, ALL_SEEN, "proved failed failed failed failed"),
        (None, (), "failed failed failed failed failed"),
    ],
)
def test_the_hop_that_broke_has_failed(broke_at: EventKind | None, seen: Sequence[str], states: str) -> None:
    """Hops before it are proved, those after it were not judged; if it is unknown, none is proved."""
    coverage = cover(make_run("late", broke_at=broke_at, seen=seen))
    expected = states.replace("failed?", "unobserved").split()
    assert [cell.state for cell in coverage.cells][:5] == expected


def test_what_nobody_could_see_is_unobserved() -> None:
    """With the pages hidden, what was seen is proved and the pages are not."""
    coverage = cover(make_run("unobserved", seen=("pending", "firing", "resolved")))
    assert [cell.state for cell in coverage.cells][:5] == [
        "proved",
        "proved",
        "unobserved",
        "proved",
        "unobserved",
    ]


def test_in_groups_pages_are_judged_after_resolutions() -> None:
    """A group that did not resolve in time proves no page, though one was seen."""
    grouped = Grouped(
        alert="Slow",
        labels={},
        alerts=40,
        fires_within_s=400,
        resolves_within_s=900,
        receiver="ticket",
        integration="slack",
    )
    drills = [make_drill("slow-fires", grouped)]
    coverage = cover(make_run("late", expected=grouped, broke_at="resolved"), drills=drills)
    assert get_states(coverage)["fires"] == "proved"
    assert get_states(coverage)["resolved"] == "failed"
    assert get_states(coverage)["paged ticket by slack"] == "unobserved"


def test_a_doubted_run_proves_and_disproves_nothing() -> None:
    """Whatever the verdicts of a run with doubts are, its cells are unobserved."""
    for outcome in ("met", "missing"):
        coverage = cover(make_run(outcome, is_doubted=True, broke_at=None))
        assert {cell.state for cell in coverage.cells[:5]} == {"unobserved"}
        assert find_gaps(coverage, MONDAY)[0].why == "unobserved on 2025-11-03 09:41: slow-fires"


@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_run_of_a_drill_counts(order: int) -> None:
    """A drill that failed and was met since is proved, and the reverse, in whichever order they are read."""
    failed, met = make_run("missing", at=MONDAY), make_run("met", at=TUESDAY)
    coverage = cover(*(failed, met)[::order])
    assert get_states(coverage)["fires"] == "proved"
    assert coverage.rows[0].started_at == TUESDAY
    worse = cover(*(replace(met, started_at=MONDAY), replace(failed, started_at=TUESDAY))[::order])
    assert get_states(worse)["fires"] == "failed"
    doubted = cover(*(failed, make_run(at=TUESDAY, is_doubted=True))[::order])
    assert get_states(doubted)["fires"] == "unobserved"


def test_the_same_run_read_twice_is_one() -> None:
    """A run is in the folder and in its history, which changes nothing."""
    assert cover(make_run(), make_run()) == cover(make_run())


def test_runs_without_a_date_are_the_oldest_and_unknown() -> None:
    """They settle what no dated run does; among themselves a failure counts: none is known to be newer."""
    old = make_run("missing", at=None)
    assert get_states(cover(old, make_run()))["fires"] == "proved"
    assert get_states(cover(make_run(), old))["fires"] == "proved"
    undated = cover(make_run(at=None), old)
    assert get_states(undated)["fires"] == "failed"
    assert undated == cover(old, make_run(at=None))
    assert say_last_drilled(undated.rows[0]) == "unknown"
    assert find_gaps(cover(old), MONDAY)[0].why == "failed at an unknown time: slow-fires"


def test_one_failing_drill_outweighs_others_that_prove() -> None:
    """Over the drills that make a claim a failure comes first, then a proof, then what was not seen."""
    drills = [make_drill(name, FIRES) for name in ("a", "b", "c")]
    proved, failed = make_run(drill="a", at=TUESDAY), make_run("missing", drill="b", broke_at="firing")
    unseen = make_run(drill="c", at=TUESDAY, is_doubted=True)
    assert get_states(cover(proved, failed, drills=drills))["fires"] == "failed"
    covered = cover(proved, unseen, drills=drills)
    assert get_states(covered)["fires"] == "proved"
    assert covered.cells[0].drills == ("a", "b", "c")
    assert covered.cells[0].started_at == TUESDAY
    older = cover(replace(proved, started_at=MONDAY), unseen, drills=drills)
    assert older.cells[0].started_at == MONDAY, "a proof is as old as the run that proved it"


@pytest.mark.parametrize("order", [1, -1])
def test_one_failing_instance_outweighs_others_of_its_drill(order: int) -> None:
    """A drill that expects an alert twice fails its claims if either is not met, in any order."""
    findings = (*make_run().findings, *make_run("missing").findings)[::order]
    run = HeldRun(started_at=MONDAY, is_doubted=False, findings=findings)
    assert get_states(cover(run))["fires"] == "failed"


def test_a_run_of_a_drill_that_is_gone_is_no_evidence() -> None:
    """Only drills that are there settle claims."""
    assert cover(make_run(drill="retired")).count("not drilled") == 6


def test_every_receiver_and_integration_has_a_cell() -> None:
    """Deliveries name receivers beside the expectation's own, and the integrations that tell them."""
    deliveries = (
        Delivery(receiver="ticket", integration="slack"),
        Delivery(receiver="ticket", integration="pagerduty"),
        Delivery(receiver="boss"),
    )
    claims = list_claims(replace(FIRES, deliveries=deliveries))
    paged = {(claim.receiver, claim.integration) for claim in claims if claim.hop == "paged"}
    assert paged == {("ticket", "slack"), ("ticket", "pagerduty"), ("boss", None)}
    beside = list_claims(replace(FIRES, deliveries=deliveries[2:]))
    assert Claim(alert="Slow", hop="paged", receiver="ticket") in beside
    mute = list_claims(replace(FIRES, deliveries=(Delivery(receiver="ticket", closes=False),)))
    assert "page closed" not in {claim.hop for claim in mute}


def test_a_page_held_back_for_ever_proves_no_page() -> None:
    """An inhibited alert that pages nobody fires and resolves; one suppressed for a while pages, too."""
    never = list_claims(replace(FIRES, suppressed=Suppressed(why="inhibited")))
    assert [claim.hop for claim in never] == ["pending", "fires", "resolved"]
    later = list_claims(replace(FIRES, suppressed=Suppressed(why="silenced", until_s=600)))
    assert later[-1].hop == "page closed"
    assert list_claims(BlindRule(alert="Slow", labels={})) == ()


def test_an_alert_without_for_is_never_pending() -> None:
    """Its row has no such cell, whatever drills claim."""
    coverage = make_coverage([make_rule(for_s=0.0)], [make_drill("slow-fires", FIRES)], [make_run()])
    assert "pending" not in get_states(coverage)
    assert coverage.count("proved") == 4


def test_rules_kept_as_written_are_left_out() -> None:
    """What proves that a rule is wrong is no row and no gap."""
    coverage = make_coverage([make_rule(), make_rule("Old", labels={"edition": "as_written"})], [])
    assert [row.alert for row in coverage.rows] == ["Slow"]
    assert coverage.left_out == ("Old",)


def test_rules_of_the_paging_path_stand_apart() -> None:
    """They come last, and only what drills claim of them is to be proved."""
    probe = make_rule("Probe", labels={"edition": "paging"})
    drills = [make_drill("pages", replace(FIRES, alert="Probe"))]
    coverage = make_coverage([probe, make_rule()], drills)
    assert [(row.alert, row.stands_apart) for row in coverage.rows] == [("Slow", False), ("Probe", True)]
    assert [cell.claim.hop for cell in coverage.rows[1].cells] == [
        "pending",
        "fires",
        "paged",
        "resolved",
        "page closed",
    ]
    assert make_coverage([probe], []).rows == ()


def test_proofs_grow_old_where_an_age_is_given() -> None:
    """A proof that is older, of an unknown date or from the future is a gap; without an age it is none."""
    week = timedelta(days=7)
    drills = [make_drill("slow-fires", FIRES), make_drill("near", NEAR)]

    def find(at: datetime | None, within: timedelta | None) -> set[str]:
        runs = [make_run(at=at), make_run(drill="near", expected=NEAR, at=at)]
        return {gap.why for gap in find_gaps(cover(*runs, drills=drills), TUESDAY, within)}

    assert find(MONDAY, None) == find(MONDAY, week) == find(None, None) == set()
    assert find(TUESDAY - week - timedelta(seconds=1), week) == {
        "last proved on 2025-10-28 09:40: slow-fires",
        "last proved on 2025-10-28 09:40: near",
    }
    assert find(None, week) == {
        "proved at an unknown time: slow-fires",
        "proved at an unknown time: near",
    }
    assert len(find(TUESDAY + timedelta(days=1), week)) == 2


def test_what_nobody_asked_for_settles_no_claim() -> None:
    """A verdict's finding without an expectation is left out of what a run says of drills."""
    asked = Finding(
        outcome="met", alert="Slow", labels={}, expectation=FIRES, observed={"firing": 1.0}, evidence=""
    )
    unexpected = replace(asked, outcome="unexpected", expectation=None)
    verdicts = [Verdict(drill="slow-fires", findings=(asked, unexpected))]
    run = make_held_run(verdicts, MONDAY, is_doubted=False)
    assert [finding.expectation for finding in run.findings] == [FIRES]
    assert run.findings[0].seen == {"firing"}
