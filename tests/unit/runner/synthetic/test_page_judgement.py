"""Tests of what is said of an alert's pages: exactly one of each integration, opened and closed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.page_records import bind_alert, make_alert, make_config

from alertdrill.core.expectation import Integration, Suppression
from alertdrill.core.timeline import Notification, NotifiedAlert, SuppressedSpan
from alertdrill.errors import BadInput
from alertdrill.runner.synthetic.batches import Bound
from alertdrill.runner.synthetic.integrations import list_senders
from alertdrill.runner.synthetic.pages import (
    Row,
    Seen,
    Sent,
    is_closed_everywhere,
    is_open_everywhere,
    judge_alert,
    look_at,
)
from alertdrill.runner.synthetic.route import check_nobody, find_destination

SENT = Sent(fired_s=10.0, resolved_s=100.0)
CONFIG = make_config({"receiver": "x", "group_by": ["..."]}, x=["pagerduty", "slack"])
CONFIG_OF_NOBODY = make_config({"receiver": "x"}, x=[])
ALERT = make_alert("A", pod="p")
BOUND = bind_alert(ALERT, CONFIG)
NAMED = {name: value for name, value in ALERT.labels.items() if name != "alertname"}


def notification(
    incident: str,
    integration: Integration = "pagerduty",
    *,
    closes: bool = False,
    at_s: float = 40.0,
    is_accepted: bool = True,
) -> Notification:
    """Return a notification of the alert."""
    status = "resolved" if closes else "firing"
    return Notification(
        number=1,
        at_s=at_s,
        receiver="x",
        integration=integration,
        status="resolved" if closes else "firing",
        is_accepted=is_accepted,
        answer="202" if is_accepted else "400",
        why="" if is_accepted else "it is too long",
        alerts=(
            NotifiedAlert(alert="A", labels=NAMED, status="resolved" if status == "resolved" else "firing"),
        ),
        incident=incident,
        effect=("closed" if closes else "opened") if is_accepted else "none",
        title="[FIRING:1] A",
    )


def see(*notifications: Notification, suppressed: tuple[SuppressedSpan, ...] = ()) -> Seen:
    """Return what was seen of these notifications."""
    return Seen(notifications=notifications, suppressed=suppressed)


def judge(seen: Seen) -> Row:
    """Judge the alert, which fired at 10 s and was resolved at 100 s."""
    return judge_alert(BOUND, seen, SENT)


OPENED = (notification("p1"), notification("s1", "slack"))
CLOSED = notification("p1", closes=True, at_s=150.0)


def test_one_page_of_each_integration_opened_and_closed_is_right() -> None:
    """Slack is not told of resolutions unless the config says so, so its page stays open."""
    row = judge(see(*OPENED, CLOSED))
    assert (row.outcome, row.evidence, row.is_unmet) == ("paged", "", False)
    (pagerduty, slack) = row.pages
    assert (pagerduty.opened_after_s, pagerduty.closed_after_s) == (30.0, 50.0)
    assert (slack.integration, slack.closed_after_s, slack.title) == ("slack", None, "[FIRING:1] A")


def test_a_page_too_many_is_wrong() -> None:
    """Two incidents of one integration are two pages for one alert."""
    row = judge(see(*OPENED, CLOSED, notification("p2"), replace(CLOSED, incident="p2")))
    assert row.outcome == "not paged"
    assert row.is_unmet
    assert row.evidence == "pagerduty of x opened 2 pages where 1 was to be expected"


def test_a_page_that_stays_open_is_wrong() -> None:
    """The receiver wants to be told of the end, and was not."""
    row = judge(see(*OPENED))
    assert row.is_unmet
    assert row.evidence == "pagerduty of x closed 0 of 1 pages"


def test_a_page_that_is_missing_is_explained() -> None:
    """By what the receiver answered."""
    row = judge(see(notification("p1"), CLOSED, notification("s1", "slack", is_accepted=False)))
    assert row.is_unmet
    assert row.evidence == (
        "slack of x opened 0 pages where 1 was to be expected; slack answered 400: it is too long"
    )


def test_a_notification_about_nothing_is_told_of() -> None:
    """It arrived, and says of no alert that it is about it."""
    row = judge(see(notification("p1"), CLOSED, replace(notification("", "slack"), incident=None, alerts=())))
    assert row.is_unmet
    assert row.evidence.endswith("does not say what it is about: did a template fail?")


def mute(*intervals: str) -> Bound:
    """Return the alert on its way by a route that these time intervals may mute."""
    legs = tuple(replace(leg, intervals=intervals) for leg in BOUND.destination.legs)
    return replace(BOUND, destination=replace(BOUND.destination, legs=legs))


def hold(why: Suppression, alert: str = "A", **by: str) -> SuppressedSpan:
    """Return that Alertmanager held an alert back, and by what."""
    return SuppressedSpan(alert=alert, labels=NAMED, why=why, by=by, since_s=20.0, until_s=30.0)


def test_an_alert_that_is_held_back_is_said_so_and_is_no_failure() -> None:
    """A time interval mutes it now; at another time it pages."""
    held = hold("muted", interval="night")
    row = judge_alert(mute("night"), see(suppressed=(held,)), SENT)
    assert (row.outcome, row.evidence, row.is_unmet) == ("suppressed", 'muted by {interval="night"}', False)
    assert judge(see(suppressed=(hold("muted", "B", interval="night"),))).outcome == "not paged"
    assert judge(see(suppressed=(hold("inhibited", alertname="B"),))).outcome == "suppressed"
    assert judge(see(suppressed=(hold("silenced", team="a"),))).outcome == "suppressed"


def test_of_a_mute_that_nothing_says_more_of_the_time_intervals_of_the_route_are_named() -> None:
    """Alertmanager's log says only that the alert's route muted it."""
    row = judge_alert(mute("night", "weekend"), see(suppressed=(hold("muted"),)), SENT)
    assert (row.outcome, row.evidence) == ("suppressed", "muted by the time interval night or weekend")


@pytest.mark.parametrize("by", [{}, {"interval": "night"}])
def test_a_time_interval_excuses_no_other_route_than_its_own(by: dict[str, str]) -> None:
    """Another receiver is to be paged all the same, and is waited for."""
    muted, other = mute("night").destination.legs[0], replace(BOUND.destination.legs[0], receiver="y")
    bound = replace(BOUND, destination=replace(BOUND.destination, legs=(muted, other)))
    seen = see(suppressed=(hold("muted", **by),))
    assert not is_open_everywhere(bound, seen, SENT)
    row = judge_alert(bound, seen, SENT)
    assert row.outcome == "not paged"
    assert "of y opened 0 pages" in row.evidence
    assert "of x" not in row.evidence
    paged = see(*(replace(one, receiver="y") for one in (*OPENED, CLOSED)), suppressed=seen.suppressed)
    assert is_open_everywhere(bound, paged, SENT)
    assert judge_alert(bound, paged, SENT).outcome == "suppressed"


def test_what_befell_others_at_a_receiver_is_no_reason_of_an_alert_that_was_held_back() -> None:
    """Alertmanager complains of the receiver; that says nothing of an alert that it never told it of."""
    trouble = "Alertmanager's log says 'Notify for alerts failed err=x/slack[0]: no such channel'"
    seen = replace(see(suppressed=(hold("silenced", team="a"),)), troubles=(trouble,))
    assert judge(seen).outcome == "suppressed"
    assert judge(replace(seen, suppressed=())).evidence.endswith(trouble)
    refused = notification("s1", "slack", is_accepted=False)
    assert judge(replace(seen, notifications=(refused,))).outcome == "not paged"


@pytest.mark.parametrize(
    "trouble",
    [
        'Alertmanager gave up 3 notifications (integration="xmatters")',
        "Alertmanager's log says 'Notify for alerts failed err=xy/slack[0]: no such channel'",
        "Alertmanager's log says 'notify retry receiver=prefix-x integration=slack[0]'",
    ],
)
def test_the_trouble_of_another_receiver_explains_nothing(trouble: str) -> None:
    """A name may be part of another, or of an integration's."""
    assert trouble not in judge(replace(see(), troubles=(trouble,))).evidence


def test_an_alert_without_any_receiver_is_wrong_before_it_is_sent() -> None:
    """A receiver without integrations tells nobody."""
    bound = bind_alert(ALERT, CONFIG_OF_NOBODY)
    assert look_at(bound).outcome == "nowhere"
    assert look_at(bound).is_unmet
    assert look_at(bound).evidence == "no receiver has an integration; if that is meant, say so by --nobody x"
    meant = find_destination(CONFIG_OF_NOBODY, list_senders(CONFIG_OF_NOBODY), ALERT.labels, ["x"])
    row = judge_alert(replace(bound, destination=meant), see(), SENT)
    assert (row.outcome, row.is_unmet) == ("meant for nobody", False)
    assert look_at(BOUND).outcome == "not sent"


def test_pages_of_other_alerts_do_not_count() -> None:
    """What is about another alert is no page of this one."""
    other = replace(notification("p1"), alerts=(NotifiedAlert(alert="B", labels=NAMED, status="firing"),))
    assert judge(see(other)).is_unmet


def test_it_is_known_when_there_is_nothing_to_wait_for() -> None:
    """All open; and of what is open, all closed that will be."""
    assert not is_open_everywhere(BOUND, see(OPENED[0]), SENT)
    assert is_open_everywhere(BOUND, see(*OPENED), SENT)
    assert not is_closed_everywhere(BOUND, see(*OPENED), SENT)
    assert is_closed_everywhere(BOUND, see(*OPENED, CLOSED), SENT)
    assert is_closed_everywhere(BOUND, see(OPENED[1]), SENT)


def test_a_page_begins_with_what_it_says_of_the_alert() -> None:
    """It joined an incident that another alert had opened, and that nobody is notified of the end of."""
    other = NotifiedAlert(alert="B", labels=NAMED, status="firing")
    before = replace(notification("s1", "slack", at_s=2.0), alerts=(other,), title="[FIRING:1] B")
    both = replace(notification("s1", "slack", at_s=45.0), effect="updated")
    repeated = replace(both, at_s=80.0, title="again")
    row = judge(see(before, OPENED[0], both, repeated, CLOSED))
    assert (row.outcome, row.evidence) == ("paged", "")
    slack = row.pages[-1]
    assert (slack.integration, slack.title, slack.opened_after_s) == ("slack", "[FIRING:1] A", 35.0)


def test_an_end_within_a_group_that_fires_on_is_an_end() -> None:
    """The notification is firing for the sake of another alert, and says that this one is resolved."""
    ended = replace(notification("p1", closes=True, at_s=120.0), status="firing", effect="updated")
    row = judge(see(*OPENED, ended))
    assert (row.outcome, row.pages[0].closed_after_s) == ("paged", 20.0)


def test_what_was_seen_of_an_alert_with_the_same_labels_before_is_not_its_own() -> None:
    """Neither its page nor its end makes a delay that is negative."""
    before = (notification("p0", at_s=1.0), notification("p0", closes=True, at_s=9.0))
    row = judge(see(*before, *OPENED, CLOSED))
    assert (row.outcome, [page.opened_after_s for page in row.pages]) == ("paged", [30.0, 30.0])
    late = replace(CLOSED, at_s=300.0)
    assert judge_alert(BOUND, see(*OPENED, late), replace(SENT, until_s=200.0)).outcome == "not paged"


def test_who_is_meant_to_be_nobody_must_be_there_for_nobody() -> None:
    """A slip of the pen is seen at once, and so is a receiver that notifies somebody after all."""
    check_nobody(["x"], list_senders(CONFIG_OF_NOBODY))
    with pytest.raises(BadInput, match="--nobody y: Alertmanager has no receiver of that name"):
        check_nobody(["y"], list_senders(CONFIG_OF_NOBODY))
    with pytest.raises(BadInput, match="--nobody x: that receiver notifies somebody, by pagerduty, slack"):
        check_nobody(["x"], list_senders(CONFIG))
