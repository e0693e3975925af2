"""Alertmanager's generic webhook: its section of a config, and its notifications. Pure.

Format: version 4 of the payload in Alertmanager's documentation of `webhook_config`. It says everything, so
it needs no tag; a `payload` that the config states does. The receiver's name in it is quoted as in a
regular expression: a dot has a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.receivers.attempt import Answer, Attempt, TaggedAlert, as_text, parse_object
from alertdrill.alertmanager.receivers.kind import (
    FailingAnswers,
    ReceiverKind,
    Required,
    make_bearer_contract,
)
from alertdrill.alertmanager.receivers.showing import list_facts, list_objects, show_alerts
from alertdrill.alertmanager.receivers.webhook_payload import add_tag, read_payload
from alertdrill.alertmanager.schema import FLAG, NUMBER, OPEN, SECRET, TIMEOUT, Fields
from alertdrill.alertmanager.target import Target
from alertdrill.core.card import Card, Part

_STATUSES = ("firing", "resolved")
_QUOTED = re.compile(r"[\\.+*?()|\[\]{}^$]")
"""What Go's regexp.QuoteMeta puts a backslash before; Python's re.escape quotes more."""

_AUTHORITY = re.compile(r"^([a-z]+://)[^/?#]*@")
"""What stands before a host: a user, and perhaps a password."""

_FIELDS: Fields = {
    "send_resolved": FLAG,
    "timeout": TIMEOUT,
    "max_alerts": NUMBER,
    "payload": OPEN,
    "url": SECRET,
    "url_file": SECRET,
    "http_config": SECRET,
}


def read_notification(address: Address, body: bytes, version: str = "4") -> Attempt:
    """Return what a notification says, in a version of the format, or in a payload of the user's own."""
    if own := read_payload(body):
        return own
    try:
        payload = parse_object(body)
    except ValueError as error:
        return _refuse(str(error), Attempt(answer=Answer(status=400)))
    listed = payload.get("alerts")
    alerts = listed if isinstance(listed, list) else []
    annotations = _read_labels(payload.get("commonAnnotations"))
    seen_alerts = list_objects(alerts)
    seen = tuple(_read_alert(alert) for alert in seen_alerts)
    names = sorted(
        {alert.labels["alertname"] for alert in seen if alert.labels and "alertname" in alert.labels}
    )
    attempt = Attempt(
        does="resolve" if payload.get("status") == "resolved" else "trigger",
        key=as_text(payload.get("groupKey")) or None,
        group_key=as_text(payload.get("groupKey")),
        group_labels=_read_labels(payload.get("groupLabels")),
        alerts=seen,
        title=annotations.get("summary") or ", ".join(names),
        text="\n".join(f"{name}: {value}" for name, value in sorted(annotations.items())),
        payload={"status": payload.get("status"), "alerts": [_choose(alert) for alert in seen_alerts]},
        answer=Answer(status=200),
    )
    why = _check(address, payload, version)
    return _refuse(why, attempt) if why else attempt


def show_notification(payload: Mapping[str, Any]) -> Card:
    """Return what a webhook says, alert by alert; of a payload of the user's own, field by field."""
    if "alerts" in payload:
        return show_alerts("Webhook", payload)
    return Card(service="Webhook", parts=[Part(facts=list_facts(payload))])


def _check(address: Address, payload: dict[str, Any], version: str) -> str:
    if payload.get("version") != version:
        return f"not an Alertmanager webhook notification of version {version}"
    if payload.get("receiver") != _QUOTED.sub(r"\\\g<0>", address.receiver):
        return f"addressed to receiver {payload.get('receiver')!r}, delivered to {address.receiver!r}"
    if payload.get("status") not in _STATUSES:
        return "the notification is neither firing nor resolved"
    if not as_text(payload.get("groupKey")):
        return "a notification without a group key"
    alerts = payload.get("alerts")
    if not isinstance(alerts, list) or not alerts:
        return "a notification without alerts"
    for alert in alerts:
        if not isinstance(alert, dict) or alert.get("status") not in _STATUSES:
            return "an alert is neither firing nor resolved"
        if not _read_labels(alert.get("labels")).get("alertname"):
            return "an alert has no alertname"
        if not as_text(alert.get("fingerprint")):
            return "an alert has no fingerprint"
    return ""


def _read_alert(alert: Mapping[str, Any]) -> TaggedAlert:
    return TaggedAlert(
        fingerprint=as_text(alert.get("fingerprint")),
        status="resolved" if alert.get("status") == "resolved" else "firing",
        labels=_read_labels(alert.get("labels")),
    )


def _choose(alert: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is shown of an alert: not all that came, and no password of its Prometheus's address."""
    return {
        "status": alert.get("status"),
        "labels": _read_labels(alert.get("labels")),
        "annotations": _read_labels(alert.get("annotations")),
        "generatorURL": _AUTHORITY.sub(r"\1", as_text(alert.get("generatorURL")), count=1),
    }


def _read_labels(value: Any) -> dict[str, str]:
    pairs = value.items() if isinstance(value, dict) else ()
    return {name: text for name, text in pairs if isinstance(text, str)}


def _refuse(why: str, attempt: Attempt) -> Attempt:
    return replace(attempt, refusal=Answer(status=400, body=why), why=why)


def _point(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    own = {"payload": add_tag(stated["payload"])} if stated.get("payload") else {}
    return {"url": f"{target.url}/{address.path}", "http_config": target.connect(address), **own}


WEBHOOK = ReceiverKind(
    integration="webhook",
    fields=_FIELDS,
    required=(Required(own=("url", "url_file")),),
    point=_point,
    failing=FailingAnswers(
        rate_limit=Answer(status=429, body="too many requests"), error=Answer(status=500, body="error")
    ),
    http=make_bearer_contract(read_notification),
    show=show_notification,
)
