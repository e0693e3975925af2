"""How long the hops of the paging path took."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import (
    Event,
    EventKind,
    Notification,
    NotifiedAlert,
    PagingPath,
    SuppressedSpan,
    Timeline,
)
from alertdrill.core.verdict import Finding
from alertdrill.judging.page_latency import Spread, count_told, find_held, summarise_inboxes, time_hops

HELD = SuppressedSpan(alert="A", labels={"n": "1"}, why="silenced", by={}, since_s=100, until_s=400)
DRILL = Drill(name="d", system="s", traffic=(), expects=(), why="", lasts_s=1000)


def _find(**observed: float) -> Finding:
    return Finding(outcome="met", alert="A", labels={}, expectation=None, observed=observed, evidence="")


def _notification(
    number: int, at_s: float, effect: str, *names: str, incident: str = "i", receiver: str = "ops"
) -> Notification:
    return Notification(
        number=number,
        at_s=at_s,
        receiver=receiver,
        integration="slack",
        status="resolved" if effect == "closed" else "firing",
        is_accepted=effect != "none",
        answer="200" if effect != "none" else "429",
        alerts=tuple(
            NotifiedAlert(
                alert="A",
                labels={"n": name, "cluster": "c"},
                status="resolved" if effect == "closed" else "firing",
            )
            for name in names
        ),
        incident=incident if effect != "none" else None,
        effect=effect,  # type: ignore[arg-type]  # one of its words
    )  # fmt: skip


def _event(at_s: float, kind: EventKind, name: str) -> Event:
    return Event(at_s=at_s, kind=kind, alert="A", labels={"n": name})


def _run(
    notifications: tuple[Notification, ...], events: tuple[Event, ...], *held: SuppressedSpan
) -> Timeline:
    return Timeline(
        mode="live",
        speed=60,
        until_s=5000,
        observed=frozenset(),
        events=events,
        paging=PagingPath(notifications=notifications, suppressed=held),
    )


def test_hops_of_a_finding() -> None:
    """The page counts from the firing, the close from the resolution, and what was not seen has no time."""
    times = time_hops(_find(pending=5, firing=65, paged=100, resolved=300, page_resolved=350), ())
    assert (times.firing_to_paged_s, times.resolved_to_closed_s, times.held_s) == (35, 50, 0)
    assert time_hops(_find(firing=65, resolved=300), ()).firing_to_paged_s is None
    assert time_hops(_find(firing=65, paged=100, resolved=300), ()).resolved_to_closed_s is None
    assert time_hops(_find(resolved=300, page_resolved=295), ()).resolved_to_closed_s == 0


def test_held_is_the_part_of_the_wait_that_something_held_the_page_back() -> None:
    """Spans that overlap count once, what lies outside not at all, nor a receiver that refuses."""
    spans = (
        HELD,
        replace(HELD, why="muted", since_s=350, until_s=450),
        replace(HELD, since_s=20, until_s=80),
        replace(HELD, why="refused", since_s=450, until_s=600),
    )
    times = time_hops(_find(firing=65, paged=600), spans)
    assert times.held_s == pytest.approx(15 + 350)
    assert time_hops(_find(firing=65), spans).held_s == 0


@pytest.mark.parametrize(
    ("labels", "alert", "start_s", "found"),
    [
        ({}, "A", 50, True),
        ({"n": "1"}, "A", 50, True),
        ({"n": "2"}, "A", 50, False),
        ({}, "B", 50, False),
        ({}, "A", 400, False),
        ({}, "A", 399, True),
        ({}, "A", -899, True),
        ({}, "A", -900, False),
    ],
)
def test_spans_of_a_finding(labels: Labels, alert: str, start_s: float, found: bool) -> None:
    """A finding's spans are those of its alert and labels while its drill is held, in the drill's time."""
    finding = replace(_find(), alert=alert, labels=labels)
    spans = find_held(finding, Placement(drill=DRILL, start_s=start_s), _run((), (), HELD))
    moved = replace(HELD, since_s=100 - start_s, until_s=400 - start_s)
    assert spans == ((moved,) if found else ())
    assert find_held(_find(), None, _run((), (), HELD)) == (HELD,)


@pytest.mark.parametrize(
    ("labels", "start_s", "counts"),
    [
        ({"n": "1"}, 0, [("mail", 0, 1), ("ops", 2, 0)]),
        ({"n": "2"}, 0, [("ops", 1, 0)]),
        ({}, 0, [("mail", 0, 1), ("ops", 2, 0)]),
        ({"n": "3"}, 0, []),
        ({}, 150, [("mail", 0, 1), ("ops", 1, 0)]),
        ({}, -850, [("ops", 1, 0)]),
    ],
)
def test_who_was_told(labels: Labels, start_s: float, counts: list[tuple[str, int, int]]) -> None:
    """Notices of a finding's alert are counted by receiver while its drill is held, taken or refused."""
    notifications = (
        _notification(1, 149, "opened", "1"),
        _notification(2, 150, "none", "1", receiver="mail"),
        _notification(3, 200, "updated", "1", "2"),
    )
    finding = replace(_find(), labels=labels)
    told = count_told(finding, Placement(drill=DRILL, start_s=start_s), _run(notifications, ()))
    assert [(one.receiver, one.accepted, one.refused) for one in told] == counts


def test_page_counts_from_the_first_alert_of_the_notification_that_opened_it() -> None:
    """An incident's delay is that of its oldest alert, counted from its latest firing before the page."""
    events = (
        _event(10, "firing", "1"),
        _event(60, "resolved", "1"),
        _event(100, "firing", "1"),
        _event(120, "firing", "2"),
        _event(140, "firing", "3"),
        _event(500, "firing", "1"),
    )
    notifications = (
        _notification(1, 150, "opened", "1", "2"),
        _notification(2, 200, "updated", "1", "2", "3"),
    )
    (summary,) = summarise_inboxes(_run(notifications, events))
    assert summary.firing_to_paged == Spread(median_s=50, max_s=50)
    assert (summary.opened, summary.closed, summary.resolved_to_closed) == (1, 0, None)


def test_page_counts_from_the_end_of_what_held_it_back() -> None:
    """A silence of five minutes is no delay; a receiver that refuses for five minutes is one."""
    notifications = (_notification(1, 430, "opened", "1"),)
    events = (_event(90, "firing", "1"),)
    (summary,) = summarise_inboxes(_run(notifications, events, HELD))
    assert summary.firing_to_paged == Spread(median_s=30, max_s=30)
    (summary,) = summarise_inboxes(_run(notifications, events, replace(HELD, why="refused")))
    assert summary.firing_to_paged == Spread(median_s=340, max_s=340)


def test_span_that_was_seen_to_end_late_leaves_no_delay() -> None:
    """A span is looked at now and then, so it may seem to outlast the page; one after it does not matter."""
    events = (_event(90, "firing", "1"),)
    (summary,) = summarise_inboxes(_run((_notification(1, 395, "opened", "1"),), events, HELD))
    assert summary.firing_to_paged == Spread(median_s=0, max_s=0)
    (summary,) = summarise_inboxes(_run((_notification(1, 95, "opened", "1"),), events, HELD))
    assert summary.firing_to_paged == Spread(median_s=5, max_s=5)


def test_alert_that_is_over_as_the_page_comes_is_not_waited_for() -> None:
    """An alert that the first notification already calls resolved does not make the page late."""
    notification = _notification(1, 150, "opened", "1", "2")
    first, second = notification.alerts
    notification = replace(notification, alerts=(replace(first, status="resolved"), second))
    events = (_event(10, "firing", "1"), _event(60, "resolved", "1"), _event(120, "firing", "2"))
    (summary,) = summarise_inboxes(_run((notification,), events))
    assert summary.firing_to_paged == Spread(median_s=30, max_s=30)


def test_close_of_an_alert_that_was_not_seen_to_resolve_has_no_duration() -> None:
    """A resolution before the incident was opened belongs to an earlier one."""
    events = (_event(10, "firing", "1"), _event(60, "resolved", "1"), _event(100, "firing", "1"))
    notifications = (_notification(1, 110, "opened", "1"), _notification(2, 300, "closed", "1"))
    (summary,) = summarise_inboxes(_run(notifications, events))
    assert summary.closed == 1
    assert summary.resolved_to_closed is None


def test_close_counts_from_the_last_alert_that_resolved() -> None:
    """What resolved an evaluation later than the close, which is as fine as it is known, took no time."""
    opened = _notification(1, 110, "opened", "1", "2")
    events = (_event(100, "firing", "1"), _event(200, "resolved", "1"), _event(260, "resolved", "2"))
    (summary,) = summarise_inboxes(_run((opened, _notification(2, 300, "closed", "1", "2")), events))
    assert summary.resolved_to_closed == Spread(median_s=40, max_s=40)
    (summary,) = summarise_inboxes(_run((opened, _notification(2, 250, "closed", "1", "2")), events))
    assert summary.resolved_to_closed == Spread(median_s=0, max_s=0)
    (summary,) = summarise_inboxes(_run((opened, _notification(2, 220, "closed", "1", "2")), events))
    assert summary.resolved_to_closed == Spread(median_s=20, max_s=20)


def test_each_inbox_has_its_own_summary() -> None:
    """Incidents and refusals are counted by receiver and integration; one that only refused is there, too."""
    events = (_event(100, "firing", "1"), _event(100, "firing", "2"), _event(100, "firing", "3"))
    notifications = (
        _notification(1, 110, "opened", "1", incident="a"),
        _notification(2, 130, "opened", "2", incident="b"),
        _notification(3, 190, "opened", "3", incident="c"),
        _notification(4, 200, "none", "1", receiver="mail"),
        replace(_notification(5, 101, "opened", "1", incident="d"), integration="pagerduty"),
    )
    summaries = {
        (one.receiver, one.integration): one for one in summarise_inboxes(_run(notifications, events))
    }
    assert list(summaries) == [("mail", "slack"), ("ops", "pagerduty"), ("ops", "slack")]
    assert summaries["ops", "slack"].firing_to_paged == Spread(median_s=30, max_s=90)
    assert summaries["ops", "pagerduty"].firing_to_paged == Spread(median_s=1, max_s=1)
    assert (summaries["mail", "slack"].opened, summaries["mail", "slack"].refused) == (0, 1)
    assert summaries["ops", "slack"].refused == 0


def test_incident_without_alerts_has_no_duration() -> None:
    """A dead man's switch pages without any alert, and so without a firing to count from."""
    (summary,) = summarise_inboxes(
        _run((_notification(1, 110, "opened"), _notification(2, 150, "closed")), ())
    )
    assert (summary.opened, summary.closed) == (1, 1)
    assert summary.firing_to_paged is None
    assert summary.resolved_to_closed is None
