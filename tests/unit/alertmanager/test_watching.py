"""Tests of what is seen between Prometheus and the receivers: notices, holds, mutes, troubles."""

from __future__ import annotations

import pytest
from support.canned_path import (
    CLOCK,
    DOWN,
    FULL,
    LABELS,
    LOOK_S,
    SILENCE,
    CannedApi,
    look_at,
    make_alert,
    make_group,
    make_raw,
    watch,
)

from alertdrill.alertmanager.watching import (
    LOOKS_APART,
    PathWatch,
    make_page_events,
)
from alertdrill.core.expectation import Suppression
from alertdrill.core.fingerprint import fingerprint
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Event, Notification, Received, SuppressedSpan
from alertdrill.errors import ComponentFailed


def list_spans(path: PathWatch) -> list[tuple[float, float]]:
    """Return from when to when something was held."""
    return [(span.since_s, span.until_s) for span in path.read((), (), ()).suppressed]


def test_an_alert_is_received_when_it_is_first_seen_and_by_all_its_receivers() -> None:
    """Routes that a reload or another group shows later are added; the instant stays the first."""
    path = look_at(
        (30, [make_group(make_alert(FULL, "oncall"))]),
        (90, [make_group(make_alert(FULL, "channel"))]),
        (150, []),
    )
    assert path.read((), (), ()).received == (
        Received(alert="Slow", labels=LABELS, since_s=30, receivers=("channel", "oncall")),
    )


def test_an_alert_that_comes_again_is_received_again() -> None:
    """Of two drills on one alert, each finds when Alertmanager had it for this one."""
    there = [make_group(make_alert(FULL, "oncall"))]
    again_s = 30 + (LOOKS_APART + 1) * LOOK_S
    path = look_at((0, there), (30, there), (60, []), (again_s, there))
    assert [one.since_s for one in path.read((), (), ()).received] == [0, again_s]
    path = look_at((0, there), (30, []), (LOOKS_APART * LOOK_S, there))
    assert [one.since_s for one in path.read((), (), ()).received] == [0]


def test_the_api_is_not_asked_more_often_than_it_needs_to_be() -> None:
    """Between two looks is at least half a second (wall); the journal is read every time."""
    api = CannedApi(groups=[])
    path = watch(api)
    for now_s in (0, LOOK_S - 0.1, LOOK_S, 2 * LOOK_S - 0.1):
        path.look(now_s)
    assert len(api.asked) == 2
    assert isinstance(path.pager, CannedApi)
    assert len(path.pager.asked) == 4


@pytest.mark.parametrize(
    ("status", "why", "by"),
    [
        ({"inhibitedBy": [fingerprint(DOWN)]}, "inhibited", DOWN),
        ({"inhibitedBy": ["0123456789abcdef"]}, "inhibited", {"alertname": ""}),
        ({"silencedBy": [SILENCE]}, "silenced", {"model": "m1"}),
        ({"mutedBy": ["nights"]}, "muted", {"interval": "nights"}),
    ],
    ids=["inhibited", "inhibited-by-an-unknown", "silenced", "muted"],
)
def test_what_holds_an_alert_back_is_named(
    status: dict[str, list[str]], why: Suppression, by: Labels
) -> None:
    """The inhibiting alert by its labels, the silence by its matchers, the interval by its name."""
    groups = [make_group(make_alert(FULL, "oncall", **status)), make_group(make_alert(DOWN, "oncall"))]
    silence = {"matchers": [{"name": "model", "value": "m1", "isRegex": False}]}
    path = look_at((30, groups), (60, groups), silence=silence)
    assert path.read((), (), ()).suppressed == (
        SuppressedSpan(alert="Slow", labels=LABELS, why=why, by=by, since_s=30, until_s=60),
    )


def test_a_silence_is_asked_for_once() -> None:
    """Its matchers do not change."""
    groups = [make_group(make_alert(FULL, "oncall", silencedBy=[SILENCE]))]
    api = CannedApi(groups=groups, **{SILENCE: {"matchers": []}})
    path = watch(api)
    for number in range(3):
        path.look(number * LOOK_S)
    assert [asked for asked, _ in api.asked].count(f"/api/v2/silence/{SILENCE}") == 1


def test_what_is_held_again_after_a_while_is_held_twice() -> None:
    """A look that was left out does not end a span, several do."""
    held = [make_group(make_alert(FULL, "oncall", mutedBy=["nights"]))]
    again_s = 30 + (LOOKS_APART + 1) * LOOK_S
    path = look_at((0, held), (30, held), (30 + LOOK_S, []), (again_s, held))
    assert list_spans(path) == [(0, 30), (again_s, again_s)]
    path = look_at((0, held), (30, []), (LOOKS_APART * LOOK_S, held))
    assert list_spans(path) == [(0, LOOKS_APART * LOOK_S)]


def test_an_alertmanager_that_is_out_is_not_asked_and_one_that_is_gone_is_passed_over() -> None:
    """What it says is evidence; whether it lives is for who watches the stack."""
    api = CannedApi(groups=[])
    path = watch(api)
    path.look(0, out={"alertmanager"})
    assert api.asked == []
    del api.answers["groups"]
    path.look(LOOK_S)
    assert path.read((), (), ()).received == ()


def test_a_pager_that_does_not_answer_ends_the_run() -> None:
    """Nothing can be judged without its journal."""
    path = PathWatch(pager=CannedApi(), alertmanagers={}, clock=CLOCK)
    with pytest.raises(ComponentFailed):
        path.look(0)


def test_notifications_are_read_once_each_and_in_rule_time() -> None:
    """The journal is asked for what is new, and its instants are put on the run's clock."""
    alert = {"fingerprint": fingerprint(FULL), "status": "firing", "labels": FULL}
    path = watch(None, make_raw(1, alert), make_raw(2, alert, effect="updated"))
    path.look(0)
    pager = path.pager
    assert isinstance(pager, CannedApi)
    pager.answers["notices"] = {"notices": [make_raw(3, is_accepted=False, answer="429", why="slow down")]}
    path.look(1)
    assert [params for _, params in pager.asked] == [{"after": "0"}, {"after": "2"}]
    assert [notification.number for notification in path.notifications] == [1, 2, 3]
    assert [notification.at_s for notification in path.notifications] == [60, 120, 180]
    assert (path.notifications[2].answer, path.notifications[2].why) == ("429", "slow down")


def test_an_alert_of_a_notification_is_known_from_wherever_its_labels_were_seen() -> None:
    """From the payload, from Alertmanager's API, or from Prometheus; one that nobody saw is left out."""
    names = [fingerprint(labels) for labels in (FULL, DOWN, {"alertname": "Late"}, {"alertname": "Who"})]
    tagged = [{"fingerprint": name, "status": "resolved"} for name in names]
    path = watch(CannedApi(groups=[make_group(make_alert(DOWN, "oncall"))]), make_raw(1, *tagged))
    path.look(0)
    events = (
        Event(at_s=0, kind="firing", alert="Late", labels={}),
        Event(at_s=0, kind="firing", alert="Slow", labels=LABELS),
    )
    (notification,) = path.read(events, (), ()).notifications
    assert [(alert.alert, dict(alert.labels), alert.status) for alert in notification.alerts] == [
        ("Slow", LABELS, "resolved"),
        ("Down", {"model": "m1"}, "resolved"),
        ("Late", {}, "resolved"),
    ]


def test_page_events_are_what_was_accepted() -> None:
    """Each alert of an accepted notification was paged, or its page closed; a refused one tells nobody."""
    firing = {"fingerprint": fingerprint(FULL), "status": "firing", "labels": FULL}
    path = watch(
        None,
        make_raw(
            1, firing, {**firing, "fingerprint": fingerprint(DOWN), "labels": DOWN, "status": "resolved"}
        ),
        make_raw(2, firing, is_accepted=False, effect="none"),
    )
    path.look(0)
    assert make_page_events(path.notifications) == (
        Event(at_s=60, kind="paged", alert="Slow", labels=LABELS, receiver="oncall"),
        Event(at_s=60, kind="page_resolved", alert="Down", labels={"model": "m1"}, receiver="oncall"),
    )


def test_a_notification_has_all_that_the_journal_says() -> None:
    """Nothing that a verdict may need is lost between the pager and the timeline."""
    path = watch(None, make_raw(1))
    path.look(0)
    assert path.notifications == (
        Notification(
            number=1,
            at_s=60,
            receiver="oncall",
            integration="slack",
            status="firing",
            is_accepted=True,
            answer="200",
            alerts=(),
            incident="i1",
            effect="opened",
            group_labels={"alertname": "Slow"},
            title="slow",
            text="is slow",
        ),
    )
