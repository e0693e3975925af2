"""The kinds of receivers that the pager stands in for: each is one file, and one line in the table. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from alertdrill.alertmanager.receivers.discord import DISCORD
from alertdrill.alertmanager.receivers.email import EMAIL
from alertdrill.alertmanager.receivers.incidentio import INCIDENTIO
from alertdrill.alertmanager.receivers.jira import JIRA
from alertdrill.alertmanager.receivers.kind import ReceiverKind
from alertdrill.alertmanager.receivers.mattermost import MATTERMOST
from alertdrill.alertmanager.receivers.msteams import MSTEAMS
from alertdrill.alertmanager.receivers.msteamsv2 import MSTEAMSV2
from alertdrill.alertmanager.receivers.opsgenie import OPSGENIE
from alertdrill.alertmanager.receivers.pagerduty import PAGERDUTY
from alertdrill.alertmanager.receivers.pushover import PUSHOVER
from alertdrill.alertmanager.receivers.rocketchat import ROCKETCHAT
from alertdrill.alertmanager.receivers.slack import SLACK
from alertdrill.alertmanager.receivers.sns import SNS
from alertdrill.alertmanager.receivers.telegram import TELEGRAM
from alertdrill.alertmanager.receivers.victorops import VICTOROPS
from alertdrill.alertmanager.receivers.webex import WEBEX
from alertdrill.alertmanager.receivers.webhook import WEBHOOK
from alertdrill.alertmanager.receivers.wechat import WECHAT
from alertdrill.core.expectation import Integration

RECEIVER_KINDS: Mapping[Integration, ReceiverKind] = {
    kind.integration: kind
    for kind in (
        PAGERDUTY,
        SLACK,
        WEBHOOK,
        OPSGENIE,
        EMAIL,
        TELEGRAM,
        MSTEAMS,
        MSTEAMSV2,
        DISCORD,
        MATTERMOST,
        ROCKETCHAT,
        VICTOROPS,
        WEBEX,
        INCIDENTIO,
        PUSHOVER,
        SNS,
        WECHAT,
        JIRA,
    )
}
"""By what Alertmanager calls each."""
