"""Tests of how notifications become incidents."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.notified import make_notification, make_refusal

from alertdrill.core.timeline import Notification
from alertdrill.judging.incidents import list_incidents


def test_an_incident_is_what_its_notifications_opened_updated_and_closed() -> None:
    """An incident has the instants of its first notification and of its close, and its first title."""
    (incident,) = list_incidents(
        (
            make_notification(1, 130, "opened", title="began"),
            make_notification(2, 190, "updated", title="goes on"),
            make_notification(3, 800, "closed", title="is over"),
        )
    )
    assert (incident.opened_s, incident.closed_s, incident.title) == (130, 800, "began")
    assert [notification.number for notification in incident.pages] == [1, 2]
    assert (incident.receiver, incident.integration) == ("oncall", "pagerduty")


def test_an_incident_without_a_close_is_open() -> None:
    """As long as no notification closed it, an incident has no instant at which it was closed."""
    (incident,) = list_incidents((make_notification(1, 130, "opened"), make_notification(2, 190, "updated")))
    assert incident.closed_s is None


def test_refused_attempts_make_no_incident() -> None:
    """What the receiver refused nobody has seen."""
    refused = make_refusal(1, 130)
    late = make_refusal(2, 140, incident="i1")
    assert list_incidents((refused, late)) == ()


def test_a_notification_without_an_effect_is_no_page() -> None:
    """An accepted notification that did nothing to its incident is not counted among its pages."""
    notifications = (make_notification(1, 130, "opened"), make_notification(2, 140, "none"))
    (incident,) = list_incidents(notifications)
    assert [notification.number for notification in incident.pages] == [1]


def test_incidents_are_in_the_order_in_which_they_were_opened() -> None:
    """The order is that of the first notifications, whatever the identities are."""
    notifications = (
        make_notification(1, 200, "opened", incident="a"),
        make_notification(2, 100, "opened", incident="z"),
        make_notification(3, 300, "closed", incident="z"),
    )
    assert [incident.id for incident in list_incidents(notifications)] == ["z", "a"]


@st.composite
def _journals(draw: st.DrawFn) -> tuple[Notification, ...]:
    """Return the notifications of a few incidents, each opened first, mixed with refused attempts."""
    notifications: list[Notification] = []
    for number in range(1, draw(st.integers(1, 30))):
        name = draw(st.sampled_from("abc"))
        if draw(st.booleans()):
            notifications.append(make_refusal(number, 10.0 * number))
            continue
        own = [notification for notification in notifications if notification.incident == name]
        if own and own[-1].effect == "closed":
            continue
        effect = draw(st.sampled_from(("updated", "closed"))) if own else "opened"
        notifications.append(make_notification(number, 10.0 * number, effect, incident=name))
    return tuple(notifications)


@given(_journals())
def test_every_accepted_notification_is_in_exactly_one_incident(
    notifications: tuple[Notification, ...],
) -> None:
    """No accepted notification is lost or counted twice, and every incident is of one identity."""
    incidents = list_incidents(notifications)
    told = [notification.number for incident in incidents for notification in incident.notifications]
    assert sorted(told) == [notification.number for notification in notifications if notification.is_accepted]
    assert all({notification.incident for notification in one.notifications} == {one.id} for one in incidents)
    assert all(one.opened_s == one.notifications[0].at_s for one in incidents)
    assert all((one.closed_s is None) == (one.notifications[-1].effect != "closed") for one in incidents)
