"""Tests of the pager: what it takes, what it refuses, and its journal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request

from harness.pager.app import MAX_BODY_BYTES, make_app

Client = TestClient[Request, Application]
AUTH = {"Authorization": "Bearer sesame"}


@pytest.fixture
async def client(aiohttp_client: Any) -> Client:
    """Return a client of a running pager whose token is `sesame`."""
    made: Client = await aiohttp_client(make_app("sesame"))
    return made


def make_notification(**changes: Any) -> dict[str, Any]:
    """Return a notification as Alertmanager sends it."""
    alert = {
        "status": "firing",
        "labels": {"alertname": "Slow", "model": "gpt-4.1"},
        "annotations": {"summary": "slow"},
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "0123456789abcdef",
    }
    return {"version": "4", "receiver": "ticket", "status": "firing", "alerts": [alert], **changes}


async def test_each_alert_of_a_notification_becomes_a_page(client: Client) -> None:
    """The journal has a page per alert, with receiver, status, labels and the instant of arrival."""
    alerts = make_notification()["alerts"]
    both = [alerts[0], {**alerts[0], "status": "resolved"}]
    response = await client.post("/webhook/ticket", json=make_notification(alerts=both), headers=AUTH)
    assert response.status == 200
    pages = (await (await client.get("/pages", headers=AUTH)).json())["pages"]
    assert [(page["receiver"], page["status"]) for page in pages] == [
        ("ticket", "firing"),
        ("ticket", "resolved"),
    ]
    assert pages[0]["labels"] == {"alertname": "Slow", "model": "gpt-4.1"}
    assert pages[0]["received_s"] > 1_700_000_000


@pytest.mark.parametrize(
    "notification",
    [
        [],
        make_notification(version="3"),
        make_notification(receiver="other"),
        make_notification(alerts=[]),
        make_notification(alerts=[{"status": "maybe", "labels": {"alertname": "A"}}]),
        make_notification(alerts=[{"status": "firing", "labels": {}}]),
    ],
)
async def test_what_is_not_a_notification_is_refused_and_not_journalled(
    client: Client, notification: Any
) -> None:
    """A payload that breaks the contract gets 400 and leaves no page."""
    response = await client.post("/webhook/ticket", json=notification, headers=AUTH)
    assert response.status == 400
    assert (await (await client.get("/pages", headers=AUTH)).json())["pages"] == []


async def test_a_body_that_is_not_json_or_too_large_is_refused(client: Client) -> None:
    """Garbage gets 400, an oversized body 413."""
    assert (await client.post("/webhook/ticket", data=b"{", headers=AUTH)).status == 400
    huge = io.BytesIO(b" " * (MAX_BODY_BYTES + 1))
    assert (await client.post("/webhook/ticket", data=huge, headers=AUTH)).status == 413


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "sesame"}])
async def test_only_the_token_opens_the_pager(client: Client, headers: dict[str, str]) -> None:
    """Without the token nothing is taken and nothing is shown."""
    assert (await client.post("/webhook/ticket", json=make_notification(), headers=headers)).status == 401
    assert (await client.get("/pages", headers=headers)).status == 401
