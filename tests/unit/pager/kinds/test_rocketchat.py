"""What Rocket.Chat's REST API takes, as Alertmanager calls it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.receiver_requests import FIRING, answer, deliver, make_request, open_inbox

from alertdrill.alertmanager.receivers.rocketchat import ROCKETCHAT


def make_message(**changes: Any) -> dict[str, Any]:
    """Return what Alertmanager sends; None takes a field away."""
    fields = [{"title": "zone", "value": "a", "short": True}, {"title": "alertdrill-tag", "value": FIRING}]
    message = {
        "channel": "#alerts",
        "attachments": [{"title": "it is slow", "text": "very", "fields": fields}],
    } | changes
    return {name: value for name, value in message.items() if value is not None}


def test_a_message_succeeds() -> None:
    """Title and text are the attachment's, and the tag is taken out of its fields."""
    attempt = deliver("rocketchat", make_message())
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert (answer(attempt).status, body["success"], body["channel"]) == (200, True, "#alerts")
    assert (attempt.title, attempt.text) == ("it is slow", "very")
    assert attempt.group_labels == {"alertname": "Slow"}
    assert attempt.payload["attachments"][0]["fields"] == [{"title": "zone", "value": "a", "short": True}]


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (make_message(channel=None), "error-roomid-param-not-provided"),
        (make_message(attachments=None), "error-empty-message"),
        (make_message(attachments=["a"]), "error-invalid-attachments"),
        (make_message(text="x" * 5001), "error-message-size-exceeded"),
        (b"{", "error-invalid-json"),
    ],
)
def test_a_message_that_breaks_the_contract_does_not_succeed(message: Any, error: str) -> None:
    """It is answered 400 with the type of the error."""
    attempt = deliver("rocketchat", message)
    body = answer(attempt).body
    assert not isinstance(body, str)
    assert (answer(attempt).status, body["success"], body["errorType"]) == (400, False, error)
    assert attempt.why


@pytest.mark.parametrize("header", ["x-auth-token", "x-user-id"])
def test_both_the_token_and_the_users_id_open_the_inbox(header: str) -> None:
    """Without one of them nobody is logged in, and the answer says so."""
    request = make_request("rocketchat")
    assert open_inbox("rocketchat", request).is_open
    assert not open_inbox(
        "rocketchat", replace(request, headers={**request.headers, header: "other"})
    ).is_open
    assert ROCKETCHAT.http is not None
    said = ROCKETCHAT.http.write_refusal(401, "no").body
    assert said == {"status": "error", "message": "You must be logged in to do this."}


def test_another_method_of_the_api_is_no_inbox() -> None:
    """The pager stands in for posting messages only."""
    request = make_request("rocketchat")
    with pytest.raises(ValueError, match="nothing of Rocket"):
        open_inbox("rocketchat", replace(request, path=request.path.replace("postMessage", "delete")))
