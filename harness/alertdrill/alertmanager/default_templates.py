"""The templates that Alertmanager brings along, and which of them each includes.

Of both supported generations together: `default.tmpl` and `email.tmpl` of Alertmanager 0.25.0 and 0.33.1.
"""

from __future__ import annotations

from collections.abc import Mapping

_INCLUDED_BY = {
    "": (
        "__alertmanager __alertmanagerURL __description __subject __text_alert_list "
        "__text_alert_list_markdown discord.default.content jira.default.priority mattermost.default.color "
        "rocketchat.default.emoji rocketchat.default.iconurl rocketchat.default.text "
        "slack.default.callbackid slack.default.color slack.default.footer slack.default.iconemoji "
        "slack.default.iconurl slack.default.pretext slack.default.text wechat.default.agent_id "
        "wechat.default.to_party wechat.default.to_tag wechat.default.to_user"
    ),
    "__alertmanager": (
        "email.default.html mattermost.default.username pagerduty.default.client rocketchat.default.alias "
        "slack.default.username victorops.default.monitoring_tool"
    ),
    "__alertmanagerURL": (
        "email.default.html mattermost.default.titlelink opsgenie.default.source "
        "pagerduty.default.clientURL pushover.default.url rocketchat.default.titlelink "
        "slack.default.titlelink wechat.default.message"
    ),
    "__subject": (
        "discord.default.title email.default.html email.default.subject jira.default.summary "
        "mattermost.default.title msteams.default.summary msteams.default.title msteamsv2.default.title "
        "opsgenie.default.message pagerduty.default.description pushover.default.title "
        "rocketchat.default.title slack.default.title sns.default.subject "
        "victorops.default.entity_display_name wechat.default.message"
    ),
    "__text_alert_list": (
        "discord.default.message opsgenie.default.description pagerduty.default.instances "
        "pushover.default.message sns.default.message telegram.default.message "
        "victorops.default.state_message webex.default.message wechat.default.message"
    ),
    "__text_alert_list_markdown": (
        "jira.default.description mattermost.default.text msteams.default.text msteamsv2.default.text"
    ),
    "mattermost.default.title": "mattermost.default.fallback",
    "mattermost.default.titlelink": "mattermost.default.fallback",
    "slack.default.title": "slack.default.fallback",
    "slack.default.titlelink": "slack.default.fallback",
}


def _list_inclusions() -> dict[str, frozenset[str]]:
    inclusions: dict[str, set[str]] = {}
    for included, names in _INCLUDED_BY.items():
        for name in names.split():
            inclusions.setdefault(name, set()).update([included] if included else [])
    return {name: frozenset(includes) for name, includes in inclusions.items()}


DEFAULT_TEMPLATES: Mapping[str, frozenset[str]] = _list_inclusions()
"""The names that each default template includes, by its own name."""
