"""Amazon SNS: its section of a config, and its Publish action, read and answered as SNS would. Pure.

Formats and bounds: AWS's reference of the SNS API, "Publish" and "Common errors". Every request is signed,
and the signature is checked. The tag is a message attribute.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote
from xml.sax.saxutils import escape

from alertdrill.alertmanager.addresses import TAG, TAG_NAME, Address, derive_key, parse_path
from alertdrill.alertmanager.receivers.attempt import (
    Answer,
    Attempt,
    as_text,
    find_first_line,
    make_attempt,
    read_tag,
)
from alertdrill.alertmanager.receivers.aws_signature import find_access_key, is_signed
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    HttpContract,
    Inbox,
    ReceiverKind,
    Request,
    Required,
)
from alertdrill.alertmanager.receivers.showing import list_facts
from alertdrill.alertmanager.schema import FLAG, NAMED_TEXTS, SECRET, TEXT, Fields
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card, Part, Said

MAX_MESSAGE_BYTES = 256 * 1024
MAX_SMS_CHARACTERS = 1600
MAX_SUBJECT_CHARACTERS = 100
REGION = "us-east-1"
_NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"
_ARN = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:\S+")
_SUBJECT = re.compile(r"[!-~][ -~]*")
_ATTRIBUTE = re.compile(r"MessageAttributes\.entry\.([0-9]+)\.(Name|Value\.StringValue)")
_TARGETS = ("TopicArn", "TargetArn", "PhoneNumber")

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "topic_arn": TEXT,
    "target_arn": TEXT,
    "phone_number": TEXT,
    "subject": TEXT,
    "message": TEXT,
    "attributes": NAMED_TEXTS,
    **dict.fromkeys(("api_url", "sigv4", "use_aws_http_client", "http_config"), SECRET),
}


def read_publish(request: Request, body: bytes, secret: str) -> Attempt:
    """Return what a request to publish says; who has the secret key has signed it."""
    parameters = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    attributes = _read_attributes(parameters)
    told = read_tag(attributes.pop(TAG_NAME, None))
    shown = {name: parameters[name] for name in ("Subject", "Message", *_TARGETS) if name in parameters}
    text = as_text(shown.get("Message"))
    attempt = make_attempt(
        told,
        title=as_text(shown.get("Subject")) or find_first_line(text),
        text=text,
        payload={**shown, "MessageAttributes": attributes},
        answer=Answer(status=200, body=_write_result()),
    )
    if not is_signed(request, body, secret):
        said = "The request signature we calculated does not match the signature you provided."
        return _refuse(403, "SignatureDoesNotMatch", said, attempt)
    if parameters.get("Action") != "Publish":
        return _refuse(400, "InvalidAction", "The action is not valid for this endpoint.", attempt)
    wrong = next(_check(parameters, attributes), "")
    return _refuse(400, "InvalidParameter", f"Invalid parameter: {wrong}", attempt) if wrong else attempt


def show_publish(payload: Mapping[str, Any]) -> Card:
    """Return how a message looks to who has subscribed to its topic."""
    part = Part(
        title=as_text(payload.get("Subject")),
        text=Said(text=as_text(payload.get("Message"))),
        facts=list_facts(payload.get("MessageAttributes")),
    )
    place = next(filter(None, (as_text(payload.get(name)) for name in _TARGETS)), "")
    return Card(is_titled=True, service="Amazon SNS", place=place, parts=[part])


def _read_attributes(parameters: Mapping[str, str]) -> dict[str, str]:
    entries: dict[str, dict[str, str]] = {}
    for name, value in parameters.items():
        if found := _ATTRIBUTE.fullmatch(name):
            entries.setdefault(found[1], {})[found[2]] = value
    return {entry.get("Name", ""): entry.get("Value.StringValue", "") for entry in entries.values()}


def _check(parameters: Mapping[str, str], attributes: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong, as SNS says it."""
    if sum(bool(parameters.get(name)) for name in _TARGETS) != 1:
        yield "TopicArn or TargetArn or PhoneNumber Reason: exactly one of them is required"
    message, topic = parameters.get("Message", ""), parameters.get("TopicArn", "")
    if not message:
        yield "Empty message"
    if len(message.encode()) > MAX_MESSAGE_BYTES:
        yield "Message too long"
    if parameters.get("PhoneNumber") and len(message) > MAX_SMS_CHARACTERS:
        yield "Message Reason: an SMS is too long"
    for name in ("TopicArn", "TargetArn"):
        if parameters.get(name) and not _ARN.fullmatch(parameters[name]):
            yield f"{name} Reason: {parameters[name]!r} is not an ARN of SNS"
    if topic.endswith(".fifo") and not parameters.get("MessageGroupId"):
        yield "The MessageGroupId parameter is required for FIFO topics"
    subject = parameters.get("Subject", "")
    if subject and (len(subject) > MAX_SUBJECT_CHARACTERS or not _SUBJECT.fullmatch(subject)):
        yield f"Subject Reason: it must be at most {MAX_SUBJECT_CHARACTERS} characters of ASCII in one line"
    for name, value in attributes.items():
        if not value:
            yield f"The message attribute '{name}' must contain non-empty message attribute value"


def _write_result() -> str:
    return (
        f'<PublishResponse xmlns="{_NAMESPACE}"><PublishResult><MessageId>{uuid.uuid4()}</MessageId>'
        f"</PublishResult><ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
        "</PublishResponse>"
    )


def _write_error(status: int, code: str, message: str) -> Answer:
    fault = "Sender" if status < 500 else "Receiver"
    error = f"<Type>{fault}</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
    body = (
        f'<ErrorResponse xmlns="{_NAMESPACE}"><Error>{error}</Error>'
        f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    )
    return Answer(status=status, body=body)


def _write_refusal(status: int, sentence: str) -> Answer:
    if status == 401:
        return _write_error(
            403, "InvalidClientTokenId", "The security token included in the request is invalid."
        )
    return _write_error(status, "InvalidRequest", sentence)


def _refuse(status: int, code: str, message: str, attempt: Attempt) -> Attempt:
    return replace(attempt, refusal=_write_error(status, code, message), why=f"{code}: {message}")


def _make_access_key(token: str, address: Address) -> str:
    return f"AKIA{derive_key(f'{token} id', address)[:16].upper()}"


def _point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    return {
        # The older Alertmanager's client takes one quoting off.
        "api_url": f"{target.url}/{quote(address.path)}",
        "sigv4": {
            "region": REGION,
            "access_key": _make_access_key(target.token, address),
            "secret_key": derive_key(target.token, address),
        },
        "http_config": {"tls_config": target.trust(address)},
        "attributes": {**stated.get("attributes", {}), TAG_NAME: TAG},
    }


def _find_inbox(request: Request, token: str) -> Inbox:
    address = parse_path(unquote(request.path))
    return Inbox(
        address=address,
        is_open=find_access_key(request) == _make_access_key(token, address),
        read=lambda body: read_publish(request, body, derive_key(token, address)),
    )


SNS = ReceiverKind(
    integration="sns",
    fields=_FIELDS,
    required=(Required(own=("topic_arn", "target_arn", "phone_number")),),
    point=_point,
    failing=FailingAnswers(
        rate_limit=_write_error(429, "Throttled", "Rate exceeded"),
        error=_write_error(500, "InternalError", "An internal error has occurred."),
    ),
    http=HttpContract(find_inbox=_find_inbox, write_refusal=_write_refusal),
    show=show_publish,
)
