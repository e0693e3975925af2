"""What Telegram's bot API takes, as Alertmanager calls it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.receiver_requests import RESOLVED_TEXT_TAG, TEXT_TAG, answer, deliver, make_request, open_inbox

from alertdrill.alertmanager.receivers.telegram import TELEGRAM


def make_message(text: str = "<b>it is slow</b>\nvery &amp; often", **changes: Any) -> dict[str, Any]:
    """Return what Alertmanager sends."""
    return {"chat_id": "-1001234567890", "text": TEXT_TAG + text, "parse_mode": "HTML", **changes}


def test_a_message_is_taken_with_its_number() -> None:
    """Its first line is the title, its text is what the chat shows, and the tag is taken out."""
    attempt = deliver("telegram", make_message())
    assert attempt.refusal is None
    assert (attempt.does, attempt.title, attempt.text) == (
        "trigger",
        "it is slow",
        "it is slow\nvery & often",
    )
    assert attempt.group_labels == {"alertname": "Slow"}
    assert attempt.payload["text"] == "<b>it is slow</b>\nvery &amp; often"
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert body["result"]["chat"]["id"] == -1001234567890


def test_a_message_whose_alerts_are_all_resolved_closes() -> None:
    """Telegram itself knows no end: the tag tells it."""
    message = make_message() | {"text": f"{RESOLVED_TEXT_TAG}over"}
    assert deliver("telegram", message).does == "resolve"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (make_message(text=" \n"), "message text is empty"),
        (make_message(text="é" * 4097), "message is too long"),
        (make_message(chat_id="team"), "chat_id is empty"),
        (make_message(parse_mode="html"), "unsupported parse_mode"),
        (make_message(text="a<br>b"), 'can\'t parse entities: Unsupported start tag "br" at byte offset 1'),
        (make_message(text="5 < 6"), 'can\'t parse entities: Unsupported start tag "" at byte offset 2'),
        (make_message(text="<b>a"), "can't parse entities: Can't find end tag corresponding to start tag"),
        (make_message(text="<b>a</i>"), "can't parse entities: Unmatched end tag at byte offset 4"),
        (
            make_message(text="up-to-date", parse_mode="MarkdownV2"),
            "can't parse entities: Character '-' is reserved and must be escaped",
        ),
        (make_message(text="my_alert", parse_mode="Markdown"), "can't parse entities: Can't find end of the"),
        (b"{", "the body is not JSON"),
    ],
)
def test_a_message_that_breaks_the_contract_is_a_bad_request(message: Any, said: str) -> None:
    """It is answered 400, with Telegram's own words."""
    attempt = deliver("telegram", message)
    body = answer(attempt).body
    assert answer(attempt).status == 400
    assert not isinstance(body, str)
    assert not body["ok"]
    assert body["description"].startswith(f"Bad Request: {said}")
    assert attempt.why.startswith(said)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("é" * 4096, "HTML"),
        ('<a href="http://x/?a=1">a</a> <code>b</code> &lt;c&gt;', "HTML"),
        (r"*bold* \- [link](http://x/a-b) `a-b`", "MarkdownV2"),
        ("*bold* my\\_alert `a_b`", "Markdown"),
        ("5 < 6 - my_alert", ""),
    ],
)
def test_what_telegram_can_parse_is_taken(text: str, mode: str) -> None:
    """As long as may be, and with the markup that each mode has."""
    assert deliver("telegram", make_message(text=text, parse_mode=mode)).refusal is None


def test_another_bots_token_is_unauthorized() -> None:
    """The token is in the path; with another one the inbox stays shut, and Telegram says so."""
    request = make_request("telegram")
    assert open_inbox("telegram", request).is_open
    assert not open_inbox("telegram", replace(request, path=request.path.replace("/bot", "/bot1"))).is_open
    assert TELEGRAM.http is not None
    assert TELEGRAM.http.write_refusal(401, "no").body == {
        "ok": False,
        "error_code": 401,
        "description": "Unauthorized",
    }


def test_a_notice_in_place_of_a_message_says_why_it_came() -> None:
    """Alertmanager 0.33 sends one instead of HTML that is too long, without a word of what it is about."""
    notice = "Alertmanager notification could not be sent: message length exceeds Telegram limits."
    attempt = deliver("telegram", {"chat_id": "-1", "text": notice, "parse_mode": "HTML"})
    assert attempt.cut == "the message is longer than Telegram takes, and a notice came instead"
    assert (attempt.refusal, attempt.key) == (None, None)
    assert not deliver("telegram", {"chat_id": "-1", "text": f"{TEXT_TAG}{notice}"}).cut
