"""Webhooks of an Alertmanager that is somebody's own: plain HTTP, a path for each receiver."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from alertdrill.pager.intake import Desk
from alertdrill.pager.rule_time import RuleTime
from alertdrill.pager.webhooks import make_webhooks

NOTIFICATION: dict[str, Any] = {
    "version": "4",
    "groupKey": "{}:{}",
    "receiver": "on call",
    "status": "firing",
    "alerts": [{"status": "firing", "labels": {"alertname": "Slow"}, "fingerprint": "0123456789abcdef"}],
}


def deliver(path: str, body: Any) -> tuple[int, list[dict[str, Any]]]:
    """Deliver a webhook, and return the answer's status and what the journal has."""
    desk = Desk(RuleTime(1))

    async def send() -> int:
        async with TestClient(TestServer(make_webhooks(desk))) as client:
            answer = await client.post(path, json=body)
            return answer.status

    return asyncio.run(send()), desk.journal.list_notifications()


def test_a_page_is_of_the_receiver_that_the_path_names() -> None:
    """It opens an incident, as any other."""
    status, notices = deliver("/on%20call", NOTIFICATION)
    assert status == 200
    (notice,) = notices
    assert (notice["receiver"], notice["integration"], notice["effect"]) == ("on call", "webhook", "opened")


def test_what_was_meant_for_another_receiver_is_refused() -> None:
    """A path that was copied from one receiver to the next would blame the wrong one."""
    status, notices = deliver("/team", NOTIFICATION)
    assert status == 400
    assert not notices[0]["is_accepted"]
    assert "addressed to receiver 'on call'" in notices[0]["why"]
