"""A section of alertmanager.yml for each kind of receiver, as a user writes it after its documentation.

Every text that a receiver shows begins with the template `said`, and has the summary of the alerts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alertdrill.core.expectation import Integration

SAID = '{{ template "said" . }}'
SUMMARY = "{{ .CommonAnnotations.summary }}"
BOTH = f"{SAID}\n{SUMMARY}"

SECTIONS: Mapping[Integration, Mapping[str, Any]] = {
    "telegram": {
        "bot_token": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        "chat_id": -1001234567890,
        "parse_mode": "HTML",
        "message": f"<b>{SAID}</b>\n{SUMMARY}",
    },
    "msteams": {
        "webhook_url": "https://example.webhook.office.example/webhookb2/a/IncomingWebhook/b/c",
        "title": SAID,
        "text": SUMMARY,
    },
    "msteamsv2": {
        "webhook_url": "https://prod-1.westeurope.logic.azure.example:443/workflows/a?sig=b",
        "title": SAID,
        "text": SUMMARY,
    },
    "discord": {
        "webhook_url": "https://discord.example/api/webhooks/1/token",
        "title": SAID,
        "message": SUMMARY,
    },
    "mattermost": {
        "webhook_url": "https://mattermost.example/hooks/key",
        "channel": "town-square",
        "text": f"#### {SAID}\n{SUMMARY}",
        "attachments": [{"title": SAID, "text": SUMMARY, "fields": [{"title": "a", "value": "b"}]}],
    },
    "rocketchat": {
        "token": "secret",
        "token_id": "user",
        "channel": "#alerts",
        "send_resolved": True,
        "title": SAID,
        "text": SUMMARY,
        "fields": [{"title": "severity", "value": "high", "short": True}],
    },
    "victorops": {
        "api_key": "558e7ebc-XXXX",
        "routing_key": "team/{{ .GroupLabels.alertname }}",
        "message_type": "CRITICAL",
        "entity_display_name": SAID,
        "state_message": SUMMARY,
        "custom_fields": {"zone": "{{ .CommonLabels.zone }}"},
    },
    "webex": {
        "http_config": {"authorization": {"credentials": "secret"}},
        "room_id": "Y2lzY29zcGFyazovL3VzL1JPT00vYmJjZWIxYWQ",
        "message": BOTH,
    },
    "incidentio": {
        "url": "https://api.incident.example/v2/alert_events/alertmanager/1",
        "alert_source_token": "secret",
    },
    "pushover": {
        "user_key": "uQiRzpo4DXghDmr9QzzfQu27cmVRsG",
        "token": "azGDORePK8gMaC0QOYAMyEEuzJnyUi",
        "title": SAID,
        "message": SUMMARY,
        "url": "https://runbooks.example/{{ .GroupLabels.alertname }}",
        "url_title": "the runbook",
        "retry": "1m",
        "expire": "1h",
    },
    "sns": {
        "sigv4": {"region": "eu-central-1", "access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "secret"},
        "topic_arn": "arn:aws:sns:eu-central-1:123456789012:alerts",
        "subject": SAID,
        "message": SUMMARY,
        "attributes": {"severity": "high"},
    },
    "wechat": {
        "api_secret": "secret",
        "corp_id": "ww1234567890",
        "agent_id": "1000002",
        "to_user": "@all",
        "send_resolved": True,
        "message": BOTH,
    },
    "jira": {
        "api_url": "https://example.atlassian.example/rest/api/2",
        "project": "OPS",
        "issue_type": "Alert",
        "summary": SAID,
        "description": SUMMARY,
        "labels": ["alertmanager"],
        "priority": "High",
        "resolve_transition": "Done & closed",
        "reopen_transition": "Back to work",
        "reopen_duration": "1h",
    },
}
OLDEST: frozenset[Integration] = frozenset(
    (
        *("discord", "email", "opsgenie", "pagerduty", "pushover", "slack", "sns", "telegram", "victorops"),
        *("webex", "webhook", "wechat"),
    )
)
"""The kinds that the oldest supported Alertmanager has."""
