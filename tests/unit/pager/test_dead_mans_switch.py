"""A receiver that pages when it is told nothing any more."""

from __future__ import annotations

from typing import Any

import pytest
from support.running_pager import RunningPager

from alertdrill.alertmanager.addresses import Address

WATCHDOG = Address(receiver="watchdog", integration="webhook")
OTHER = Address(receiver="other", integration="webhook")
SWITCH = "/control/heartbeats/watchdog"


def make_notification(status: str = "firing") -> dict[str, Any]:
    """Return a notification of the alert that always fires."""
    alert = {"status": status, "labels": {"alertname": "Watchdog"}, "fingerprint": "01"}
    return {"version": "4", "receiver": "watchdog", "groupKey": "{}:{}", "status": status, "alerts": [alert]}


async def list_pages(pager: RunningPager) -> list[dict[str, Any]]:
    """Return what the pager itself had to say."""
    return [
        notification for notification in await pager.list_notifications() if notification["answer"] == "-"
    ]


async def test_the_switch_pages_when_heartbeats_stop_and_closes_when_they_come_again(
    pager: RunningPager,
) -> None:
    """One incident, opened by the pager itself and closed by the next heartbeat."""
    await pager.ask("PUT", SWITCH, {"timeout_s": 12.0})
    await pager.deliver(WATCHDOG, make_notification())
    (paged,) = await pager.await_notifications(1, answer="-")
    assert (paged["effect"], paged["status"], paged["integration"]) == ("opened", "firing", "webhook")
    assert paged["title"] == "Heartbeats to watchdog stopped: none for 0:12"
    # A span that is not over before the test has looked.
    await pager.ask("PUT", SWITCH, {"timeout_s": 3600.0})
    await pager.deliver(WATCHDOG, make_notification())
    _, closed = await list_pages(pager)
    assert (closed["effect"], closed["status"]) == ("closed", "resolved")
    (incident,) = [one for one in await pager.list_incidents() if one["key"] == "dead-man's switch"]
    assert (incident["receiver"], incident["status"]) == ("watchdog", "closed")
    await pager.ask("PUT", SWITCH, {"timeout_s": 12.0})
    await pager.await_notifications(2, answer="-", effect="opened")


async def test_the_first_heartbeat_arms_the_switch(pager: RunningPager) -> None:
    """Another switch, told later and armed, pages before one that heard nothing."""
    await pager.ask("PUT", SWITCH, {"timeout_s": 0.6})
    await pager.ask("PUT", "/control/heartbeats/other", {"timeout_s": 12.0})
    await pager.deliver(OTHER, {**make_notification(), "receiver": "other"})
    (paged,) = await pager.await_notifications(1, answer="-")
    assert paged["receiver"] == "other"


async def test_every_heartbeat_puts_the_page_off(pager: RunningPager) -> None:
    """Of two switches with the same span, the one that heard something last pages last."""
    for receiver in ("watchdog", "other"):
        await pager.ask("PUT", f"/control/heartbeats/{receiver}", {"timeout_s": 30.0})
    await pager.deliver(WATCHDOG, make_notification())
    await pager.deliver(OTHER, {**make_notification(), "receiver": "other"})
    await pager.deliver(WATCHDOG, make_notification())
    pages = await pager.await_notifications(2, answer="-")
    assert [page["receiver"] for page in pages] == ["other", "watchdog"]


async def test_an_armed_switch_can_be_given_another_span(pager: RunningPager) -> None:
    """It counts from when it is told."""
    await pager.ask("PUT", SWITCH, {"timeout_s": 3600.0})
    await pager.deliver(WATCHDOG, make_notification())
    await pager.ask("PUT", SWITCH, {"timeout_s": 6.0})
    (paged,) = await pager.await_notifications(1, answer="-")
    assert paged["title"].endswith("none for 0:06")


@pytest.mark.parametrize("notification", [make_notification("resolved"), {"version": "3"}])
async def test_only_what_fires_and_is_accepted_is_a_heartbeat(
    pager: RunningPager, notification: dict[str, Any]
) -> None:
    """The page of a stopped heart is not closed by a resolution, nor by what is refused."""
    await pager.ask("PUT", SWITCH, {"timeout_s": 6.0})
    await pager.deliver(WATCHDOG, make_notification())
    await pager.await_notifications(1, answer="-")
    await pager.deliver(WATCHDOG, notification)
    assert [notification["effect"] for notification in await list_pages(pager)] == ["opened"]


async def test_a_switch_that_is_switched_off_closes_its_page(pager: RunningPager) -> None:
    """Afterwards the receiver is one like any other."""
    await pager.ask("PUT", SWITCH, {"timeout_s": 6.0})
    await pager.deliver(WATCHDOG, make_notification())
    await pager.await_notifications(1, answer="-")
    await pager.ask("DELETE", SWITCH)
    await pager.deliver(WATCHDOG, make_notification())
    assert [notification["effect"] for notification in await list_pages(pager)] == ["opened", "closed"]
