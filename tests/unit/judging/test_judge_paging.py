"""Tests of the judge on the paging path: each thing that an expectation can say, violated once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.notified import (
    ALERT,
    CLOSED,
    EVENTS,
    FULL,
    GOOD,
    LABELS,
    OPENED,
    OTHERS,
    check,
    expect,
    find,
    make_drill,
    make_events,
    make_notification,
    make_refusal,
    make_timeline,
    receive,
)

from alertdrill.core.drill import Placement
from alertdrill.core.expectation import Expectation, Expected, Grouped, NearMiss, Suppressed, Suppression
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Event, Notification, RecordedStep, SuppressedSpan
from alertdrill.core.verdict import Finding
from alertdrill.judging.judge import judge, select_for_drill
from alertdrill.judging.notifications import CLOSE_WITHIN_S, EARLY_S, PAGE_WITHIN_S
from alertdrill.judging.suppression import CALENDAR_STEP_S


@pytest.mark.parametrize("incidents", [("i1", "i1"), ("i1", "i2")])
def test_two_incidents_instead_of_one_are_found(incidents: tuple[str, str]) -> None:
    """A second notification of the alert belongs to the first one's incident, or it is doubled."""
    second = make_notification(2, 190, "opened", incident="i2")
    end = replace(CLOSED, number=4, incident="i2")
    finding = check(expect(), OPENED, second, CLOSED, end) if incidents[1] == "i2" else check(expect(), *GOOD)
    if incidents[1] == "i1":
        assert finding.outcome == "met"
    else:
        assert (finding.outcome, finding.broke_at) == ("unexpected", "paged")
        assert "2 incidents instead of one" in finding.evidence
        assert "opened at 2:10 and 3:10" in finding.evidence


def test_an_incident_that_is_never_closed_is_found() -> None:
    """Also where another integration of the same receiver was told of the end."""
    mail = replace(OPENED, integration="email", incident="mail")
    finding = check(expect(), *GOOD, mail)
    assert finding.outcome == "missing"
    assert "oncall by email: the incident of 2:10 was never closed" in finding.evidence


def test_each_alert_has_an_incident_of_its_own() -> None:
    """One incident for each alert and integration is what is expected; another alert's is not doubled."""
    both = expect(labels={"severity": "critical"})
    other = [replace(n, incident="i2", alerts=(replace(n.alerts[0], labels=OTHERS[0]),)) for n in GOOD]
    assert find(both, make_timeline(EVENTS, *GOOD, *other)).outcome == "met"


@pytest.mark.parametrize(
    ("stated", "paged_s", "closed_s", "outcome"),
    [
        ({}, 100 + PAGE_WITHIN_S, 800 + CLOSE_WITHIN_S, "met"),
        ({}, 101 + PAGE_WITHIN_S, 830, "late"),
        ({}, 130, 801 + CLOSE_WITHIN_S, "late"),
        ({"pages_within_s": 20}, 121, 830, "late"),
        ({"pages_within_s": 600}, 700, 830, "met"),
        ({"closes_within_s": 20}, 130, 821, "late"),
        ({"closes_within_s": 450}, 130, 1250, "met"),
    ],
)
def test_page_and_close_come_in_time(
    stated: dict[str, float], paged_s: float, closed_s: float, outcome: str
) -> None:
    """Where an expectation states its own bounds they are taken instead of everybody's."""
    finding = check(expect(**stated), replace(OPENED, at_s=paged_s), replace(CLOSED, at_s=closed_s))
    assert finding.outcome == outcome


def test_a_page_that_closes_while_its_alert_fires_is_found() -> None:
    """Whoever was paged would take the trouble for over."""
    finding = check(expect(), OPENED, replace(CLOSED, at_s=799 - EARLY_S))
    assert (finding.outcome, finding.broke_at) == ("unexpected", "page_resolved")
    assert "oncall's page closed at 12:49, though the alert resolved only at 13:20" in finding.evidence
    assert check(expect(), OPENED, replace(CLOSED, at_s=800 - EARLY_S)).outcome == "met"


def test_a_page_before_the_alert_fires_is_unasked() -> None:
    """Nobody can be paged of what has not happened yet."""
    assert "paged before it fired" in check(expect(), replace(OPENED, at_s=99), *GOOD[1:]).evidence


UNTIL_S = 400.0


def hold(why: Suppression, since_s: float = 110, until_s: float = 390, **by: str) -> SuppressedSpan:
    """Return that Alertmanager was seen to hold the alert back."""
    return SuppressedSpan(alert=ALERT, labels=LABELS, why=why, by=by, since_s=since_s, until_s=until_s)


def suppressed(why: Suppression, until_s: float | None = None, **by: str) -> Expectation:
    """Return that the alert is suppressed."""
    return expect(suppressed=Suppressed(why=why, until_s=until_s, by=by))


LATE = (make_notification(1, UNTIL_S + 60, "opened"), CLOSED)


@pytest.mark.parametrize("why", ["inhibited", "silenced", "muted"])
def test_what_is_held_back_for_good_pages_nobody(why: Suppression) -> None:
    """It is met where Alertmanager was seen to hold it and no page came, and only there."""
    expected = suppressed(why, alertname="Down")
    span = hold(why, alertname="Down", model="m")
    finding = check(expected, suppressed=(span,))
    assert (finding.outcome, finding.evidence) == ("met", f"fired and paged nobody, {why}; resolved in time")
    paged = check(expected, *GOOD, suppressed=(span,))
    assert (paged.outcome, paged.broke_at) == ("unexpected", "paged")
    assert paged.evidence == f"paged at 2:10, though it should be {why}"
    unseen = check(expected)
    assert unseen.outcome == "mismatched"
    assert unseen.evidence == f'was not paged, and was not seen {why} by alertname="Down"'


def test_what_is_held_by_something_else_is_found() -> None:
    """Another cause, or another thing of that kind, is not what was expected, and is named."""
    expected = suppressed("inhibited", alertname="Down")
    for span, seen in (
        (hold("silenced", model="gpt-4.1"), 'silenced by model="gpt-4.1"'),
        (hold("inhibited", alertname="Up"), 'inhibited by alertname="Up"'),
    ):
        finding = check(expected, suppressed=(span,))
        assert finding.outcome == "mismatched"
        assert finding.evidence.endswith(f'was not seen inhibited by alertname="Down": {seen}')


def test_an_old_alertmanager_does_not_say_what_mutes() -> None:
    """A span without a cause fits any cause of its kind, for there is no more to be had."""
    assert check(suppressed("muted", interval="nights"), suppressed=(hold("muted"),)).outcome == "met"
    assert check(suppressed("silenced", a="b"), suppressed=(hold("muted"),)).outcome == "mismatched"


def test_a_silence_that_ends_is_followed_by_the_page() -> None:
    """The page comes after what holds it back is over, in time counted from there."""
    expected = suppressed("silenced", UNTIL_S)
    finding = check(expected, *LATE, suppressed=(hold("silenced"),))
    assert finding.evidence == "fired, was silenced, then paged, resolved and closed in time"
    never = check(expected, suppressed=(hold("silenced"),))
    assert (never.outcome, never.broke_at) == ("missing", "paged")
    late = check(
        expected, replace(LATE[0], at_s=UNTIL_S + PAGE_WITHIN_S + 1), CLOSED, suppressed=(hold("silenced"),)
    )
    assert (late.outcome, late.broke_at) == ("late", "paged")
    on_time = check(
        expected, replace(LATE[0], at_s=UNTIL_S + PAGE_WITHIN_S), CLOSED, suppressed=(hold("silenced"),)
    )
    assert on_time.outcome == "met"


@pytest.mark.parametrize(("why", "slack_s"), [("silenced", 0.0), ("muted", CALENDAR_STEP_S)])
def test_a_page_before_the_silence_ended_is_found(why: Suppression, slack_s: float) -> None:
    """A calendar may be behind by a step, but a page before that broke through."""
    expected = suppressed(why, UNTIL_S)
    early = replace(LATE[0], at_s=UNTIL_S - slack_s - 1)
    finding = check(expected, early, CLOSED, suppressed=(hold(why),))
    assert (finding.outcome, finding.broke_at) == ("unexpected", "paged")
    assert f"though it should be {why}" in finding.evidence
    just = replace(LATE[0], at_s=UNTIL_S - slack_s)
    assert check(expected, just, CLOSED, suppressed=(hold(why),)).outcome == "met"


def test_a_receiver_that_refuses_is_seen_to_refuse() -> None:
    """Not delivered means that somebody tried; silence for another reason is not met."""
    expected = suppressed("refused")
    assert check(expected, make_refusal(1, 130), make_refusal(2, 160)).outcome == "met"
    finding = check(expected)
    assert finding.outcome == "mismatched"
    assert "its receiver refused nothing: Alertmanager has it" in finding.evidence
    assert check(expected, make_refusal(1, 130), *GOOD).outcome == "unexpected"


GROUPED = Grouped(
    alert=ALERT,
    labels={"severity": "critical"},
    alerts=4,
    fires_within_s=200,
    resolves_within_s=900,
    receiver="oncall",
    integration="pagerduty",
)
TOGETHER = (
    make_notification(1, 130, "opened", *OTHERS[:2]),
    make_notification(2, 250, "updated", *OTHERS),
    make_notification(3, 830, "closed", *OTHERS),
)


def group(
    *notifications: Notification, expected: Grouped = GROUPED, events: tuple[Event, ...] = ()
) -> Finding:
    """Return how a group of four alerts came out."""
    return find(expected, make_timeline(events or make_events(*OTHERS), *notifications))


def test_a_group_in_one_incident_is_met() -> None:
    """Four alerts, one incident that grew."""
    finding = group(*TOGETHER)
    assert (finding.outcome, finding.evidence) == ("met", "4 fired, grouped into 1")
    assert dict(finding.observed) == {"firing": 100, "paged": 130, "resolved": 800, "page_resolved": 830}


SPLIT = (
    make_notification(1, 130, "opened", *OTHERS[:2]),
    make_notification(2, 140, "opened", *OTHERS[2:], incident="i2"),
    make_notification(3, 830, "closed", *OTHERS[:2]),
    make_notification(4, 830, "closed", *OTHERS[2:], incident="i2"),
)


@pytest.mark.parametrize(
    ("changed", "notifications", "outcome", "said"),
    [
        ({}, SPLIT, "mismatched", "2 incidents instead of 1"),
        ({"incidents": 2}, TOGETHER, "mismatched", "1 incidents instead of 2"),
        ({}, TOGETHER[:2], "missing", "an incident was never closed"),
        ({"notifications": 1}, TOGETHER, "mismatched", "2 notifications of one incident, at most 1 expected"),
        ({}, (TOGETHER[0], TOGETHER[2]), "missing", "was notified of 2 of the 4 alerts that fired"),
        ({}, (), "missing", "no page arrived: no route of Alertmanager's"),
        ({"integration": "slack"}, TOGETHER, "missing", "no page arrived"),
        ({"receiver": "channel"}, TOGETHER, "missing", "no page arrived"),
    ],
)
def test_each_statement_about_a_group_is_held(
    changed: dict[str, Any], notifications: tuple[Notification, ...], outcome: str, said: str
) -> None:
    """One thing that is not as the group says is found, named, and put down to the page."""
    received = (replace(receive("tickets"), labels=OTHERS[0]),)
    timeline = make_timeline(make_events(*OTHERS), *notifications, received=received)
    finding = find(replace(GROUPED, **changed), timeline)
    assert (finding.outcome, finding.broke_at) == (outcome, "paged")
    assert said in finding.evidence


def test_as_many_incidents_as_are_expected_are_met() -> None:
    """A group may be expected to be told in two."""
    assert group(*SPLIT, expected=replace(GROUPED, incidents=2)).outcome == "met"


@pytest.mark.parametrize(
    ("events", "outcome", "broke_at", "said"),
    [
        (make_events(*OTHERS[:3]), "missing", "firing", "3 fired by 3:20, not 4"),
        (
            (*make_events(*OTHERS[:3]), *make_events(OTHERS[3], fires_s=201)),
            "missing",
            "firing",
            "3 fired by 3:20",
        ),
        (make_events(*OTHERS)[:-1], "missing", "resolved", "1 of 4 never resolved"),
        (
            (*make_events(*OTHERS[:3]), *make_events(OTHERS[3], resolves_s=901)),
            "late",
            "resolved",
            "the last resolved at 15:01",
        ),
    ],
)
def test_the_alerts_of_a_group_fire_and_resolve_in_time(
    events: tuple[Event, ...], outcome: str, broke_at: str, said: str
) -> None:
    """A group whose alerts do not fire or resolve breaks there, whatever was paged."""
    finding = group(*TOGETHER, events=events)
    assert (finding.outcome, finding.broke_at) == (outcome, broke_at)
    assert said in finding.evidence


@pytest.mark.parametrize("expected", [expect(FULL), GROUPED, suppressed("silenced")])
def test_what_nobody_could_see_is_unobserved(expected: Expected) -> None:
    """Without an eye on the pages the verdict is neither met nor unmet."""
    events = make_events(LABELS, *OTHERS)
    timeline = replace(
        make_timeline(events, received=()), observed=frozenset({"pending", "firing", "resolved"})
    )
    verdict = judge(make_drill(expected), timeline)
    assert verdict.outcome == "unobserved"
    assert "it was not observed whether it was" in verdict.findings[0].evidence


def test_each_drill_has_its_own_notifications_in_its_own_time() -> None:
    """Of two drills on one alert, the second is not judged on what the first was told."""
    drill = make_drill(expect(FULL))
    placements = [Placement(drill=drill, start_s=start_s) for start_s in (0.0, 1300.0)]
    second = [
        replace(n, number=n.number + 3, at_s=n.at_s + 1300, incident="later", title=f"{n.title}er")
        for n in GOOD
    ]
    spans = (hold("silenced"), hold("muted", 1400, 1500))
    received = (receive("oncall"), receive("oncall", since_s=1395))
    timeline = make_timeline(
        (*EVENTS, *make_events(fires_s=1400, resolves_s=2100)),
        *GOOD,
        *second,
        suppressed=spans,
        received=received,
    )
    own = [select_for_drill(placement, placements, timeline) for placement in placements]
    assert [judge(drill, part).findings[0].outcome for part in own] == ["met", "mismatched"]
    assert [notification.at_s for notification in own[1].paging.notifications] == [130, 730, 830]
    assert [(span.why, span.since_s) for span in own[1].paging.suppressed] == [("muted", 100)]
    assert [one.since_s for one in own[1].paging.received] == [95]


def test_notifications_of_others_do_not_concern_an_expectation() -> None:
    """Another alert's incidents, refusals and holds are not held against this one."""
    other: Labels = {**LABELS, "model": "other"}
    strangers = (
        make_notification(11, 130, "opened", other, incident="o"),
        make_notification(12, 140, "opened", other, incident="p"),
        make_refusal(13, 140, alerts=strange(other)),
    )
    assert check(expect(FULL), *GOOD, *strangers).outcome == "met"
    elsewhere = (replace(receive("elsewhere"), labels=other),)
    assert "never had it" in check(expect(), received=elsewhere).evidence
    inhibited = (replace(hold("inhibited"), labels=other),)
    assert check(suppressed("inhibited"), suppressed=inhibited).outcome == "mismatched"
    assert "held it back" not in check(expect(), suppressed=inhibited).evidence
    recorded = (RecordedStep(kind="silenced", at_s=140, alert=ALERT, labels=other, by={"l": "x"}),)
    assert "silenced" not in check(expect(), recorded=recorded).evidence


def test_what_alertmanager_recorded_of_a_drills_alert_is_in_its_evidence() -> None:
    """In the drill's own time; what it recorded before the drill and after it is another's."""
    steps = [
        RecordedStep(kind="silenced", at_s=at_s, alert=ALERT, labels=LABELS, by={"l": f"{at_s}"})
        for at_s in (50, 150, 9999)
    ]
    assert "suppressed it: silenced by l=150 at 2:30" in check(expect(), recorded=tuple(steps[1:2])).evidence
    placement = Placement(drill=make_drill(expect()), start_s=100)
    timeline = make_timeline((), recorded=tuple(steps))
    (own,) = select_for_drill(placement, (placement,), timeline).paging.recorded
    assert (own.at_s, own.by) == (50, {"l": "150"})


def test_a_notification_that_names_no_alert_is_kept_to_explain_and_counts_for_nothing() -> None:
    """It may be about any alert, so it neither meets nor fails a statement about one."""
    nameless = make_refusal(9, 120, alerts=())
    blank = make_notification(10, 125, "none", alerts=(), incident=None)
    assert check(expect(FULL), nameless, blank, *GOOD).outcome == "met"
    assert "oncall refused 1 attempts" in check(expect(), nameless).evidence
    assert "but not of which alert" in check(expect(), blank).evidence
    assert check(suppressed("refused"), nameless).outcome == "met"


def test_a_refusal_by_another_receiver_is_not_the_one_that_was_expected() -> None:
    """That the page was not delivered is for its own receiver to show."""
    other = make_refusal(1, 130, receiver="log")
    assert check(suppressed("refused"), other).outcome == "mismatched"


def strange(labels: Labels) -> Any:
    """Return the alerts of a notification of another alert."""
    return make_notification(1, 0, "opened", labels).alerts


def test_a_near_miss_that_pages_is_found() -> None:
    """A page without a firing alert is an alarm as well."""
    near = NearMiss(alert=ALERT, labels={}, reaches=0.9, pending=False)
    finding = find(near, make_timeline((), OPENED))
    assert (finding.outcome, finding.evidence) == (
        "unexpected",
        "paged at 2:10, though it should stay silent",
    )
