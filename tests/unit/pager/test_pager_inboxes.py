"""The pager's inboxes by HTTPS and SMTP: whom they let in, and how they fail."""

from __future__ import annotations

import asyncio
import io
import smtplib
import ssl
import time
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any

import aiohttp
import pytest
from support.patience import PATIENCE_S
from support.running_pager import AUTHORIZATION, DEADLINE_S, TOKEN, RunningPager

from alertdrill.alertmanager.addresses import Address, derive_key
from alertdrill.alertmanager.receivers.pagerduty import EVENTS_PER_MINUTE
from alertdrill.core.expectation import Integration
from alertdrill.pager.deliveries import MAX_BODY_BYTES

SLACK = Address(receiver="a/b c", integration="slack")
PAGE = Address(receiver="page", integration="pagerduty")
NIGHT = Address(receiver="night/x", integration="email")
MESSAGE = {"text": "hello"}


def make_event(**changes: Any) -> dict[str, Any]:
    """Return a trigger."""
    payload = {"summary": "it is slow", "source": "test", "severity": "error"}
    event = {"routing_key": derive_key(TOKEN, PAGE), "event_action": "trigger", "dedup_key": "slow"}
    return {**event, "payload": payload, **changes}


def count_requests() -> int:
    """Return how many requests the pager in this process is busy with."""
    return sum("RequestHandler._handle_request" in repr(task.get_coro()) for task in asyncio.all_tasks())


def send_mail(
    pager: RunningPager,
    *,
    password: str | None = derive_key(TOKEN, NIGHT),
    user: str = NIGHT.path,
    with_tls: bool = True,
    server_name: str = NIGHT.server_name,
) -> None:
    """Send a mail as Alertmanager does; whatever goes wrong is raised."""
    message = EmailMessage()
    message["From"], message["To"] = "am@example.com", "oncall@example.com"
    message["Subject"], message["Date"] = "it is slow", formatdate()
    message.set_content("very")
    with smtplib.SMTP("127.0.0.1", pager.smtp_port, timeout=PATIENCE_S) as client:
        client.ehlo()
        if with_tls:
            client._host = server_name  # type: ignore[attr-defined]  # the name that is asked for in TLS
            client.starttls(context=pager.trust)
            client.ehlo()
        if password is not None:
            client.login(user, password)
        client.send_message(message)


async def test_an_inbox_answers_as_its_service_does(pager: RunningPager) -> None:
    """PagerDuty's 202, Slack's ok, and a connection that is closed after it."""
    assert (await pager.deliver(PAGE, make_event()))[0] == 202
    assert await pager.deliver(SLACK, MESSAGE) == (200, "ok")
    async with pager.session.post(
        f"{pager.deliveries}/{SLACK.path}", json=MESSAGE, headers=AUTHORIZATION, ssl=pager.trust
    ) as answer:
        assert answer.headers["Connection"] == "close"
    notifications = await pager.list_notifications()
    assert [(notification["receiver"], notification["answer"]) for notification in notifications] == [
        ("page", "202"),
        ("a/b c", "200"),
        ("a/b c", "200"),
    ]


@pytest.mark.parametrize("header", ["", "Bearer wrong", "GenieKey sesame", "sesame", "Bearer é"])
@pytest.mark.parametrize("integration", ["pagerduty", "slack", "webhook"])
async def test_without_the_token_nothing_is_taken(
    pager: RunningPager, integration: Integration, header: str
) -> None:
    """The answer is 401, and the journal stays empty."""
    address = Address(receiver="page", integration=integration)
    status, _ = await pager.deliver(address, MESSAGE, headers={"Authorization": header})
    assert status == 401
    assert await pager.list_notifications() == []


async def test_opsgenie_wants_the_inboxs_own_key(pager: RunningPager) -> None:
    """The pager's token is not it."""
    address = Address(receiver="ops", integration="opsgenie")
    statuses = []
    for header in (f"Bearer {TOKEN}", f"GenieKey {TOKEN}", f"GenieKey {derive_key(TOKEN, address)}"):
        async with pager.session.post(
            f"{pager.deliveries}/{address.path}/v2/alerts",
            json={"message": "it is slow"},
            headers={"Authorization": header},
            ssl=pager.trust,
        ) as answer:
            statuses.append(answer.status)
    assert statuses == [401, 401, 202]


@pytest.mark.parametrize(
    "path",
    ["/", "/slack", "/slack/a", "/slack/a/x", "/sms/a/0", "/email/a/0", "/slack/a/0/more", "/opsgenie/a/0"],
)
async def test_there_is_no_other_inbox(pager: RunningPager, path: str) -> None:
    """What is no address of an inbox by HTTPS is not found."""
    async with pager.session.post(
        pager.deliveries + path, json=MESSAGE, headers=AUTHORIZATION, ssl=pager.trust
    ) as answer:
        assert answer.status == 404


async def test_a_body_that_is_too_large_is_refused(pager: RunningPager) -> None:
    """The answer is 413, and the journal stays empty."""
    async with pager.session.post(
        f"{pager.deliveries}/{SLACK.path}",
        data=io.BytesIO(b" " * (MAX_BODY_BYTES + 1)),
        headers=AUTHORIZATION,
        ssl=pager.trust,
    ) as answer:
        assert answer.status == 413
    assert await pager.list_notifications() == []


async def test_a_refused_attempt_is_journalled_with_its_answer_and_reason(pager: RunningPager) -> None:
    """What breaks the contract does not open an incident."""
    status, body = await pager.deliver(PAGE, make_event(event_action="open"))
    assert status == 400
    assert "invalid event" in body
    (notification,) = await pager.list_notifications()
    assert (notification["is_accepted"], notification["answer"]) == (False, "400")
    assert notification["why"].startswith("'event_action'")
    assert "routing_key" not in notification["payload"]
    assert await pager.list_incidents() == []


async def test_pagerduty_takes_so_many_events_in_a_minute_of_rule_time(pager: RunningPager) -> None:
    """Beyond that it answers 429, for this routing key only, until the minute is over."""
    await pager.ask("PUT", "/control/clock", {"speed": 1.0, "origin_s": 1.0})
    for _ in range(EVENTS_PER_MINUTE):
        assert (await pager.deliver(PAGE, make_event()))[0] == 202
    status, body = await pager.deliver(PAGE, make_event())
    assert status == 429
    assert "throttle exceeded" in body
    other = Address(receiver="other", integration="pagerduty")
    event = make_event(routing_key=derive_key(TOKEN, other))
    assert (await pager.deliver(other, event))[0] == 202
    await pager.ask("PUT", "/control/clock", {"speed": 100_000.0, "origin_s": 1.0})
    assert (await pager.deliver(PAGE, make_event()))[0] == 202


@pytest.mark.parametrize(("how", "status"), [("rate_limit", 429), ("error", 500)])
async def test_a_receiver_that_is_told_to_fail_answers_so(pager: RunningPager, how: str, status: int) -> None:
    """The attempt is journalled as refused; other receivers, and then this one, work."""
    await pager.ask("PUT", "/control/receivers/page", {"how": how})
    assert (await pager.deliver(PAGE, make_event()))[0] == status
    assert await pager.deliver(SLACK, MESSAGE) == (200, "ok")
    await pager.ask("DELETE", "/control/receivers/page")
    assert (await pager.deliver(PAGE, make_event()))[0] == 202
    assert [notification["answer"] for notification in await pager.list_notifications()] == [
        str(status),
        "200",
        "202",
    ]


async def test_one_integration_of_a_receiver_can_fail_alone(pager: RunningPager) -> None:
    """What is told of an integration comes before what is told of its receiver."""
    slack = Address(receiver="page", integration="slack")
    await pager.ask("PUT", "/control/receivers/page", {"how": "error", "integration": "slack"})
    assert (await pager.deliver(slack, MESSAGE))[0] == 500
    assert (await pager.deliver(PAGE, make_event()))[0] == 202
    await pager.ask("PUT", "/control/receivers/page", {"how": "rate_limit"})
    assert (await pager.deliver(slack, MESSAGE))[0] == 500
    assert (await pager.deliver(PAGE, make_event()))[0] == 429
    await pager.ask("DELETE", "/control/receivers/page?integration=slack")
    assert (await pager.deliver(slack, MESSAGE))[0] == 429
    await pager.ask("DELETE", "/control/receivers/page")
    assert (await pager.deliver(slack, MESSAGE))[0] == 200


async def test_a_fault_is_over_after_its_span_of_rule_time(pager: RunningPager) -> None:
    """Who is kept waiting by it is let go then, without an answer."""
    await pager.ask("PUT", "/control/receivers/page", {"how": "timeout", "for_s": 120.0})
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await pager.deliver(PAGE, make_event())
    assert (await pager.deliver(PAGE, make_event()))[0] == 202
    assert [notification["answer"] for notification in await pager.list_notifications()] == ["timeout", "202"]


async def test_who_gives_up_is_not_waited_for(pager: RunningPager) -> None:
    """A client that a receiver keeps waiting leaves nothing behind in the pager when it goes."""
    await pager.ask("PUT", "/control/receivers/page", {"how": "timeout"})
    waiting = asyncio.create_task(pager.deliver(PAGE, make_event()))
    await pager.await_notifications(1, answer="timeout")
    assert count_requests()
    waiting.cancel()
    give_up_at = time.monotonic() + DEADLINE_S
    while count_requests():
        assert time.monotonic() < give_up_at
        await asyncio.sleep(0.02)


async def test_a_reset_connection_is_reset(pager: RunningPager) -> None:
    """The client sees RST, not the end of the stream."""
    await pager.ask("PUT", "/control/receivers/page", {"how": "reset"})
    with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
        await pager.deliver(PAGE, make_event())


async def test_a_certificate_that_nobody_signed_breaks_the_handshake(pager: RunningPager) -> None:
    """Only of the receiver that was told, and without a notification."""
    await pager.ask("PUT", "/control/receivers/page", {"how": "tls"})
    with pytest.raises(aiohttp.ClientConnectorCertificateError, match="verify failed"):
        await pager.deliver(PAGE, make_event())
    assert await pager.list_notifications() == []
    assert (await pager.deliver(SLACK, MESSAGE))[0] == 200


@pytest.mark.parametrize("how", ["tls", "refuse"])
async def test_a_connection_is_closed_whose_receiver_is_known_too_late(pager: RunningPager, how: str) -> None:
    """Nothing was answered and nothing is journalled."""
    await pager.ask("PUT", "/control/receivers/page", {"how": how})
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await pager.session.post(
            f"{pager.deliveries}/{PAGE.path}/v2/enqueue",
            json=make_event(),
            headers=AUTHORIZATION,
            ssl=pager.trust,
        )
    assert await pager.list_notifications() == []


async def test_a_mail_is_taken_with_the_inboxs_name_and_key(pager: RunningPager) -> None:
    """Over STARTTLS, after AUTH."""
    await asyncio.to_thread(send_mail, pager)
    (notification,) = await pager.list_notifications()
    assert (notification["receiver"], notification["integration"], notification["answer"]) == (
        "night/x",
        "email",
        "250",
    )
    assert (notification["title"], notification["text"].strip()) == ("it is slow", "very")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"with_tls": False, "password": None}, 530),
        ({"password": None}, 530),
        ({"password": "wrong"}, 535),
        ({"user": "email/other/0"}, 535),
        ({"user": "slack/night/0"}, 535),
        ({"user": "nobody"}, 535),
    ],
)
async def test_no_mail_is_taken_without_tls_or_key(
    pager: RunningPager, changes: dict[str, Any], code: int
) -> None:
    """Neither unencrypted nor from a stranger."""
    with pytest.raises(smtplib.SMTPResponseException) as raised:
        await asyncio.to_thread(send_mail, pager, **changes)
    assert raised.value.smtp_code == code
    assert await pager.list_notifications() == []


async def test_a_password_is_not_offered_to_be_sent_unencrypted(pager: RunningPager) -> None:
    """AUTH is not among what the server can do before STARTTLS."""
    with pytest.raises(smtplib.SMTPNotSupportedError):
        await asyncio.to_thread(send_mail, pager, with_tls=False)


async def test_an_inbox_with_a_long_name_takes_mail(pager: RunningPager) -> None:
    """A user's name may be longer than a command of SMTP usually is."""
    address = Address(receiver="é" * 200, integration="email")
    key = derive_key(TOKEN, address)
    await asyncio.to_thread(send_mail, pager, user=address.path, password=key)
    assert (await pager.list_notifications())[0]["receiver"] == "é" * 200


@pytest.mark.parametrize("how", ["rate_limit", "error"])
async def test_a_mail_is_refused_for_now(pager: RunningPager, how: str) -> None:
    """By SMTP both are 451, at the sender; then it is taken."""
    await pager.ask("PUT", "/control/receivers/night%2Fx", {"how": how})
    with pytest.raises(smtplib.SMTPSenderRefused) as raised:
        await asyncio.to_thread(send_mail, pager)
    assert raised.value.smtp_code == 451
    await pager.ask("DELETE", "/control/receivers/night%2Fx")
    await asyncio.to_thread(send_mail, pager)
    assert [notification["answer"] for notification in await pager.list_notifications()] == ["451", "250"]


async def test_a_mail_server_whose_certificate_nobody_signed_gets_no_mail(pager: RunningPager) -> None:
    """The handshake of STARTTLS breaks."""
    await pager.ask("PUT", "/control/receivers/night%2Fx", {"how": "tls"})
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.to_thread(send_mail, pager)
    assert await pager.list_notifications() == []


async def test_a_mail_that_is_kept_waiting_is_let_go_when_the_fault_is_over(pager: RunningPager) -> None:
    """Without an answer."""
    await pager.ask("PUT", "/control/receivers/night%2Fx", {"how": "timeout"})
    sending = asyncio.create_task(asyncio.to_thread(send_mail, pager))
    await pager.await_notifications(1, answer="timeout")
    await pager.ask("DELETE", "/control/receivers/night%2Fx")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        await sending
    assert [notification["answer"] for notification in await pager.list_notifications()] == ["timeout"]
