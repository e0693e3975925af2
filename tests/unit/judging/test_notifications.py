"""Tests of what a delivery says of its notifications: each statement violated once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.notified import (
    CLOSED,
    FULL,
    GOOD,
    GROUP,
    LABELS,
    ONCALL,
    OPENED,
    OTHERS,
    REPEATED,
    check,
    expect,
    make_notification,
    make_refusal,
    receive,
)

from alertdrill.core.expectation import Delivery, Text
from alertdrill.core.timeline import Notification, NotifiedAlert
from alertdrill.judging.deliveries import fits


@given(st.text(), st.text(min_size=1), st.text())
def test_a_text_is_exact_contained_or_matched(before: str, text: str, after: str) -> None:
    """An exact text is all of it, a contained one a part, and an expression matches anywhere."""
    found = before + text + after
    assert fits(Text(how="exact", text=found), found)
    assert fits(Text(how="exact", text=text), found) == (not before + after)
    assert fits(Text(how="contains", text=text), found)
    assert not fits(Text(how="contains", text=found + text), found)


@pytest.mark.parametrize(
    ("text", "is_there"), [("b+c", True), ("^b", False), ("(?m)^c$", False), ("^a.*c$", True)]
)
def test_an_expression_matches_anywhere_unless_it_is_anchored(text: str, is_there: bool) -> None:
    """Expressions are Python's."""
    assert fits(Text(how="regex", text=text), "abbc") == is_there


def test_a_path_that_is_as_expected_is_met() -> None:
    """Where every statement holds, the expectation is met and no hop is to blame."""
    finding = check(
        expect(FULL, replace(FULL, notifications=(1, 1), notifications_within_s=(100, 200))), *GOOD
    )
    assert (finding.outcome, finding.broke_at, finding.evidence) == (
        "met",
        None,
        "fired, paged, resolved and closed in time",
    )


@pytest.mark.parametrize(
    ("changed", "notifications", "outcome", "said"),
    [
        ({"integration": "slack"}, GOOD, "missing", "oncall by slack got no notification, only pagerduty"),
        (
            {"group_labels": {}},
            GOOD,
            "mismatched",
            'grouped by alertname="Slow" instead of nothing',
        ),
        (
            {"group_labels": {**GROUP, "model": "gpt-4.1"}},
            GOOD,
            "mismatched",
            'instead of alertname="Slow", model="gpt-4.1"',
        ),
        (
            {"group_key": Text(how="regex", text="^k$")},
            GOOD,
            "mismatched",
            "the group key is 'key', not regex '^k$'",
        ),
        (
            {"title": Text(how="exact", text="slow")},
            GOOD,
            "mismatched",
            "the title is '[FIRING] slow', not exact 'slow'",
        ),
        (
            {"text": Text(how="contains", text="fast")},
            GOOD,
            "mismatched",
            "the text is 'is slow', not contains 'fast'",
        ),
        (
            {"title": Text(how="exact", text="[FIRING] slow")},
            (OPENED, replace(REPEATED, title="again"), CLOSED),
            "mismatched",
            "the title is 'again'",
        ),
        ({"notifications": (1, 1)}, GOOD, "mismatched", "2 notifications instead of 1"),
        ({"notifications": (3, 5)}, GOOD, "mismatched", "2 notifications instead of 3 to 5"),
        (
            {"notifications": (2, 2), "notifications_within_s": (130, 729)},
            GOOD,
            "mismatched",
            "1 notifications instead of 2",
        ),
        (
            {"notifications": (2, 2), "notifications_within_s": (131, 730)},
            GOOD,
            "mismatched",
            "1 notifications instead of 2",
        ),
        (
            {"repeats_after_s": (601, 660)},
            GOOD,
            "mismatched",
            "repeated after 10:00 instead of 10:01 to 11:00",
        ),
        ({"repeats_after_s": (60, 599)}, GOOD, "mismatched", "repeated after 10:00 instead of 1:00 to 9:59"),
        ({"refused": (1, 2)}, GOOD, "mismatched", "0 refused attempts instead of 1 to 2"),
        (
            {"refused": (0, 0)},
            (make_refusal(9, 128), *GOOD),
            "mismatched",
            "1 refused attempts instead of 0",
        ),
        ({"alerts": (2, 4)}, GOOD, "mismatched", "1 alerts together instead of 2 to 4"),
        (
            {"alerts": (1, 1)},
            (make_notification(1, 130, "opened", LABELS, OTHERS[0]), CLOSED),
            "mismatched",
            "2 alerts together instead of 1",
        ),
        ({"closes": False}, GOOD, "unexpected", "oncall was notified of the end at 13:50"),
    ],
)
def test_each_statement_of_a_delivery_is_held(
    changed: dict[str, Any], notifications: tuple[Notification, ...], outcome: str, said: str
) -> None:
    """One thing that is not as a delivery says is found, named, and put down to the page."""
    finding = check(expect(replace(ONCALL, **changed)), *notifications)
    assert (finding.outcome, finding.broke_at) == (
        outcome,
        "page_resolved" if "closes" in changed else "paged",
    )
    assert said in finding.evidence


def test_a_delivery_of_a_receiver_that_was_never_told_is_missing() -> None:
    """Deliveries may name further receivers, and each of them must be paged."""
    finding = check(
        expect(ONCALL, Delivery(receiver="channel")), *GOOD, received=(receive("channel", "oncall"),)
    )
    assert (finding.outcome, finding.broke_at) == ("missing", "paged")
    assert "routes it to channel, and sent nothing" in finding.evidence


def test_a_further_receiver_that_is_told_is_no_stranger() -> None:
    """Whoever a delivery names may be paged, and has to be told of the end as well."""
    other = [replace(n, receiver="channel", integration="slack", incident="i2") for n in GOOD]
    expected = expect(ONCALL, Delivery(receiver="channel"))
    assert check(expected, *GOOD, *other).outcome == "met"
    assert check(expect(), *GOOD, *other).outcome == "mismatched"
    open_still = check(expected, *GOOD, *other[:-1], received=(receive("channel", "oncall"),))
    assert (open_still.outcome, open_still.broke_at) == ("missing", "page_resolved")


def test_one_integration_that_stays_silent_is_found() -> None:
    """A receiver with two integrations is paged by both only if a delivery is stated for each."""
    expected = expect(ONCALL, Delivery(receiver="oncall", integration="email"))
    finding = check(expected, *GOOD)
    assert "oncall by email got no notification, only pagerduty" in finding.evidence
    mails = [replace(notification, integration="email", incident="mail") for notification in GOOD]
    assert check(expected, *GOOD, *mails).outcome == "met"


def test_a_receiver_that_hears_no_end_is_met_without_one() -> None:
    """With `closes` false, an incident that stays open is as expected."""
    assert check(expect(replace(ONCALL, closes=False)), OPENED).outcome == "met"


def test_what_an_incident_said_of_another_alert_is_no_page_of_this_one() -> None:
    """An alert may join an incident that another one opened, with a title and at an instant of its own."""
    others = (NotifiedAlert(alert="Other", labels=LABELS, status="firing"),)
    before = make_notification(0, 40, "opened", alerts=others, title="[FIRING] other")
    joined = replace(OPENED, effect="updated")
    assert check(expect(FULL), before, joined, REPEATED, CLOSED).outcome == "met"


def test_a_receiver_that_cannot_be_played_leaves_its_page_unobserved() -> None:
    """It was routed there, and nobody could see whether it arrived; to another one it has to be."""
    unplayed = {"oncall": ("pigeon",)}
    finding = check(expect(), unplayed=unplayed)
    assert (finding.outcome, finding.broke_at) == ("unobserved", "paged")
    assert "routes it to oncall; whether pigeon was delivered to was not observed" in finding.evidence
    assert check(expect(), unplayed=unplayed, received=(receive("channel"),)).outcome == "missing"
    assert check(expect(), unplayed={"channel": ("pigeon",)}).outcome == "missing"
