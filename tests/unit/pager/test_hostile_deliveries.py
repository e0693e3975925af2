"""Whatever is delivered, it is read as an attempt: accepted, or refused with a reason."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from alertdrill.alertmanager.addresses import TAG_NAME, Address, derive_key
from alertdrill.alertmanager.receivers.attempt import Attempt
from alertdrill.alertmanager.receivers.email import read_mail
from alertdrill.alertmanager.receivers.opsgenie import parse_call, read_call
from alertdrill.alertmanager.receivers.pagerduty import read_event
from alertdrill.alertmanager.receivers.slack import read_message
from alertdrill.alertmanager.receivers.webhook import read_notification

PAGE = Address(receiver="page", integration="pagerduty")
NAMES = (
    *(
        "routing_key",
        "event_action",
        "dedup_key",
        "payload",
        "summary",
        "source",
        "severity",
        "custom_details",
    ),
    *("links", "attachments", "fields", "title", "value", "text", "version", "status", "alerts", "labels"),
    *("groupKey", "groupLabels", "commonAnnotations", "receiver", "message", "details", "responders", "type"),
    *("tags", "priority", "alias", TAG_NAME),
)
WORDS = st.sampled_from(
    (*NAMES, "trigger", "firing", "4", "page", "a=b&;0=firing&", derive_key("sesame", PAGE), "\ud800")
)
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=30,
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=12)


def check(attempt: Attempt) -> None:
    """Hold an attempt to being something that can be journalled and answered."""
    json.dumps(dict(attempt.payload))
    answer = attempt.refusal or attempt.answer
    json.dumps(answer.body if isinstance(answer.body, str) else dict(answer.body))
    assert bool(attempt.refusal) == bool(attempt.why)
    assert (answer.status < 300) == (attempt.refusal is None)


@settings(deadline=None)
@given(document=OBJECTS | VALUES)
def test_no_json_is_more_than_an_attempt(document: Any) -> None:
    """Every kind reads every document."""
    body = json.dumps(document).encode()
    check(read_event(PAGE, body, "sesame"))
    check(read_message(Address(receiver="page", integration="slack"), body))
    check(read_notification(Address(receiver="page", integration="webhook"), body))
    for method, rest in (("POST", ""), ("POST", "/k/close"), ("PUT", "/k/message")):
        check(read_call(parse_call(method, f"/opsgenie/page/0/v2/alerts{rest}"), body))


HEADERS = st.sampled_from(
    ("From", "To", "Subject", "Date", "Content-Type", "X-Alertdrill-Tag", "MIME-Version")
)
LINES = st.tuples(HEADERS, st.text(max_size=30) | WORDS).map(lambda pair: f"{pair[0]}: {pair[1]}")


@settings(deadline=None)
@example(lines=["From: :;0"], body="", end="\r\n")  # Python 3.11.2 makes a mistake of its own there
@given(lines=st.lists(LINES, max_size=8), body=st.text(max_size=60), end=st.sampled_from(("\r\n", "\n")))
def test_no_mail_is_more_than_an_attempt(lines: list[str], body: str, end: str) -> None:
    """Headers and bodies of any sort are read, or the message is refused."""
    content = end.join([*lines, "", body]).encode("utf-8", "surrogatepass")
    check(read_mail(Address(receiver="page", integration="email"), content, sender="", recipients=()))
