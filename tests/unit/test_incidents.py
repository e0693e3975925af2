"""Tests of how notices become incidents."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from notices import make_notice, make_refusal

from alertdrill.core.model import Notice
from alertdrill.judging.incidents import list_incidents


def test_an_incident_is_what_its_notices_opened_updated_and_closed() -> None:
    """An incident has the instants of its first notice and of its close, and the title it was opened with."""
    (incident,) = list_incidents(
        (
            make_notice(1, 130, "opened", title="began"),
            make_notice(2, 190, "updated", title="goes on"),
            make_notice(3, 800, "closed", title="is over"),
        )
    )
    assert (incident.opened_s, incident.closed_s, incident.title) == (130, 800, "began")
    assert [notice.number for notice in incident.pages] == [1, 2]
    assert (incident.receiver, incident.integration) == ("oncall", "pagerduty")


def test_an_incident_without_a_close_is_open() -> None:
    """As long as no notice closed it, an incident has no instant at which it was closed."""
    (incident,) = list_incidents((make_notice(1, 130, "opened"), make_notice(2, 190, "updated")))
    assert incident.closed_s is None


def test_refused_attempts_make_no_incident() -> None:
    """What the receiver refused nobody has seen."""
    refused = make_refusal(1, 130)
    late = make_refusal(2, 140, incident="i1")
    assert list_incidents((refused, late)) == ()


def test_a_notice_without_an_effect_is_no_page() -> None:
    """An accepted notice that did nothing to its incident is not counted among its pages."""
    notices = (make_notice(1, 130, "opened"), make_notice(2, 140, "none"))
    (incident,) = list_incidents(notices)
    assert [notice.number for notice in incident.pages] == [1]


def test_incidents_are_in_the_order_in_which_they_were_opened() -> None:
    """The order is that of the first notices, whatever the identities are."""
    notices = (
        make_notice(1, 200, "opened", incident="a"),
        make_notice(2, 100, "opened", incident="z"),
        make_notice(3, 300, "closed", incident="z"),
    )
    assert [incident.id for incident in list_incidents(notices)] == ["z", "a"]


@st.composite
def _journals(draw: st.DrawFn) -> tuple[Notice, ...]:
    """Return the notices of a few incidents, each opened first, mixed with refused attempts."""
    notices: list[Notice] = []
    for number in range(1, draw(st.integers(1, 30))):
        name = draw(st.sampled_from("abc"))
        if draw(st.booleans()):
            notices.append(make_refusal(number, 10.0 * number))
            continue
        own = [notice for notice in notices if notice.incident == name]
        if own and own[-1].effect == "closed":
            continue
        effect = draw(st.sampled_from(("updated", "closed"))) if own else "opened"
        notices.append(make_notice(number, 10.0 * number, effect, incident=name))
    return tuple(notices)


@given(_journals())
def test_every_accepted_notice_is_in_exactly_one_incident(notices: tuple[Notice, ...]) -> None:
    """No accepted notice is lost or counted twice, and every incident is of one identity."""
    incidents = list_incidents(notices)
    told = [notice.number for incident in incidents for notice in incident.notices]
    assert sorted(told) == [notice.number for notice in notices if notice.is_accepted]
    assert all({notice.incident for notice in one.notices} == {one.id} for one in incidents)
    assert all(one.opened_s == one.notices[0].at_s for one in incidents)
    assert all((one.closed_s is None) == (one.notices[-1].effect != "closed") for one in incidents)
