"""Tests of what both members of a cluster told: doubted where one may have heard late, found elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.notified import (
    CLOSED,
    EVENTS,
    ONCALL,
    OPENED,
    expect,
    make_drill,
    make_notification,
    make_timeline,
)

from alertdrill.core.expectation import Expected, Grouped
from alertdrill.core.parts import find_peer_timeout_s
from alertdrill.core.timeline import Notification
from alertdrill.core.verdict import Finding
from alertdrill.judging.judge import judge

ONCE = replace(ONCALL, notifications=(1, 1))
AGAIN_S = 130 + 2 * find_peer_timeout_s(60)
"""The last instant at which a second member may tell again what was told at 2:10."""


def _check(*notifications: Notification, expected: Expected | None = None, members: int = 2) -> Finding:
    drill = replace(make_drill(expected or expect(ONCE)), alertmanagers=members)
    (finding,) = judge(drill, make_timeline(EVENTS, *notifications)).findings
    return finding


def test_a_page_that_both_sent_is_in_doubt() -> None:
    """It is neither met nor unmet, and who told whom when is said."""
    finding = _check(OPENED, make_notification(2, 190, "updated"), CLOSED)
    assert finding.outcome == "unobserved"
    assert finding.doubt.startswith(
        "both Alertmanagers notified oncall by pagerduty, at 2:10 and 3:10, as one does that has not heard "
        "of the other in time; whether the cluster would have told it once is unknown"
    )
    assert finding.broke_at is None


def test_an_end_that_both_told_is_in_doubt() -> None:
    """By mail, where nothing joins the two, the second is an incident of its own, which none closes."""
    second = replace(CLOSED, number=4, at_s=CLOSED.at_s + 60, incident="i2", effect="opened")
    assert _check(OPENED, CLOSED, second).outcome == "unobserved"


def test_a_group_that_both_told_is_in_doubt() -> None:
    """Grouped alerts are counted in notifications, too."""
    grouped = Grouped(
        alert="Slow",
        labels={},
        alerts=1,
        incidents=1,
        notifications=1,
        fires_within_s=200,
        resolves_within_s=900,
        receiver="oncall",
        integration="pagerduty",
    )
    assert _check(OPENED, CLOSED, expected=grouped).outcome == "met"
    told_twice = (OPENED, make_notification(2, 190, "updated"), CLOSED)
    assert _check(*told_twice, expected=grouped).outcome == "unobserved"
    assert _check(*told_twice, expected=grouped, members=1).outcome == "mismatched"


@pytest.mark.parametrize(
    ("second", "members"),
    [
        (make_notification(2, 190, "updated"), 1),
        (make_notification(2, AGAIN_S + 1, "updated"), 2),
        (make_notification(2, 190, "updated", {"model": "gpt-4.1", "severity": "warning"}), 2),
        (make_notification(2, 190, "updated", group_key="of another route"), 2),
    ],
    ids=["one Alertmanager", "too long after", "of another alert", "by another route"],
)
def test_what_no_member_repeats_is_found(second: Notification, members: int) -> None:
    """A second page that hearing late does not explain stays the configuration's."""
    finding = _check(OPENED, second, CLOSED, members=members)
    assert (finding.outcome, finding.broke_at) == ("mismatched", "paged")


def test_the_last_instant_is_still_in_doubt() -> None:
    """The second waits for its peer's timeout, and its own timers may be as much behind."""
    assert _check(OPENED, make_notification(2, AGAIN_S, "updated"), CLOSED).outcome == "unobserved"


def test_what_is_wrong_besides_is_found() -> None:
    """A doubt hides nothing that would be wrong without the second page."""
    late = replace(CLOSED, at_s=1250)
    finding = _check(OPENED, make_notification(2, 190, "updated"), late)
    assert finding.outcome == "late"


def test_a_cluster_that_told_it_once_is_met() -> None:
    """Nothing is doubted where nothing was told twice."""
    assert _check(OPENED, CLOSED).outcome == "met"
