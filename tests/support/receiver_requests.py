"""Requests to inboxes as Alertmanager makes them, for each kind of receiver, read without a pager."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from alertdrill.alertmanager.addresses import Address, derive_key
from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt
from alertdrill.alertmanager.receivers.kind import Inbox, Request
from alertdrill.core.expectation import Integration

TOKEN = "sesame"
RECEIVER = "team x/é"
FIRING = "alertname=Slow&;0123456789abcdef=firing&"
TEXT_TAG = f"[alertdrill-tag {FIRING}]"
"""The tag of one alert that fires, as it stands in front of a text."""
RESOLVED_TEXT_TAG = TEXT_TAG.replace("firing", "resolved")

_BEARER = {"authorization": f"Bearer {TOKEN}"}


def _make_plain(address: Address) -> Request:
    return Request(method="POST", path=f"/{address.path}", headers=_BEARER)


def _make_telegram(address: Address) -> Request:
    return Request(method="POST", path=f"/{address.path}/bot{derive_key(TOKEN, address)}/sendMessage")


def _make_rocketchat(address: Address) -> Request:
    headers = {"x-auth-token": derive_key(TOKEN, address), "x-user-id": "alertdrill"}
    return Request(method="POST", path=f"/{address.path}/api/v1/chat.postMessage", headers=headers)


def _make_victorops(address: Address) -> Request:
    path = f"/{quote(address.path)}/{derive_key(TOKEN, address)}/team"
    return Request(method="POST", path=path)


def _make_incidentio(address: Address) -> Request:
    headers = {"authorization": f"Bearer {derive_key(TOKEN, address)}"}
    return Request(method="POST", path=f"/{address.path}", headers=headers)


def _make_wechat(address: Address) -> Request:
    access = derive_key(f"{TOKEN} access", address)
    path = f"/{quote(address.path)}/message/send"
    return Request(method="POST", path=path, query=f"access_token={access}")


def _make_opsgenie(address: Address) -> Request:
    headers = {"authorization": f"GenieKey {derive_key(TOKEN, address)}"}
    return Request(method="POST", path=f"/{address.path}/v2/alerts", headers=headers)


def _make_sns(address: Address) -> Request:
    return Request(method="POST", path=f"/{quote(address.path)}/")


def _make_jira(address: Address) -> Request:
    path = f"/{address.path}/resolve=Done/reopen=/rest/api/2/issue"
    return Request(method="POST", path=path, headers=_BEARER)


_MAKERS: Mapping[Integration, Callable[[Address], Request]] = {
    "telegram": _make_telegram,
    "rocketchat": _make_rocketchat,
    "victorops": _make_victorops,
    "incidentio": _make_incidentio,
    "wechat": _make_wechat,
    "opsgenie": _make_opsgenie,
    "sns": _make_sns,
    "jira": _make_jira,
}


def make_request(integration: Integration) -> Request:
    """Return the request by which Alertmanager delivers to an inbox, with the inbox's key."""
    return _MAKERS.get(integration, _make_plain)(Address(receiver=RECEIVER, integration=integration))


def open_inbox(integration: Integration, request: Request | None = None) -> Inbox:
    """Return the inbox that a request leads to."""
    contract = RECEIVER_KINDS[integration].http
    assert contract is not None
    return contract.find_inbox(request or make_request(integration), TOKEN)


def deliver(integration: Integration, body: Any, request: Request | None = None) -> Attempt:
    """Return what a body says that is delivered to an inbox; what is no text is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return open_inbox(integration, request).read(content)


def answer(attempt: Attempt) -> Answer:
    """Return what the service would answer."""
    return attempt.refusal or attempt.answer
