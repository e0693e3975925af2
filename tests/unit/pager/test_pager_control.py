"""The pager's control API: who may ask it, and what it understands."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from support.running_pager import AUTHORIZATION, RunningPager

from alertdrill.alertmanager.addresses import Address

SLACK = Address(receiver="ticket", integration="slack")
MESSAGE = {
    "attachments": [
        {"title": "slow", "text": "a", "fields": [{"title": "alertdrill-tag", "value": "a=b&;0=firing&"}]}
    ]
}
CALLS = [
    ("GET", "/notices"),
    ("GET", "/incidents"),
    ("GET", "/page"),
    ("POST", "/incidents/1/acknowledge"),
    ("PUT", "/control/clock"),
    ("PUT", "/control/receivers/ticket"),
    ("DELETE", "/control/receivers/ticket"),
    ("PUT", "/control/heartbeats/ticket"),
    ("DELETE", "/control/heartbeats/ticket"),
    ("GET", "/no/such/path"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("header", [None, "Bearer wrong", "sesame", "Bearer é"])
async def test_only_the_token_opens_the_control_api(
    pager: RunningPager, method: str, path: str, header: str | None
) -> None:
    """Without it everything is 401."""
    headers = {} if header is None else {"Authorization": header}
    async with pager.session.request(method, pager.control + path, headers=headers) as answer:
        assert answer.status == 401


async def test_health_is_for_everybody(pager: RunningPager) -> None:
    """What waits for the pager needs no token."""
    async with pager.session.get(f"{pager.control}/healthz") as answer:
        assert await answer.json() == {"status": "ok"}


async def test_notifications_and_incidents_have_rule_time_once_the_clock_is_told(pager: RunningPager) -> None:
    """Also those that came before."""
    await pager.deliver(SLACK, MESSAGE)
    (notification,) = await pager.list_notifications()
    assert notification["at_s"] is None
    await pager.ask("PUT", "/control/clock", {"speed": 2.0, "origin_s": notification["received_s"] - 5.0})
    assert (await pager.list_notifications())[0]["at_s"] == pytest.approx(10.0)
    (incident,) = await pager.list_incidents()
    assert incident["opened_at_s"] == pytest.approx(10.0)
    assert incident["closed_at_s"] is None


async def test_notifications_are_read_from_a_number_on(pager: RunningPager) -> None:
    """`after` is the number of the last one that is known."""
    for _ in range(2):
        await pager.deliver(SLACK, MESSAGE)
    answer = await pager.ask("GET", "/notices?after=1")
    assert [notification["number"] for notification in answer["notices"]] == [2]


async def test_a_person_can_acknowledge_an_incident(pager: RunningPager) -> None:
    """It stays acknowledged when it is updated; what is not there cannot be acknowledged."""
    await pager.deliver(SLACK, MESSAGE)
    await pager.ask("POST", "/incidents/1/acknowledge")
    await pager.deliver(SLACK, MESSAGE)
    (incident,) = await pager.list_incidents()
    assert (incident["status"], incident["updates"]) == ("acknowledged", 1)
    async with pager.session.post(
        f"{pager.control}/incidents/7/acknowledge", headers=AUTHORIZATION
    ) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("receiver", ["a/b", "a b", "é", "100%", "%2F", "a+b", "a?b", "a#b", "..."])
async def test_a_receiver_may_be_called_anything(pager: RunningPager, receiver: str) -> None:
    """Its name is quoted in the path."""
    address = Address(receiver=receiver, integration="slack")
    await pager.ask("PUT", f"/control/receivers/{quote(receiver, safe='')}", {"how": "error"})
    assert (await pager.deliver(address, MESSAGE))[0] == 500


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock", {}),
        ("clock", []),
        ("clock", {"speed": 60, "origin_s": 1, "more": 1}),
        ("clock", {"speed": 0, "origin_s": 1}),
        ("clock", {"speed": "60", "origin_s": 1}),
        ("clock", {"speed": 60, "origin_s": True}),
        ("clock", {"speed": 1e300, "origin_s": 1}),
        ("receivers/a", {}),
        ("receivers/a", {"how": "maybe"}),
        ("receivers/a", {"how": ["error"]}),
        ("receivers/a", {"how": "error", "for_s": -1}),
        ("receivers/a", {"how": "error", "for_s": 10**400}),
        ("receivers/a", {"how": "error", "integration": "sms"}),
        ("receivers/a", {"how": "error", "integration": []}),
        ("heartbeats/a", {}),
        ("heartbeats/a", {"timeout_s": 0}),
        ("heartbeats/a", {"timeout_s": None}),
    ],
)
async def test_what_is_not_understood_is_refused(pager: RunningPager, path: str, body: Any) -> None:
    """It is answered 400, and says what is wanted."""
    async with pager.session.put(
        f"{pager.control}/control/{path}", json=body, headers=AUTHORIZATION
    ) as answer:
        assert answer.status == 400
        assert "want" in await answer.text()


@pytest.mark.parametrize("after", ["-1", "x", "1" * 30])
async def test_after_is_a_number(pager: RunningPager, after: str) -> None:
    """Anything else is answered 400."""
    async with pager.session.get(f"{pager.control}/notices?after={after}", headers=AUTHORIZATION) as answer:
        assert answer.status == 400
