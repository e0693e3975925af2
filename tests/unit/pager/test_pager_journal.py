"""The journal of notifications, and the incidents that come of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt, TaggedAlert
from alertdrill.core.clock import Clock
from alertdrill.pager import incidents as incidents_module
from alertdrill.pager import journal as journal_module
from alertdrill.pager.journal import Journal
from alertdrill.pager.rule_time import RuleTime

PAGE = Address(receiver="page", integration="pagerduty")
FIRING = TaggedAlert(fingerprint="01", status="firing")
TRIGGER = Attempt(
    key="slow",
    group_key="slow",
    group_labels={"alertname": "Slow"},
    alerts=(FIRING,),
    title="it is slow",
    text="very",
    payload={"summary": "it is slow"},
    answer=Answer(status=202),
)
RESOLVE = replace(TRIGGER, does="resolve", alerts=(replace(FIRING, status="resolved"),))


class Book:
    """A journal, and a watch that goes on by a second with every attempt."""

    def __init__(self) -> None:
        self.rule_time = RuleTime(60.0)
        self.journal = Journal(self.rule_time)
        self.now_s = 1000.0

    def accept(self, attempt: Attempt, address: Address = PAGE) -> dict[str, Any] | None:
        """Take an attempt in that was accepted."""
        self.now_s += 1
        return self.journal.accept(address, attempt, received_s=self.now_s, answer="202")

    def list_effects(self, *attempts: Attempt) -> list[tuple[str, str | None]]:
        """Take attempts in, and return what each did, and to which incident."""
        notifications = [self.accept(attempt) for attempt in attempts]
        return [
            (notification["effect"], notification["incident"])
            for notification in notifications
            if notification
        ]


@pytest.fixture
def book() -> Book:
    """Return an empty journal."""
    return Book()


def test_triggers_open_and_update_and_a_resolve_closes(book: Book) -> None:
    """What triggers again after that is another incident."""
    assert book.list_effects(TRIGGER, TRIGGER, RESOLVE, TRIGGER) == [
        ("opened", "1"),
        ("updated", "1"),
        ("closed", "1"),
        ("opened", "2"),
    ]
    first, second = book.journal.list_incidents()
    assert first == {
        "id": "1",
        "receiver": "page",
        "integration": "pagerduty",
        "key": "slow",
        "status": "closed",
        "title": "it is slow",
        "opened_s": 1001.0,
        "closed_s": 1003.0,
        "opened_at_s": None,
        "closed_at_s": None,
        "updates": 1,
        "notices": [1, 2, 3],
    }
    assert (second["status"], second["closed_s"], second["notices"]) == ("open", None, [4])


def test_an_acknowledged_incident_is_updated_and_closed_like_an_open_one(book: Book) -> None:
    """An acknowledgement is noted, and does not open or close anything."""
    acknowledge = replace(TRIGGER, does="acknowledge")
    assert book.list_effects(acknowledge, TRIGGER, acknowledge, TRIGGER) == [
        ("none", None),
        ("opened", "1"),
        ("none", "1"),
        ("updated", "1"),
    ]
    assert book.journal.list_incidents()[0]["status"] == "acknowledged"
    assert book.list_effects(RESOLVE) == [("closed", "1")]


def test_to_resolve_what_is_not_open_does_nothing(book: Book) -> None:
    """It is accepted, and there is no incident of it."""
    assert book.list_effects(RESOLVE) == [("none", None)]
    assert book.journal.list_incidents() == []


def test_incidents_are_told_apart_by_inbox_and_key(book: Book) -> None:
    """Another key, another receiver or another of its integrations is another incident."""
    book.accept(TRIGGER)
    book.accept(replace(TRIGGER, key="other"))
    book.accept(TRIGGER, replace(PAGE, receiver="other"))
    book.accept(TRIGGER, replace(PAGE, index=1))
    assert len(book.journal.list_incidents()) == 4


def test_an_attempt_about_no_group_belongs_to_no_incident(book: Book) -> None:
    """It is journalled as accepted, and says why nothing came of it."""
    notification = book.accept(replace(TRIGGER, key=None))
    assert notification is not None
    assert (notification["is_accepted"], notification["incident"], notification["effect"]) == (
        True,
        None,
        "none",
    )
    assert notification["why"] == "it does not say which group it is about"


def test_a_change_of_texts_is_no_notification_of_its_own(book: Book) -> None:
    """It changes the title of the open incident."""
    book.accept(TRIGGER)
    assert book.accept(replace(TRIGGER, does="edit", title="slower")) is None
    assert len(book.journal.list_notifications()) == 1
    assert book.journal.list_incidents()[0]["title"] == "slower"


def test_a_resolve_without_a_tag_is_about_the_alerts_of_its_incident(book: Book) -> None:
    """Opsgenie's close says nothing but its alias."""
    book.accept(TRIGGER)
    notification = book.accept(Attempt(does="resolve", key="slow", answer=Answer(status=202)))
    assert notification is not None
    assert notification["group_labels"] == {"alertname": "Slow"}
    assert notification["alerts"] == [{"fingerprint": "01", "status": "resolved"}]
    assert notification["title"] == "it is slow"


def test_a_refused_attempt_is_journalled_and_changes_no_incident(book: Book) -> None:
    """It names the incident that is open under its key, if one is."""
    for incident in (None, "1"):
        notification = book.journal.refuse(PAGE, RESOLVE, received_s=1.0, answer="500", why="told to fail")
        assert (notification["is_accepted"], notification["answer"], notification["why"]) == (
            False,
            "500",
            "told to fail",
        )
        assert (notification["incident"], notification["effect"], notification["status"]) == (
            incident,
            "none",
            "resolved",
        )
        book.accept(TRIGGER)
    assert [one["status"] for one in book.journal.list_incidents()] == ["open"]


def test_rule_time_is_known_for_all_as_soon_as_the_clock_is(book: Book) -> None:
    """Instants are null before, and then also known of what came before."""
    book.accept(TRIGGER)
    assert book.journal.list_notifications()[0]["at_s"] is None
    book.rule_time.change(Clock(speed=60.0, origin_s=1000.0))
    book.accept(RESOLVE)
    assert [notification["at_s"] for notification in book.journal.list_notifications()] == [60.0, 120.0]
    incident = book.journal.list_incidents()[0]
    assert (incident["opened_at_s"], incident["closed_at_s"]) == (60.0, 120.0)


def test_notifications_are_listed_from_a_number_on(book: Book) -> None:
    """What was read already need not be read again."""
    for _ in range(3):
        book.accept(TRIGGER)
    assert [notification["number"] for notification in book.journal.list_notifications(1)] == [2, 3]
    assert book.journal.list_notifications(3) == []


def test_the_oldest_notifications_are_forgotten(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many, or so many bytes; their numbers are not used again."""
    monkeypatch.setattr(journal_module, "MAX_NOTIFICATIONS", 2)
    for _ in range(3):
        book.accept(TRIGGER)
    assert [notification["number"] for notification in book.journal.list_notifications()] == [2, 3]
    monkeypatch.setattr(journal_module, "MAX_BYTES", 2000)
    book.accept(replace(TRIGGER, payload={"summary": "s" * 1900}))
    assert [notification["number"] for notification in book.journal.list_notifications()] == [4]


def test_the_oldest_closed_incident_is_forgotten(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is open is kept as long as there is one that is closed; what is forgotten is not open."""
    monkeypatch.setattr(incidents_module, "MAX_INCIDENTS", 2)
    book.accept(replace(TRIGGER, key="open"))
    book.list_effects(TRIGGER, RESOLVE)
    book.accept(replace(TRIGGER, key="third"))
    assert [one["key"] for one in book.journal.list_incidents()] == ["open", "third"]
    book.accept(replace(TRIGGER, key="fourth"))
    assert [one["key"] for one in book.journal.list_incidents()] == ["third", "fourth"]
    assert book.list_effects(replace(RESOLVE, key="open")) == [("none", None)]


def test_an_incident_keeps_the_newest_numbers(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is repeated, its list stays short, and all updates are counted."""
    monkeypatch.setattr(journal_module, "MAX_NOTIFICATIONS_OF_INCIDENT", 2)
    for _ in range(4):
        book.accept(TRIGGER)
    incident = book.journal.list_incidents()[0]
    assert (incident["notices"], incident["updates"]) == ([3, 4], 3)
