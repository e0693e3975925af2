"""What Amazon SNS takes, as AWS's clients sign and call it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from support.receiver_requests import FIRING, RECEIVER, TOKEN, answer, open_inbox
from support.signed_requests import sign

from alertdrill.alertmanager.addresses import Address, derive_key
from alertdrill.alertmanager.receivers.attempt import Attempt
from alertdrill.alertmanager.receivers.kind import Inbox, Request
from alertdrill.alertmanager.receivers.sns import SNS
from alertdrill.alertmanager.target import Target

ADDRESS = Address(receiver=RECEIVER, integration="sns")


def find_keys() -> tuple[str, str]:
    """Return the id and the secret of the key that a redirected config has."""
    target = Target(
        url="https://pager", smarthost="", ca_file="", token_file="", token=TOKEN, templates_folder=""
    )
    signature = SNS.point({}, ADDRESS, target)["sigv4"]
    return signature["access_key"], signature["secret_key"]


def make_body(**changes: Any) -> bytes:
    """Return what AWS's clients send to publish; None takes a parameter away."""
    parameters = {
        "Action": "Publish",
        "Version": "2010-03-31",
        "TopicArn": "arn:aws:sns:eu-central-1:123456789012:alerts",
        "Subject": "it is slow",
        "Message": "very",
        "MessageAttributes.entry.1.Name": "severity",
        "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": "high",
        "MessageAttributes.entry.2.Name": "alertdrill-tag",
        "MessageAttributes.entry.2.Value.StringValue": FIRING,
    } | changes
    return urlencode({name: value for name, value in parameters.items() if value is not None}).encode()


def make_request(body: bytes, secret: str = "") -> Request:
    """Return a request with this body, signed."""
    access_key, own = find_keys()
    request = Request(
        method="POST", path=f"/{quote(ADDRESS.path)}/", headers={"host": "pager:8443", "x-amz-target": "a  b"}
    )
    return sign(request, body, access_key=access_key, secret=secret or own)


def find(request: Request) -> Inbox:
    """Return the inbox that a request leads to."""
    return open_inbox("sns", request)


def read(**changes: Any) -> Attempt:
    """Return what a signed request says."""
    body = make_body(**changes)
    return find(make_request(body)).read(body)


def test_a_message_is_published_with_an_id() -> None:
    """Subject and message are title and text, and the tag is taken out of the attributes."""
    attempt = read()
    assert answer(attempt).status == 200
    assert "<PublishResult><MessageId>" in str(answer(attempt).body)
    assert (attempt.title, attempt.text) == ("it is slow", "very")
    assert attempt.payload["MessageAttributes"] == {"severity": "high"}
    assert attempt.group_labels == {"alertname": "Slow"}


def test_another_secret_key_does_not_match() -> None:
    """The signature is of method, path, headers and body: whoever changes one of them needs the key."""
    body = make_body()
    request = make_request(body)
    tampered = (
        find(make_request(body, secret=derive_key("other", ADDRESS))).read(body),
        find(request).read(body + b"&x=y"),
        find(replace(request, headers={**request.headers, "host": "other"})).read(body),
        find(replace(request, path=request.path.rstrip("/"))).read(body),
    )
    for attempt in tampered:
        assert answer(attempt).status == 403
        assert "<Code>SignatureDoesNotMatch</Code>" in str(answer(attempt).body)
        assert attempt.why.startswith("SignatureDoesNotMatch: ")


def test_a_key_that_is_not_the_inboxs_leaves_it_shut() -> None:
    """SNS says that the token is invalid, with 403."""
    body = make_body()
    request = make_request(body)
    assert find(request).is_open
    stranger = sign(request, body, access_key="AKIAIOSFODNN7EXAMPLE", secret="s")
    assert not find(stranger).is_open
    assert not find(replace(request, headers={})).is_open
    assert SNS.http is not None
    said = SNS.http.write_refusal(401, "no")
    assert said.status == 403
    assert "InvalidClientTokenId" in str(said.body)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"Message": ""}, "Empty message"),
        ({"Message": "é" * 131_073}, "Message too long"),
        ({"TopicArn": None}, "TopicArn or TargetArn or PhoneNumber Reason"),
        ({"TopicArn": "alerts"}, "TopicArn Reason"),
        ({"TopicArn": None, "PhoneNumber": "+49", "Message": "m" * 1601}, "Message Reason: an SMS"),
        ({"Subject": "s" * 101}, "Subject Reason"),
        ({"Subject": "lär"}, "Subject Reason"),
        ({"Subject": "a\nb"}, "Subject Reason"),
        (
            {"TopicArn": "arn:aws:sns:eu-central-1:123456789012:alerts.fifo"},
            "The MessageGroupId parameter is required",
        ),
        (
            {"MessageAttributes.entry.1.Value.StringValue": ""},
            "The message attribute 'severity' must contain non-empty",
        ),
    ],
)
def test_a_message_that_breaks_the_contract_is_an_invalid_parameter(changes: Any, wrong: str) -> None:
    """It is answered 400 with the code, in XML."""
    attempt = read(**changes)
    assert answer(attempt).status == 400
    assert "<Code>InvalidParameter</Code>" in str(answer(attempt).body)
    assert attempt.why.startswith(f"InvalidParameter: Invalid parameter: {wrong}")


def test_another_action_is_refused() -> None:
    """The pager stands in for publishing only."""
    assert read(Action="Subscribe").why.startswith("InvalidAction")
