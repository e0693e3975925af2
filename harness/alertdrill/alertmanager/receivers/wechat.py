"""WeCom, which was WeChat Work: its section of a config, and its messages of applications. Pure.

Formats and bounds: WeCom's developer documentation, "Get access_token", "Send application messages" and
"Global error codes". Alertmanager first gets a token with the secret, which is no notification, and keeps it
for two hours. An error is told with 200 and a code. A text longer than may be is cut; the tag is before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from alertdrill.alertmanager.addresses import TEXT_TAG, Address, derive_key, parse_path
from alertdrill.alertmanager.receivers.attempt import (
    Answer,
    Attempt,
    as_text,
    find_first_line,
    is_same_key,
    make_attempt,
    parse_object,
    take_text_tag,
)
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    HttpContract,
    Inbox,
    ReceiverKind,
    Request,
    Required,
)
from alertdrill.alertmanager.receivers.showing import as_object
from alertdrill.alertmanager.schema import FLAG, SECRET, TEXT, Fields
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card, Markup, Part, Said

MAX_CONTENT_BYTES = 2048
CORP = "alertdrill"
EXPIRES_IN_S = 7200
TYPES = ("text", "markdown")
_INVALID_CREDENTIAL = 40001
_INVALID_TYPE = 40008
_MALFORMED = 47001
_MISSING_AGENT = 41011
_NOBODY = 81013
_TOO_OFTEN = 45009

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "agent_id": TEXT,
    "message": TEXT,
    "message_type": TEXT,
    "to_user": TEXT,
    "to_party": TEXT,
    "to_tag": TEXT,
    **dict.fromkeys(("api_secret", "api_secret_file", "corp_id", "api_url", "http_config"), SECRET),
}


def read_message(_address: Address, body: bytes) -> Attempt:
    """Return what a message says."""
    try:
        message = parse_object(body)
    except ValueError as error:
        return _refuse(_MALFORMED, str(error), Attempt(answer=_write(0, "ok")))
    kind = as_text(message.get("msgtype"))
    content = message.get(kind) if kind in TYPES else None
    content = content if isinstance(content, dict) else {}
    said, told = take_text_tag(content.get("content"))
    content_bytes = as_text(said).encode("utf-8", "surrogatepass")
    shown = content_bytes[:MAX_CONTENT_BYTES].decode("utf-8", "ignore")
    attempt = make_attempt(
        told,
        title=find_first_line(shown),
        text=shown,
        payload={**message, kind: {**content, "content": said}} if content else message,
        answer=_write(0, "ok", invaliduser="", msgid="1"),
    )
    if len(content_bytes) > MAX_CONTENT_BYTES:
        said = f"the text has {len(content_bytes)} bytes, and WeCom cuts it at {MAX_CONTENT_BYTES}"
        attempt = replace(attempt, cut=said)
    if kind not in TYPES:
        return _refuse(_INVALID_TYPE, f"msgtype is not one of {', '.join(TYPES)}", attempt)
    if not shown.strip():
        return _refuse(_MALFORMED, "the content is empty", attempt)
    if not str(message.get("agentid", "")).isdecimal():
        return _refuse(_MISSING_AGENT, "agentid is not a number", attempt)
    if not any(as_text(message.get(name)).strip("| ") for name in ("touser", "toparty", "totag")):
        return _refuse(_NOBODY, "touser, toparty and totag are all empty", attempt)
    return attempt


def show_message(message: Mapping[str, Any]) -> Card:
    """Return how a message looks in its chat."""
    kind = as_text(message.get("msgtype"))
    content = as_object(message.get(kind))
    markup: Markup = "markdown" if kind == "markdown" else "plain"
    place = ", ".join(filter(None, (as_text(message.get(name)) for name in ("touser", "toparty", "totag"))))
    text = Said(text=as_text(content.get("content")), markup=markup)
    return Card(service="WeCom", place=place, parts=[Part(text=text)])


def _give_token(access: str) -> Attempt:
    answer = _write(0, "ok", access_token=access, expires_in=EXPIRES_IN_S)
    return Attempt(does="edit", answer=answer)


def _write(code: int, message: str, *, status: int = 200, **more: Any) -> Answer:
    return Answer(status=status, body={"errcode": code, "errmsg": message, **more})


def _write_refusal(status: int, sentence: str) -> Answer:
    if status == 401:
        return _write(_INVALID_CREDENTIAL, "invalid credential, access_token is invalid or not latest")
    return _write(_MALFORMED, sentence, status=status)


def _refuse(code: int, why: str, attempt: Attempt) -> Attempt:
    return replace(attempt, refusal=_write(code, why), why=why)


def _point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    message = stated.get("message", '{{ template "wechat.default.message" . }}')
    return {
        # Alertmanager adds to it in a way that takes one quoting off.
        "api_url": f"{target.url}/{quote(address.path)}/",
        "api_secret": derive_key(target.token, address),
        "corp_id": CORP,
        "http_config": {"tls_config": target.trust(address)},
        "message": f"{TEXT_TAG}{message}",
    }


def _find_inbox(request: Request, token: str) -> Inbox:
    integration, receiver, index, action = unquote(request.path).strip("/").split("/", 3)
    address = parse_path(f"{integration}/{receiver}/{index}")
    secret, access = derive_key(token, address), derive_key(f"{token} access", address)
    query = dict(parse_qsl(request.query))
    if (request.method, action) == ("GET", "gettoken"):
        return Inbox(
            address=address,
            is_open=is_same_key(query.get("corpsecret", ""), secret) and query.get("corpid") == CORP,
            read=lambda _body: _give_token(access),
        )
    if (request.method, action) != ("POST", "message/send"):
        raise ValueError(f"{action!r} is nothing of WeCom's")
    is_known = is_same_key(query.get("access_token", ""), access)
    return Inbox(address=address, is_open=is_known, read=lambda body: read_message(address, body))


WECHAT = ReceiverKind(
    integration="wechat",
    fields=_FIELDS,
    shared_fields=dict.fromkeys(
        ("wechat_api_corp_id", "wechat_api_secret", "wechat_api_secret_file", "wechat_api_url"), SECRET
    ),
    required=(
        Required(
            own=("api_secret", "api_secret_file"), shared=("wechat_api_secret", "wechat_api_secret_file")
        ),
        Required(own=("corp_id",), shared=("wechat_api_corp_id",)),
    ),
    point=_point,
    failing=FailingAnswers(
        rate_limit=_write(_TOO_OFTEN, "api freq out of limit", status=429),
        error=_write(-1, "system error", status=500),
    ),
    http=HttpContract(methods=("GET", "POST"), find_inbox=_find_inbox, write_refusal=_write_refusal),
    show=show_message,
)
