"""Tests of the judge: what counts as met, late, missing, mismatched, unexpected and unobserved."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import Expectation, Grouped, NearMiss
from alertdrill.core.timeline import Curve, Event, EventKind, Timeline
from alertdrill.judging.judge import find_unexpected, judge, select_for_drill
from alertdrill.judging.notifications import CLOSE_WITHIN_S, PAGE_WITHIN_S

LABELS = {"provider": "openai", "model": "gpt-4.1", "severity": "warning"}
FIRES = Expectation(
    alert="Slow",
    labels={"model": "gpt-4.1"},
    fires_after_s=300,
    fires_within_s=400,
    receiver="ticket",
    resolves_within_s=900,
)
NEAR = NearMiss(alert="Slow", labels={"model": "gpt-4.1"}, reaches=0.9, pending=False)
PENDING = NearMiss(
    alert="Slow", labels={"model": "gpt-4.1"}, reaches=1.0, pending=True, pending_within_s=(200, 290)
)


def make_drill(*expects: Expectation | NearMiss, name: str = "drill") -> Drill:
    """Return a drill that lasts 1,200 s."""
    return Drill(name=name, system="metis", traffic=(), expects=expects, why="", lasts_s=1200)


def make_event(kind: EventKind, at_s: float, alert: str = "Slow", receiver: str | None = None) -> Event:
    """Return an event of the alert under test."""
    if kind.startswith("page") and receiver is None:
        receiver = "ticket"
    return Event(at_s=at_s, kind=kind, alert=alert, labels=LABELS, receiver=receiver)


GOOD = (
    make_event("pending", 30),
    make_event("firing", 330),
    make_event("paged", 365),
    make_event("resolved", 800),
    make_event("page_resolved", 850),
)


def make_timeline(*events: Event, points: tuple[tuple[float, float], ...] = ()) -> Timeline:
    """Return a timeline in which everything could be observed."""
    curves = (Curve(alert="Slow", labels=LABELS, op=">", threshold=30.0, points=points),) if points else ()
    return Timeline(
        mode="embedded",
        speed=60,
        until_s=1300,
        observed=frozenset({"pending", "firing", "resolved", "paged", "page_resolved"}),
        events=events,
        curves=curves,
    )


def without(*kinds: str) -> tuple[Event, ...]:
    """Return the good events less some kinds."""
    return tuple(event for event in GOOD if event.kind not in kinds)


def moved(kind: str, at_s: float) -> tuple[Event, ...]:
    """Return the good events with one moved."""
    return tuple(replace(event, at_s=at_s) if event.kind == kind else event for event in GOOD)


def test_all_hops_in_time_are_met() -> None:
    """An alert that fires, pages, resolves and closes in time meets its expectation."""
    verdict = judge(make_drill(FIRES), make_timeline(*GOOD))
    assert verdict.outcome == "met"
    assert dict(verdict.findings[0].observed) == {
        "pending": 30,
        "firing": 330,
        "paged": 365,
        "resolved": 800,
        "page_resolved": 850,
    }


@pytest.mark.parametrize(
    ("events", "outcome", "evidence"),
    [
        ((), "missing", "never fired"),
        (without("firing", "paged", "resolved", "page_resolved"), "missing", "pending at 0:30"),
        (moved("firing", 299), "unexpected", "before 5:00"),
        (moved("firing", 401), "late", "after 6:40"),
        (without("paged", "page_resolved"), "missing", "no page arrived"),
        (moved("paged", 331 + PAGE_WITHIN_S), "late", "was paged only at"),
        (without("resolved", "page_resolved"), "missing", "never resolved"),
        (moved("resolved", 901), "late", "after 15:00"),
        (without("page_resolved"), "missing", "page never closed"),
        (moved("page_resolved", 801 + CLOSE_WITHIN_S), "late", "closed only at"),
        ((*GOOD, make_event("firing", 1000)), "unexpected", "fired again at 16:40"),
        (
            (*without("paged"), make_event("paged", 365, receiver="unrouted")),
            "mismatched",
            "paged unrouted instead of ticket",
        ),
        (
            (*GOOD, make_event("paged", 370, receiver="page")),
            "mismatched",
            "paged page besides ticket",
        ),
    ],
)
def test_each_hop_is_asserted(events: tuple[Event, ...], outcome: str, evidence: str) -> None:
    """A hop that is absent, early, late or elsewhere is found, and the evidence says which."""
    finding = judge(make_drill(FIRES), make_timeline(*events)).findings[0]
    assert finding.outcome == outcome
    assert evidence in finding.evidence


def test_another_label_value_is_not_the_expected_alert() -> None:
    """An alert of the same name with another label value does not meet the expectation."""
    others = tuple(replace(event, labels={**LABELS, "model": "gpt-4o"}) for event in GOOD)
    assert judge(make_drill(FIRES), make_timeline(*others)).findings[0].outcome == "missing"


def test_hidden_pages_are_unobserved_and_not_met() -> None:
    """Where pages cannot be seen, the rest is judged and the verdict is unobserved."""
    timeline = replace(
        make_timeline(*without("paged", "page_resolved")),
        observed=frozenset({"pending", "firing", "resolved"}),
    )
    assert judge(make_drill(FIRES), timeline).outcome == "unobserved"


def test_hidden_pages_do_not_hide_a_failure() -> None:
    """An alert that never fires is missing, whether or not pages can be seen."""
    timeline = replace(make_timeline(), observed=frozenset({"pending", "firing", "resolved"}))
    assert judge(make_drill(FIRES), timeline).outcome == "unmet"


def test_a_near_miss_that_came_near_is_met() -> None:
    """Silence counts when the rule's value came near its threshold."""
    verdict = judge(make_drill(NEAR), make_timeline(points=((0, 1.0), (15, 28.0))))
    assert verdict.outcome == "met"


def test_a_near_miss_may_come_too_near() -> None:
    """Where a drill says at most how near, a value beyond that is not what was drilled."""
    near = replace(NEAR, reaches_at_most=0.95)
    findings = judge(make_drill(near), make_timeline(points=((0, 1.0), (15, 29.0)))).findings
    assert findings[0].outcome == "mismatched"
    assert "more than 95%" in findings[0].evidence
    assert judge(make_drill(near), make_timeline(points=((0, 28.0),))).outcome == "met"


@pytest.mark.parametrize("points", [(), ((0, 1.0), (15, 20.0)), ((0, math.nan),)])
def test_silence_without_traffic_proves_nothing(points: tuple[tuple[float, float], ...]) -> None:
    """Silence does not count when the value stayed far away or was never seen."""
    assert judge(make_drill(NEAR), make_timeline(points=points)).findings[0].outcome == "missing"


@pytest.mark.parametrize("kind", ["pending", "firing", "paged"])
def test_a_near_miss_that_does_not_stay_inactive_is_unexpected(kind: EventKind) -> None:
    """A near miss that is pending for a moment fails, as one that fires or pages."""
    finding = judge(make_drill(NEAR), make_timeline(make_event(kind, 500), points=((0, 28.0),))).findings[0]
    assert finding.outcome == "unexpected"


OVER = tuple((15.0 * i, 40.0) for i in range(17))


def test_a_near_miss_of_the_for_is_met_when_it_was_pending_for_as_long_as_stated() -> None:
    """Over the threshold for 240 s, between 200 and 290, and pending: met."""
    verdict = judge(make_drill(PENDING), make_timeline(make_event("pending", 0), points=OVER))
    assert verdict.outcome == "met"


@pytest.mark.parametrize(
    ("events", "points", "outcome"),
    [
        ((), OVER, "missing"),
        ((make_event("pending", 0),), OVER[:5], "mismatched"),
        ((make_event("pending", 0),), (*OVER[:8], (120.0, math.nan), *OVER[9:]), "mismatched"),
    ],
)
def test_a_near_miss_of_the_for_needs_pending_and_its_time(
    events: tuple[Event, ...], points: tuple[tuple[float, float], ...], outcome: str
) -> None:
    """Never pending, over for too short a time, or with a gap: not met."""
    assert judge(make_drill(PENDING), make_timeline(*events, points=points)).findings[0].outcome == outcome


def test_a_threshold_from_above_is_neared_from_above() -> None:
    """For `value < threshold`, a value a little above the threshold is near."""
    curve = Curve(alert="Slow", labels=LABELS, op="<", threshold=10.0, points=((0.0, 11.0),))
    assert judge(make_drill(NEAR), replace(make_timeline(), curves=(curve,))).outcome == "met"


def test_a_quiet_drill_fails_on_any_alarm_but_not_on_pending() -> None:
    """Nothing may fire or page in a quiet drill; being pending for a moment is no alarm."""
    quiet = make_drill()
    assert judge(quiet, make_timeline(make_event("pending", 5))).outcome == "met"
    assert judge(quiet, make_timeline(make_event("firing", 5))).outcome == "unmet"
    assert judge(quiet, make_timeline(make_event("paged", 5))).outcome == "unmet"


def test_drills_that_share_time_are_judged_on_their_own_events() -> None:
    """An alarm that one drill asks for is not held against a quiet drill beside it."""
    fires, quiet = (
        Placement(drill=make_drill(FIRES, name="fires"), start_s=100),
        Placement(drill=make_drill(name="quiet"), start_s=0),
    )
    events = tuple(replace(event, at_s=event.at_s + 100) for event in GOOD)
    timeline = make_timeline(*events)
    assert judge(fires.drill, select_for_drill(fires, (fires, quiet), timeline)).outcome == "met"
    assert judge(quiet.drill, select_for_drill(quiet, (fires, quiet), timeline)).outcome == "met"
    assert find_unexpected((fires, quiet), timeline) is None


def test_an_alarm_that_nobody_asked_for_fails_the_quiet_drill_and_the_run() -> None:
    """An alarm that concerns no drill is found for the run, and by the quiet drill that was held then."""
    fires, quiet = (
        Placement(drill=make_drill(FIRES, name="fires"), start_s=0),
        Placement(drill=make_drill(name="quiet"), start_s=0),
    )
    timeline = make_timeline(*GOOD, make_event("firing", 700, alert="Other"))
    unexpected = find_unexpected((fires, quiet), timeline)
    assert unexpected is not None
    assert unexpected.outcome == "unmet"
    assert unexpected.findings[0].alert == "Other"
    assert judge(quiet.drill, select_for_drill(quiet, (fires, quiet), timeline)).outcome == "unmet"
    assert judge(fires.drill, select_for_drill(fires, (fires, quiet), timeline)).outcome == "met"


def test_a_heartbeat_is_no_alarm() -> None:
    """It fires all the time on purpose, whatever is drilled."""
    quiet = Placement(drill=make_drill(name="quiet"), start_s=0)
    timeline = make_timeline(make_event("firing", 0, alert="Watchdog"))
    assert find_unexpected((quiet,), timeline) is not None
    beating = replace(timeline, heartbeats=frozenset({"Watchdog"}))
    assert find_unexpected((quiet,), beating) is None
    assert judge(quiet.drill, select_for_drill(quiet, (quiet,), beating)).outcome == "met"


def test_an_alert_that_is_there_to_inhibit_is_no_alarm_unless_it_pages() -> None:
    """It fires whenever the others do; that somebody is paged for it is a mistake in the routes."""
    quiet = Placement(drill=make_drill(name="quiet"), start_s=0)
    fires, pages = (make_event(kind, 0, alert="InfoInhibitor") for kind in ("firing", "paged"))
    timeline = replace(make_timeline(fires), inhibitors=frozenset({"InfoInhibitor"}))
    assert find_unexpected((quiet,), timeline) is None
    assert judge(quiet.drill, select_for_drill(quiet, (quiet,), timeline)).outcome == "met"
    unexpected = find_unexpected((quiet,), replace(timeline, events=(fires, pages)))
    assert unexpected is not None
    assert [finding.observed for finding in unexpected.findings] == [{"paged": 0}]


def test_an_alarm_outside_its_drills_time_is_unasked() -> None:
    """An alarm after its drill has ended belongs to nobody."""
    fires = Placement(drill=make_drill(FIRES), start_s=0)
    unexpected = find_unexpected((fires,), make_timeline(*GOOD, make_event("firing", 1250)))
    assert unexpected is not None
    assert unexpected.findings[0].observed == {"firing": 1250}


@pytest.mark.parametrize(
    ("events", "broke_at"),
    [
        (GOOD, None),
        (without("pending", "firing", "paged", "resolved", "page_resolved"), "firing"),
        (moved("firing", 500), "firing"),
        (without("paged", "page_resolved"), "paged"),
        ((*GOOD, make_event("paged", 370, receiver="boss")), "paged"),
        (without("resolved", "page_resolved"), "resolved"),
        ((*GOOD, make_event("firing", 1000)), "resolved"),
        (without("page_resolved"), "page_resolved"),
    ],
)
def test_a_finding_names_the_hop_that_broke(events: tuple[Event, ...], broke_at: EventKind | None) -> None:
    """It is the first hop that is not as expected, and none where all are."""
    (finding,) = judge(make_drill(FIRES), make_timeline(*events)).findings
    assert finding.broke_at == broke_at
    hidden = replace(make_timeline(*events), observed=frozenset({"pending", "firing", "resolved"}))
    (finding,) = judge(make_drill(FIRES), hidden).findings
    assert finding.broke_at == (None if broke_at in {"paged", "page_resolved"} else broke_at)


@pytest.mark.parametrize(
    ("events", "broke_at"),
    [
        (without("firing", "paged", "resolved", "page_resolved"), "firing"),
        (without("resolved", "page_resolved"), "resolved"),
        (moved("resolved", 1000), "resolved"),
        (GOOD, "paged"),
    ],
)
def test_a_group_names_the_hop_that_broke(events: tuple[Event, ...], broke_at: EventKind) -> None:
    """Of a group, resolutions are judged before pages; here no incident was opened."""
    grouped = Grouped(
        alert="Slow",
        labels={},
        alerts=1,
        fires_within_s=400,
        resolves_within_s=900,
        receiver="ticket",
        integration="webhook",
    )
    drill = Drill(name="drill", system="metis", traffic=(), expects=(grouped,), why="", lasts_s=1200)
    (finding,) = judge(drill, make_timeline(*events)).findings
    assert finding.broke_at == broke_at
