"""What Slack's web API takes of a bot, as Alertmanager calls it: a message, and updates of it."""

from __future__ import annotations

from typing import Any

import pytest
from support.receiver_requests import FIRING, RECEIVER, TOKEN, answer, deliver, open_inbox

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers.attempt import Attempt
from alertdrill.alertmanager.receivers.kind import Request
from alertdrill.alertmanager.receivers.slack import SLACK
from alertdrill.alertmanager.target import Target

ADDRESS = Address(receiver=RECEIVER, integration="slack", index=1)
TARGET = Target(
    url="https://pager", smarthost="", ca_file="", token_file="", token=TOKEN, templates_folder=""
)
POINTED = SLACK.point({"update_message": True}, ADDRESS, TARGET)


def make_request(path: str, token: str = POINTED["http_config"]["authorization"]["credentials"]) -> Request:
    """Return a request with a bot's token."""
    headers = {"authorization": f"Bearer {token}"}
    return Request(method="POST", path=path, host="slack.com", headers=headers)


def read(path: str = "/api/chat.postMessage", tag: str = FIRING, **changes: Any) -> Attempt:
    """Return what a call says."""
    attachment = {
        "title": "it is slow",
        "text": "very",
        "fields": [{"title": "alertdrill-tag", "value": tag}],
    }
    message = {"channel": "#alerts", "attachments": [attachment], **changes}
    return deliver("slack", message, make_request(path))


def read_posted() -> dict[str, Any]:
    """Return the channel and the timestamp of a message that was posted."""
    body = answer(read()).body
    assert not isinstance(body, str)
    assert body["ok"]
    return {"channel": body["channel"], "ts": body["ts"]}


def test_it_is_reached_by_a_proxy() -> None:
    """Posting and updating are at Slack's own address, and the pager is the way to it."""
    assert POINTED["api_url"] == "https://slack.com/api/chat.postMessage"
    assert POINTED["http_config"]["proxy_url"] == TARGET.url
    assert "proxy_url" not in SLACK.point({}, ADDRESS, TARGET)["http_config"]


def test_a_message_is_posted_and_updated() -> None:
    """Its channel and timestamp are what an update has to state."""
    assert read().title == "it is slow"
    update = read("/api/chat.update", tag=FIRING.replace("firing", "resolved"), **read_posted())
    assert update.refusal is None
    assert (update.does, update.key) == ("resolve", read().key)


@pytest.mark.parametrize(
    ("attempt", "error"),
    [
        (read("/api/chat.update", channel="C0", ts="1.1"), "message_not_found"),
        (read("/api/chat.update", tag="alertname=Other&;00=firing&", **read_posted()), "message_not_found"),
        (read(channel=""), "channel_not_found"),
        (read(attachments=[]), "no_text"),
        (read(attachments="a"), "invalid_attachments"),
    ],
)
def test_what_slack_refuses_is_not_ok(attempt: Attempt, error: str) -> None:
    """It is answered 200, as Slack answers bots."""
    assert answer(attempt).status == 200
    assert answer(attempt).body == {"ok": False, "error": error}
    assert attempt.why.startswith(error)


def test_the_bots_token_names_the_inbox_and_opens_it() -> None:
    """Half a token names it only; a token of somebody else's names none."""
    token = POINTED["http_config"]["authorization"]["credentials"]
    inbox = open_inbox("slack", make_request("/api/chat.update", token))
    assert (inbox.address, inbox.is_open) == (ADDRESS, True)
    assert not open_inbox("slack", make_request("/api/chat.update", token[:-1])).is_open
    with pytest.raises(ValueError, match=r"no bot|unpack"):
        open_inbox("slack", make_request("/api/chat.update", "xoxb-123-456"))
    with pytest.raises(ValueError, match="nothing of Slack"):
        open_inbox("slack", make_request("/api/auth.test", token))
