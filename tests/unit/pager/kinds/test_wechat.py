"""What WeCom's API takes, as Alertmanager calls it: first for a token, then with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from support.receiver_requests import RECEIVER, TEXT_TAG, TOKEN, answer, deliver, make_request, open_inbox

from alertdrill.alertmanager.addresses import Address, derive_key
from alertdrill.alertmanager.receivers.kind import Request
from alertdrill.alertmanager.receivers.wechat import WECHAT

ADDRESS = Address(receiver=RECEIVER, integration="wechat")


def make_message(content: str = "it is slow\nvery", **changes: Any) -> dict[str, Any]:
    """Return what Alertmanager sends."""
    return {
        "text": {"content": TEXT_TAG + content},
        "touser": "@all",
        "agentid": "1000002",
        "msgtype": "text",
        "markdown": {"content": ""},
        **changes,
    }


def ask_token(**changes: str) -> Request:
    """Return the request for a token."""
    query = {"corpsecret": derive_key(TOKEN, ADDRESS), "corpid": "alertdrill"} | changes
    return Request(method="GET", path=f"/{quote(ADDRESS.path)}/gettoken", query=urlencode(query))


def test_the_secret_is_given_a_token_that_opens_the_inbox() -> None:
    """To ask for it is no notification; with another token there is no message."""
    inbox = open_inbox("wechat", ask_token())
    given = inbox.read(b"")
    assert inbox.is_open
    assert (given.does, given.key) == ("edit", None)
    body = answer(given).body
    assert not isinstance(body, str)
    assert (body["errcode"], body["expires_in"]) == (0, 7200)
    request = make_request("wechat")
    assert open_inbox("wechat", replace(request, query=f"access_token={body['access_token']}")).is_open
    assert not open_inbox("wechat", replace(request, query="access_token=other")).is_open


@pytest.mark.parametrize("changes", [{"corpsecret": "other"}, {"corpid": "other"}])
def test_another_secret_is_given_none(changes: dict[str, str]) -> None:
    """WeCom says so with 200 and a code."""
    assert not open_inbox("wechat", ask_token(**changes)).is_open
    assert WECHAT.http is not None
    said = WECHAT.http.write_refusal(401, "no")
    assert not isinstance(said.body, str)
    assert (said.status, said.body["errcode"]) == (200, 40001)


def test_a_message_is_ok() -> None:
    """Its first line is the title, and the tag is taken out."""
    attempt = deliver("wechat", make_message())
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert (answer(attempt).status, body["errcode"], body["errmsg"]) == (200, 0, "ok")
    assert (attempt.title, attempt.text) == ("it is slow", "it is slow\nvery")
    assert attempt.payload["text"] == {"content": "it is slow\nvery"}
    assert attempt.group_labels == {"alertname": "Slow"}


def test_a_long_message_is_shown_cut() -> None:
    """WeCom shows 2048 bytes of it, and no half of a character."""
    attempt = deliver("wechat", make_message("é" + "一" * 1000))
    assert attempt.refusal is None
    assert attempt.text == "é" + "一" * 682


@pytest.mark.parametrize(
    ("message", "code", "why"),
    [
        (make_message(msgtype="news"), 40008, "msgtype is not one of text, markdown"),
        (make_message(""), 47001, "the content is empty"),
        (make_message(agentid=""), 41011, "agentid is not a number"),
        (make_message(touser="", toparty="", totag="|"), 81013, "touser, toparty and totag are all empty"),
        (b"{", 47001, "the body is not JSON"),
    ],
)
def test_a_message_that_breaks_the_contract_has_a_code(message: Any, code: int, why: str) -> None:
    """The status is 200 all the same."""
    attempt = deliver("wechat", message)
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert (answer(attempt).status, body["errcode"]) == (200, code)
    assert attempt.why.startswith(why)


def test_anything_else_is_no_inbox() -> None:
    """The pager stands in for tokens and messages only."""
    with pytest.raises(ValueError, match="nothing of WeCom"):
        open_inbox("wechat", replace(make_request("wechat"), method="GET"))
