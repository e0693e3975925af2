"""The fields of Alertmanager's config file: what each holds, and which of them are never kept. Pure.

Source: Alertmanager's configuration reference, and the fields that the programs of both supported generations
accept. A field that only one generation knows is here too; which one a config is for, amtool says
(`alertdrill.alertmanager.amtool`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from alertdrill.core.expectation import Integration


class Scalar(Enum):
    """What a field holds."""

    TEXT = "text"
    FLAG = "true or false"
    NUMBER = "a whole number"
    OPEN = "anything"
    SECRET = "<secret>"  # noqa: S105 - as Alertmanager itself shows one
    """Whatever it holds is forgotten while the file is read, secret or not: it is replaced or left out."""


TEXT, FLAG, NUMBER, OPEN, SECRET = Scalar.TEXT, Scalar.FLAG, Scalar.NUMBER, Scalar.OPEN, Scalar.SECRET


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind of thing."""

    item: Field


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping whose keys the user chooses."""

    value: Field


Fields = Mapping[str, Any]
"""A mapping's fields, each a Field; see `Field`."""
Field = Scalar | ListOf | MapOf | Fields

TEXTS = ListOf(TEXT)
NAMED_TEXTS = MapOf(TEXT)

ROUTE: dict[str, Field] = {
    "receiver": TEXT,
    "group_by": TEXTS,
    "group_wait": TEXT,
    "group_interval": TEXT,
    "repeat_interval": TEXT,
    "match": NAMED_TEXTS,
    "match_re": NAMED_TEXTS,
    "matchers": TEXTS,
    "continue": FLAG,
    "mute_time_intervals": TEXTS,
    "active_time_intervals": TEXTS,
}
ROUTE["routes"] = ListOf(ROUTE)

INHIBIT_RULE: Fields = {
    "name": TEXT,
    "equal": TEXTS,
    "source_match": NAMED_TEXTS,
    "source_match_re": NAMED_TEXTS,
    "source_matchers": TEXTS,
    "target_match": NAMED_TEXTS,
    "target_match_re": NAMED_TEXTS,
    "target_matchers": TEXTS,
}

TIME_INTERVAL: Fields = {
    "name": TEXT,
    "time_intervals": ListOf(
        {
            "times": ListOf({"start_time": TEXT, "end_time": TEXT}),
            "weekdays": TEXTS,
            "days_of_month": TEXTS,
            "months": TEXTS,
            "years": TEXTS,
            "location": TEXT,
        }
    ),
}

INTEGRATIONS: Mapping[Integration, Fields] = {
    "pagerduty": {
        "send_resolved": FLAG,
        "timeout": TEXT,
        "client": TEXT,
        "client_url": TEXT,
        "description": TEXT,
        "details": MapOf(OPEN),
        "images": ListOf({"src": TEXT, "alt": TEXT, "href": TEXT}),
        "links": ListOf({"href": TEXT, "text": TEXT}),
        "source": TEXT,
        "severity": TEXT,
        "class": TEXT,
        "component": TEXT,
        "group": TEXT,
        "url": SECRET,
        "routing_key": SECRET,
        "routing_key_file": SECRET,
        "service_key": SECRET,
        "service_key_file": SECRET,
        "http_config": SECRET,
    },
    "slack": {
        "send_resolved": FLAG,
        "timeout": TEXT,
        "channel": TEXT,
        "username": TEXT,
        "color": TEXT,
        "title": TEXT,
        "title_link": TEXT,
        "pretext": TEXT,
        "text": TEXT,
        "message_text": TEXT,
        "fields": ListOf({"title": TEXT, "value": TEXT, "short": FLAG}),
        "short_fields": FLAG,
        "footer": TEXT,
        "fallback": TEXT,
        "callback_id": TEXT,
        "icon_emoji": TEXT,
        "icon_url": TEXT,
        "image_url": TEXT,
        "thumb_url": TEXT,
        "link_names": FLAG,
        "mrkdwn_in": TEXTS,
        "actions": ListOf(
            {
                "type": TEXT,
                "text": TEXT,
                "url": TEXT,
                "style": TEXT,
                "name": TEXT,
                "value": TEXT,
                "confirm": {"title": TEXT, "text": TEXT, "ok_text": TEXT, "dismiss_text": TEXT},
            }
        ),
        "update_message": FLAG,
        "api_url": SECRET,
        "api_url_file": SECRET,
        "app_token": SECRET,
        "app_token_file": SECRET,
        "app_url": SECRET,
        "http_config": SECRET,
    },
    "webhook": {
        "send_resolved": FLAG,
        "timeout": TEXT,
        "max_alerts": NUMBER,
        "payload": SECRET,
        "url": SECRET,
        "url_file": SECRET,
        "http_config": SECRET,
    },
    "opsgenie": {
        "send_resolved": FLAG,
        "message": TEXT,
        "description": TEXT,
        "source": TEXT,
        "details": NAMED_TEXTS,
        "entity": TEXT,
        "responders": ListOf({"id": TEXT, "name": TEXT, "username": TEXT, "type": TEXT}),
        "tags": TEXT,
        "note": TEXT,
        "priority": TEXT,
        "actions": TEXT,
        "update_alerts": FLAG,
        "api_key": SECRET,
        "api_key_file": SECRET,
        "api_url": SECRET,
        "http_config": SECRET,
    },
    "email": {
        "send_resolved": FLAG,
        "to": TEXT,
        "from": TEXT,
        "hello": TEXT,
        "headers": NAMED_TEXTS,
        "html": TEXT,
        "text": TEXT,
        "threading": {"enabled": FLAG, "thread_by_date": TEXT},
        "smarthost": SECRET,
        "auth_username": SECRET,
        "auth_password": SECRET,
        "auth_password_file": SECRET,
        "auth_secret": SECRET,
        "auth_secret_file": SECRET,
        "auth_identity": SECRET,
        "require_tls": SECRET,
        "tls_config": SECRET,
        "force_implicit_tls": SECRET,
    },
}
"""The integrations that the pager stands in for."""

OTHER_INTEGRATIONS = (
    "discord",
    "incidentio",
    "jira",
    "mattermost",
    "msteams",
    "msteamsv2",
    "pushover",
    "rocketchat",
    "sns",
    "telegram",
    "victorops",
    "webex",
    "wechat",
)
"""What Alertmanager delivers by besides."""

_GLOBAL_KEPT: Fields = {"resolve_timeout": TEXT, "smtp_from": TEXT, "smtp_hello": TEXT}
_GLOBAL_FORGOTTEN = (
    "http_config jira_api_url mattermost_webhook_url mattermost_webhook_url_file opsgenie_api_key "
    "opsgenie_api_key_file opsgenie_api_url pagerduty_url rocketchat_api_url rocketchat_token "
    "rocketchat_token_file rocketchat_token_id rocketchat_token_id_file slack_api_url slack_api_url_file "
    "slack_app_token slack_app_token_file slack_app_url smtp_auth_identity smtp_auth_password "
    "smtp_auth_password_file smtp_auth_secret smtp_auth_secret_file smtp_auth_username "
    "smtp_force_implicit_tls smtp_require_tls smtp_smarthost smtp_tls_config telegram_api_url "
    "telegram_bot_token telegram_bot_token_file victorops_api_key victorops_api_key_file "
    "victorops_api_url webex_api_url wechat_api_corp_id wechat_api_secret wechat_api_secret_file "
    "wechat_api_url"
)
GLOBAL: Fields = {**_GLOBAL_KEPT, **dict.fromkeys(_GLOBAL_FORGOTTEN.split(), SECRET)}

CONFIG: Fields = {
    "global": GLOBAL,
    "route": ROUTE,
    "inhibit_rules": ListOf(INHIBIT_RULE),
    "receivers": ListOf(
        {
            "name": TEXT,
            "labels": NAMED_TEXTS,
            **{f"{name}_configs": ListOf(fields) for name, fields in INTEGRATIONS.items()},
            **{f"{name}_configs": SECRET for name in OTHER_INTEGRATIONS},
        }
    ),
    "templates": TEXTS,
    "time_intervals": ListOf(TIME_INTERVAL),
    "mute_time_intervals": ListOf(TIME_INTERVAL),
    # Where Alertmanager reports of itself: it says nothing about paging, and may name outsiders.
    "tracing": SECRET,
    "event_recorder": SECRET,
}

CREDENTIALS: Mapping[Integration, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pagerduty": (("routing_key", "routing_key_file", "service_key", "service_key_file"), ()),
    "slack": (
        ("api_url", "api_url_file", "app_token", "app_token_file"),
        ("slack_api_url", "slack_api_url_file", "slack_app_token", "slack_app_token_file"),
    ),
    "webhook": (("url", "url_file"), ()),
    "opsgenie": (("api_key", "api_key_file"), ("opsgenie_api_key", "opsgenie_api_key_file")),
    "email": (("smarthost",), ("smtp_smarthost",)),
}
"""What an integration must have one of, of its own or in `global`. They are replaced, so Alertmanager itself
would no longer miss them."""
