"""What Opsgenie's alert API takes, as Alertmanager calls it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alertdrill.alertmanager.addresses import TAG_NAME
from alertdrill.alertmanager.receivers.attempt import Attempt
from alertdrill.alertmanager.receivers.opsgenie import parse_call, read_call

CREATE = "/opsgenie/team%20x/1/v2/alerts"


def make_alert(**changes: Any) -> dict[str, Any]:
    """Return what Alertmanager sends to create an alert; None takes a field away."""
    alert = {
        "alias": "group",
        "message": "it is slow",
        "description": "very",
        "source": "http://alertmanager",
        "details": {"alertname": "Slow", TAG_NAME: "alertname=Slow&;0123=firing&"},
    } | changes
    return {name: value for name, value in alert.items() if value is not None}


def read(body: Any, path: str = CREATE, method: str = "POST") -> Attempt:
    """Return what a call says."""
    return read_call(parse_call(method, path), json.dumps(body).encode())


@pytest.mark.parametrize(
    ("method", "path", "receiver", "action", "alias"),
    [
        ("POST", CREATE, "team x", "create", None),
        ("POST", "/opsgenie/a/b/0/v2/alerts", "a/b", "create", None),
        ("POST", "/opsgenie/a%25/0/v2/alerts/k1/close", "a%", "close", "k1"),
        ("PUT", "/opsgenie/a/0/v2/alerts/k1/message", "a", "message", "k1"),
        ("PUT", "/opsgenie/a/0/v2/alerts/k1/description", "a", "description", "k1"),
    ],
)
def test_a_path_says_which_inbox_and_what_is_done(
    method: str, path: str, receiver: str, action: str, alias: str | None
) -> None:
    """The receiver may have a slash that Alertmanager did not quote."""
    call = parse_call(method, path)
    assert call.address.receiver == receiver
    assert call.address.integration == "opsgenie"
    assert (call.action, call.alias) == (action, alias)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", CREATE),
        ("POST", "/opsgenie/a/0/v2/alerts/k1/message"),
        ("POST", "/opsgenie/a/0/v2/alerts/k1"),
        ("POST", "/opsgenie/a/0/v2/alerts/k1/delete"),
        ("POST", "/opsgenie/a/v2/alerts"),
        ("POST", "/opsgenie/a/0/v1/alerts"),
    ],
)
def test_what_is_nothing_of_opsgenies_is_refused(method: str, path: str) -> None:
    """Another path, or another method, is none of the API."""
    with pytest.raises(ValueError, match="nothing"):
        parse_call(method, path)


def test_an_alert_is_created_with_its_alias() -> None:
    """It is answered 202; message and description are its title and text, and the tag is taken out."""
    attempt = read(make_alert())
    assert attempt.refusal is None
    assert attempt.answer.status == 202
    assert isinstance(attempt.answer.body, dict)
    assert attempt.answer.body["result"] == "Request will be processed"
    assert (attempt.does, attempt.key, attempt.title, attempt.text) == (
        "trigger",
        "group",
        "it is slow",
        "very",
    )
    assert attempt.payload["details"] == {"alertname": "Slow"}
    assert [alert.fingerprint for alert in attempt.alerts] == ["0123"]


def test_close_and_changes_are_about_the_alias_of_the_path() -> None:
    """A close has nothing but its source; a change of texts is no notification of its own."""
    close = read({"source": "http://alertmanager"}, "/opsgenie/a/0/v2/alerts/group/close")
    assert (close.does, close.key, close.refusal) == ("resolve", "group", None)
    message = read({"message": "slower"}, "/opsgenie/a/0/v2/alerts/group/message", "PUT")
    assert (message.does, message.key, message.title) == ("edit", "group", "slower")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (make_alert(message=None), "message"),
        (make_alert(message=" "), "message"),
        (make_alert(message="m" * 131), "message"),
        (make_alert(alias="a" * 513), "alias"),
        (make_alert(priority="P0"), "priority"),
        (make_alert(tags="slow"), "tags"),
        (make_alert(details=["slow"]), "details"),
        (make_alert(details={"a": 1}), "details"),
        (make_alert(description=7), "description"),
        (make_alert(responders=[{"name": "team"}]), "responders"),
        (make_alert(responders=[{"type": "team"}]), "responders"),
        ([], "body"),
    ],
)
def test_an_alert_that_breaks_the_contract_is_not_processable(body: Any, field: str) -> None:
    """It is answered 422 with Opsgenie's words and the field that is wrong."""
    attempt = read(body)
    assert attempt.refusal is not None
    assert attempt.refusal.status == 422
    assert isinstance(attempt.refusal.body, dict)
    assert attempt.refusal.body["message"] == "Request body is not processable. Please check the errors."
    assert list(attempt.refusal.body["errors"]) == [field]
    assert attempt.why.startswith(field)


def test_what_is_as_long_as_may_be_is_accepted() -> None:
    """The bounds are among what is allowed; responders with a name are known."""
    body = make_alert(
        message="é" * 130, alias="a" * 512, priority="P1", responders=[{"type": "team", "name": "x"}]
    )
    assert read(body).refusal is None
