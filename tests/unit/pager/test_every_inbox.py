"""Every kind's inbox by HTTPS: whom it lets in, how its service refuses, and the way through the proxy."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.receiver_requests import FIRING, RECEIVER, TEXT_TAG, make_request, open_inbox
from support.running_pager import RunningPager

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.receivers.attempt import Answer
from alertdrill.alertmanager.receivers.kind import Request
from alertdrill.core.expectation import Integration
from alertdrill.reports.html.cards import Paper, describe_card

BY_HTTP = [name for name, kind in RECEIVER_KINDS.items() if kind.http and not kind.http.hosts]
HOSTS = [host for kind in RECEIVER_KINDS.values() if kind.http for host in kind.http.hosts]
STATUSES = {"sns": 403, "wechat": 200}
"""What a service answers to a key that it does not know, where it is not 401."""


def take_key_away(integration: Integration) -> Request:
    """Return the request to an inbox with a key that is another's."""
    request = make_request(integration)
    path = request.path
    if integration == "telegram":
        path = path.replace("/bot", "/bot0")
    elif integration == "victorops":
        path = f"{path.removesuffix('/team')}0/team"
    return replace(request, path=path, query="access_token=0", headers={"authorization": "Bearer 0"})


@pytest.mark.parametrize("integration", BY_HTTP)
async def test_who_has_another_key_is_refused_as_the_service_does(
    pager: RunningPager, integration: Integration
) -> None:
    """The journal stays empty: what is no delivery of Alertmanager's is no notification."""
    request = take_key_away(integration)
    url = f"{pager.deliveries}{request.path}?{request.query}"
    async with pager.session.post(
        aiohttp.client.URL(url, encoded=True),
        data=b"{}",
        headers=dict(request.headers),
        ssl=pager.trust,
        server_hostname=Address(receiver=RECEIVER, integration=integration).server_name,
    ) as answer:
        status, text = answer.status, await answer.text()
    contract = RECEIVER_KINDS[integration].http
    assert contract is not None
    assert status == contract.write_refusal(401, "").status == STATUSES.get(integration, 401)
    assert text
    assert await pager.list_notifications() == []


NAMES = (
    *("text", "chat_id", "parse_mode", "title", "summary", "attachments", "content", "body", "type"),
    *("embeds", "description", "username", "props", "card", "priority", "channel", "fields", "value"),
    *("message_type", "entity_id", "state_message", "roomId", "markdown", "msgtype", "agentid", "touser"),
    *(
        "contentType",
        "project",
        "key",
        "issuetype",
        "name",
        "labels",
        "transition",
        "id",
        "jql",
        "alertdrill-tag",
    ),
)
WORDS = st.sampled_from(
    (*NAMES, "CRITICAL", "message", "AdaptiveCard", "HTML", "1", FIRING, TEXT_TAG, "\ud800")
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=30,
)
JIRA_CALLS = (
    *(("POST", f"2/{rest}") for rest in ("search", "issue", "issue/A-1/transitions")),
    *(("PUT", f"{version}/issue/A-1") for version in "23"),
)


@settings(deadline=None)
@given(document=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=10) | VALUES)
def test_no_json_is_more_than_an_attempt(document: Any) -> None:
    """Every kind reads every document, as something that can be journalled and answered."""
    body = json.dumps(document).encode()
    requests: list[tuple[Integration, Request]] = [(name, make_request(name)) for name in (*BY_HTTP, "slack")]
    jira = make_request("jira")
    for method, rest in JIRA_CALLS:
        path = jira.path.replace("2/issue", rest)
        requests.append(("jira", replace(jira, method=method, path=path)))
    for name, request in requests:
        attempt = open_inbox(name, request).read(body)
        json.dumps(dict(attempt.payload))
        json.dumps(describe_card(RECEIVER_KINDS[name].show(dict(attempt.payload)), Paper()))
        assert bool(attempt.refusal) == bool(attempt.why)
        said = attempt.refusal or attempt.answer
        if isinstance(said, Answer):
            json.dumps(said.body if isinstance(said.body, str) else dict(said.body))


async def ask_to_connect(pager: RunningPager, target: str) -> bytes:
    """Return the first line of the pager's answer to whoever takes it for a proxy."""
    port = int(pager.deliveries.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=pager.trust)
    writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    line = await reader.readline()
    writer.close()
    return line


@pytest.mark.parametrize("target", ["example.org:443", "api.pushover.net:80", "127.0.0.1:443", "slack.com"])
async def test_the_pager_is_a_proxy_to_nobody_else(pager: RunningPager, target: str) -> None:
    """Only the services whose addresses are compiled in are led back, and by HTTPS."""
    assert b" 403 " in await ask_to_connect(pager, target)


@pytest.mark.parametrize("host", HOSTS)
async def test_a_service_that_is_compiled_in_is_led_back(pager: RunningPager, host: str) -> None:
    """The connection is the pager's own, whatever the name."""
    assert b" 200 " in await ask_to_connect(pager, f"{host}:443")
