"""Tests that nothing of a config's secrets is kept, shown or written."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Container, Iterator
from pathlib import Path

import pytest
from support.receiver_sections import OLDEST

from alertdrill.alertmanager.amtool import check_config
from alertdrill.alertmanager.config import read_config
from alertdrill.alertmanager.fields import CONFIG, GLOBAL
from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.redirect import write_config
from alertdrill.alertmanager.schema import SECRET
from alertdrill.alertmanager.target import Target
from alertdrill.alertmanager.unplayed import list_unplayed
from alertdrill.errors import BadInput
from alertdrill.runtime.binaries import Engines

CANARY = "canary-8f2d"

PUBLIC = {
    "webhook": {
        "send_resolved",
        "timeout",
        "max_alerts",
        "payload",
    },
    "slack": {
        *(
            "send_resolved",
            "timeout",
            "channel",
            "username",
            "color",
            "title",
            "title_link",
            "pretext",
            "text",
        ),
        *("message_text", "fields", "short_fields", "footer", "fallback", "callback_id", "icon_emoji"),
        *("icon_url", "image_url", "thumb_url", "link_names", "mrkdwn_in", "actions", "update_message"),
    },
    "pagerduty": {
        *("send_resolved", "timeout", "client", "client_url", "description", "details", "images", "links"),
        *("source", "severity", "class", "component", "group"),
    },
    "opsgenie": {
        *("send_resolved", "message", "description", "source", "details", "entity", "responders", "tags"),
        *("note", "priority", "actions", "update_alerts"),
    },
    "email": {"send_resolved", "to", "from", "hello", "headers", "html", "text", "threading"},
    "telegram": {
        *("send_resolved", "chat_id", "message_thread_id", "message", "disable_notifications", "parse_mode"),
    },
    "msteams": {"send_resolved", "title", "summary", "text"},
    "msteamsv2": {"send_resolved", "title", "text"},
    "discord": {"send_resolved", "content", "title", "message", "username", "avatar_url"},
    "mattermost": {
        *("send_resolved", "channel", "username", "icon_url", "icon_emoji", "attachments", "type", "props"),
        *("priority", "fallback", "color", "pretext", "text", "author_name", "author_link", "author_icon"),
        *("title", "title_link", "fields", "thumb_url", "footer", "footer_icon", "image_url"),
    },
    "rocketchat": {
        *("send_resolved", "channel", "color", "title", "title_link", "text", "fields", "short_fields"),
        *("emoji", "icon_url", "image_url", "thumb_url", "link_names", "actions"),
    },
    "victorops": {
        *("send_resolved", "routing_key", "message_type", "state_message", "entity_display_name"),
        *("monitoring_tool", "custom_fields"),
    },
    "webex": {"send_resolved", "room_id", "message"},
    "incidentio": {"send_resolved", "timeout", "max_alerts"},
    "pushover": {
        *("send_resolved", "title", "message", "url", "url_title", "device", "sound", "priority", "retry"),
        *("expire", "ttl", "html", "monospace"),
    },
    "sns": {
        *("send_resolved", "topic_arn", "target_arn", "phone_number", "subject", "message", "attributes"),
    },
    "jira": {
        *("send_resolved", "api_url", "api_type", "project", "issue_type", "summary", "description"),
        *("labels", "priority", "fields", "resolve_transition", "reopen_transition", "reopen_duration"),
        "wont_fix_resolution",
    },
    "wechat": {
        *("send_resolved", "agent_id", "message", "message_type", "to_user", "to_party", "to_tag"),
    },
}
"""Fields that say what a notification is to say, and to whom."""


def list_global_lines() -> Iterator[str]:
    """Yield every field of `global` that is not kept, with a canary in it."""
    for name, field in GLOBAL.items():
        if field is not SECRET:
            continue
        if name == "http_config" or name == "smtp_tls_config":
            yield f"  {name}: {{proxy_url: 'http://{CANARY}@proxy', bearer_token: {CANARY}, ca: {CANARY}}}"
        else:
            yield f"  {name}: {CANARY}"


MUST_HAVE = {
    "email": "to: you@example.org",
    "victorops": "routing_key: r",
    "webex": "room_id: r",
    "sns": "topic_arn: t",
    "jira": "api_url: https://jira.example\n    project: p\n    issue_type: t",
}
"""What a receiver is not taken without, besides fields that are not kept."""


def write_full_config(kinds: Container[str] = RECEIVER_KINDS, *, unplayed: bool = False) -> str:
    """Return a config with a canary in every field that is not kept, of these kinds of receivers."""
    lines = ["global:", *list_global_lines(), "  smtp_from: me@example.org"]
    lines += ["route:", "  receiver: all", "receivers:", "- name: all"]
    for integration, kind in RECEIVER_KINDS.items():
        if integration not in kinds:
            continue
        lines.append(f"  {integration}_configs:")
        item = "  -"
        for name, field in kind.fields.items():
            if field is not SECRET:
                continue
            lines.append(f"{item} {name}: {{password: {CANARY}, url: 'https://{CANARY}/'}}")
            lines.append(f"    # {CANARY}")
            item = "   "
        if integration in MUST_HAVE:
            lines.append(f"    {MUST_HAVE[integration]}")
    if unplayed:
        lines += ["  pigeon_configs:", f"  - token: {CANARY}", f"    api_url: https://{CANARY}/"]
    lines += ["tracing:", f"  endpoint: {CANARY}", "event_recorder:", f"  url: {CANARY}"]
    return "\n".join(lines)


def test_the_fields_that_are_kept_are_these() -> None:
    """Whatever is not what a notification says, or to whom, is not kept."""
    for integration, kind in RECEIVER_KINDS.items():
        assert {name for name, field in kind.fields.items() if field is not SECRET} == PUBLIC[integration]
    assert {name for name, field in GLOBAL.items() if field is not SECRET} == {
        "resolve_timeout",
        "jira_api_url",
        "smtp_from",
        "smtp_hello",
    }
    assert {name for name, field in CONFIG.items() if field is SECRET} == {"tracing", "event_recorder"}


def test_no_secret_is_kept_shown_or_written(
    place: Callable[[str], Path], target: Target, each_engines: Engines
) -> None:
    """A canary in every such field is in no value, no representation and no written config."""
    is_oldest = each_engines.versions["alertmanager"].startswith("0.25")
    text = write_full_config(kinds=OLDEST if is_oldest else RECEIVER_KINDS)
    assert text.count(CANARY) > 60
    config = read_config(place(text))
    written = write_config(config, target=target, speed=60)
    check_config(each_engines.amtool, each_engines.versions["alertmanager"], config, written)
    for shown in (repr(config), str(config), repr(config.document), written, repr(target)):
        assert CANARY not in shown
    assert target.token not in repr(target)
    assert target.token not in written


def test_no_secret_of_what_is_not_played_is_kept(place: Callable[[str], Path], target: Target) -> None:
    """An integration that cannot be redirected is a note, by its kind and line, and is left out."""
    config = read_config(place(write_full_config(unplayed=True)))
    written = write_config(config, target=target, speed=60)
    told = repr(config) + "".join(config.notes) + written
    assert CANARY not in told
    assert {one.integration for one in list_unplayed(config.document)} == {"pigeon"}
    assert any("'all': the pager cannot stand in for pigeon:" in note for note in config.notes)
    assert "pigeon_configs" not in written


@pytest.mark.parametrize(
    "broken",
    [
        "  webhook_configs:\n  - uri: canary-8f2d",
        "  webhook_configs: canary-8f2d",
        "  webhook_configs:\n  - url: canary-8f2d\n    url: canary-8f2d",
        "  webhook_configs:\n  - url: canary-8f2d\n    max_alerts: canary-8f2d",
        "  webhook_configs:\n  - canary-8f2d",
        "  webhook_configs:\n  - url: *canary-8f2d",
        "  canary_config:\n  - url: canary-8f2d",
        "  slack_configs:\n  - api_url: canary-8f2d\n    title: '{{ canary-8f2d'",
    ],
)
def test_no_value_is_in_a_complaint(place: Callable[[str], Path], broken: str) -> None:
    """What is wrong with a field is said without what stands in it."""
    with pytest.raises(BadInput) as caught:
        read_config(place(f"route: {{receiver: a}}\nreceivers:\n- name: a\n{broken}\n"))
    assert CANARY not in "".join(traceback.format_exception(caught.value, chain=True))


def test_files_that_hold_secrets_are_not_opened(place: Callable[[str], Path], tmp_path: Path) -> None:
    """A file that is named for a secret need not be there, and the redirected config names it no more."""
    text = (
        "route: {receiver: a}\nreceivers:\n- name: a\n"
        "  pagerduty_configs: [{routing_key_file: /nowhere/key}]\n"
        "  slack_configs: [{api_url_file: /nowhere/url}]\n"
        "  webhook_configs: [{url_file: /nowhere/url}]\n"
        "  opsgenie_configs: [{api_key_file: /nowhere/key}]\n"
    )
    config = read_config(place(text))
    written = write_config(
        config,
        target=Target(
            url="https://127.0.0.1:1",
            smarthost="127.0.0.1:2",
            ca_file="/ca",
            token_file="/token",
            token="t",
            templates_folder=str(tmp_path),
        ),
        speed=1,
    )
    assert "nowhere" not in written
