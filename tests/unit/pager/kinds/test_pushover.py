"""What Pushover's message API takes, as Alertmanager calls it: everything is in the query."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from support.receiver_requests import RECEIVER, TEXT_TAG, TOKEN, answer, open_inbox

from alertdrill.alertmanager.addresses import Address, derive_key
from alertdrill.alertmanager.receivers.attempt import Attempt
from alertdrill.alertmanager.receivers.kind import Inbox, Request
from alertdrill.alertmanager.receivers.pushover import PUSHOVER

ADDRESS = Address(receiver=RECEIVER, integration="pushover", index=1)


def find(path: str = "/1/messages.json", **changes: str) -> Inbox:
    """Return the inbox of what Alertmanager sends."""
    parameters = {
        "user": ADDRESS.path,
        "token": derive_key(TOKEN, ADDRESS),
        "title": "it is slow",
        "message": "very",
        "url": "http://runbook",
        "url_title": f"{TEXT_TAG}the runbook",
        "priority": "2",
        "retry": "60",
        "expire": "3600",
    } | changes
    request = Request(method="POST", path=path, query=urlencode(parameters), host="api.pushover.net")
    return open_inbox("pushover", request)


def read(**changes: str) -> Attempt:
    """Return what a message says."""
    return find(**changes).read(b"")


def test_an_emergency_is_taken_with_a_receipt() -> None:
    """The tag is taken out of the URL's title, and no key is in the payload."""
    attempt = read()
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert (answer(attempt).status, body["status"], len(body["receipt"])) == (200, 1, 30)
    assert (attempt.title, attempt.text) == ("it is slow", "very")
    assert attempt.payload["url_title"] == "the runbook"
    assert not {"token", "user"} & attempt.payload.keys()
    assert attempt.group_labels == {"alertname": "Slow"}


def test_the_users_key_names_the_inbox_and_the_token_opens_it() -> None:
    """No part of the path tells which inbox it is: the address is the same for everybody."""
    assert find().address == ADDRESS
    assert find().is_open
    assert not find(token="other").is_open
    with pytest.raises(ValueError, match="values to unpack"):
        find(user="uQiRzpo4DXghDmr9QzzfQu27cmVRsG")
    with pytest.raises(ValueError, match="nothing of Pushover"):
        find(path="/1/glances.json")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"message": " "}, "message cannot be blank"),
        ({"message": "é" * 1025}, "message is too long (maximum is 1024 characters)"),
        ({"title": "t" * 251}, "title is too long (maximum is 250 characters)"),
        ({"url": "u" * 513}, "url is too long (maximum is 512 characters)"),
        ({"url_title": "t" * 101}, "url_title is too long (maximum is 100 characters)"),
        ({"priority": "high"}, "priority is invalid"),
        ({"retry": "29"}, "retry must be supplied for emergency priority"),
        ({"expire": "10801"}, "expire must be supplied for emergency priority"),
        ({"html": "1", "monospace": "1"}, "html cannot be used with monospace"),
    ],
)
def test_a_message_that_breaks_the_contract_has_status_0(changes: Any, why: str) -> None:
    """It is answered 400 with the list of errors, and each parameter's own."""
    attempt = read(**changes)
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert (answer(attempt).status, body["status"]) == (400, 0)
    assert body["errors"][0].startswith(why)
    assert next(iter(changes)) in body or "html" in body
    assert attempt.why.startswith(why)


def test_what_is_as_long_as_may_be_is_taken() -> None:
    """The bounds are among what is allowed, and a message that is no emergency needs no retry."""
    assert read(message="é" * 1024, title="t" * 250, url="u" * 512, url_title="t" * 100).refusal is None
    assert read(priority="0", retry="", expire="").refusal is None


def test_an_invalid_token_is_answered_400() -> None:
    """Pushover has no 401."""
    assert PUSHOVER.http is not None
    said = PUSHOVER.http.write_refusal(401, "no")
    assert said.status == 400
    assert "application token is invalid" in str(said.body)
