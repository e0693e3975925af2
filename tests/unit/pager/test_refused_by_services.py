"""Real Alertmanagers deliver what a service refuses: with another's key, or what breaks its contract."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from support.receiver_sections import OLDEST, SECTIONS
from support.running_pager import (
    DEADLINE_S,
    RunningAlertmanager,
    RunningPager,
    point_at,
    run_alertmanager_with,
)

from alertdrill.core.expectation import Integration
from alertdrill.runtime.binaries import Engines

BREAKING: Mapping[Integration, tuple[dict[str, Any], str]] = {
    "pagerduty": ({"severity": "fatal"}, "'payload.severity' is not one of"),
    "opsgenie": ({"priority": "P9"}, "priority should be one of"),
    "telegram": ({"chat_id": 1, "parse_mode": "HTML", "message": "a<br>b"}, "can't parse entities"),
    "msteams": ({"summary": "", "text": ""}, "the card has neither summary nor text"),
    "msteamsv2": ({"text": '{{ printf "%030000d" 1 }}'}, "the card is 30"),
    "discord": ({"title": "", "message": ""}, "Cannot send an empty message"),
    "mattermost": ({"title": '{{ printf "%0800001d" 1 }}'}, "the attachments have more than 800000"),
    "rocketchat": ({"title": "a"}, "the message has neither a channel nor a room"),
    "victorops": ({"routing_key": "{{ .CommonLabels.nobody }}"}, "the address has no routing key"),
    "webex": ({"room_id": "r", "message": ""}, "the message has no markdown"),
    "pushover": ({"priority": "9"}, "priority is invalid"),
    "sns": ({"topic_arn": "arn:aws:sns:eu-central-1:123456789012:a", "subject": "ü"}, "InvalidParameter"),
    "wechat": ({"to_user": "@all"}, "agentid is not a number"),
    "jira": ({"project": "P", "issue_type": "T", "labels": ["too slow"]}, "labels: The label 'too slow'"),
}
"""What a user may state by mistake, and what the service says to it."""
TRIED_AGAIN: tuple[Integration, ...] = ("telegram",)
"""Whatever its service says."""


def list_kinds(engines: Engines, kinds: Mapping[Integration, Any]) -> list[Integration]:
    """Return the kinds that an Alertmanager has."""
    is_oldest = engines.versions["alertmanager"].startswith("0.25")
    return [kind for kind in kinds if not is_oldest or kind in OLDEST]


async def test_what_breaks_a_contract_is_refused_with_its_services_words(
    pager: RunningPager, each_generation: Engines
) -> None:
    """The journal has the reason, and nobody is paged."""
    kinds = list_kinds(each_generation, BREAKING)
    sections = {kind: point_at(pager.target, kind, [BREAKING[kind][0]]) for kind in kinds}
    async with run_alertmanager_with(pager, each_generation, sections) as alertmanager:
        await alertmanager.set_alerts({"alertname": "Slow"}, is_firing=True)
        whys = await _await_reasons(pager, set(kinds))
        assert await pager.list_incidents() == []
    for kind, why in whys.items():
        assert why.startswith(BREAKING[kind][1])


async def _await_reasons(pager: RunningPager, kinds: set[Integration]) -> Mapping[Integration, str]:
    give_up_at = time.monotonic() + DEADLINE_S
    while True:
        refused = [one for one in await pager.list_notifications() if not one["is_accepted"]]
        whys: dict[Integration, str] = {one["integration"]: one["why"] for one in refused}
        if whys.keys() >= kinds:
            return whys
        assert time.monotonic() < give_up_at, kinds - whys.keys()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("tried_again", [False, True])
async def test_another_pagers_keys_open_no_inbox(
    pager: RunningPager, each_generation: Engines, tried_again: bool
) -> None:
    """Alertmanager is told so by every kind, logs it, and nothing is in the journal.

    What is tried again comes alone: until it is given up, nothing is logged of the others.
    """
    (pager.folder / "other").write_text("other")
    stranger = replace(pager.target, token="other", token_file=str(pager.folder / "other"))
    kinds = [kind for kind in list_kinds(each_generation, SECTIONS) if (kind in TRIED_AGAIN) is tried_again]
    sections = {kind: point_at(stranger, kind, [SECTIONS[kind]]) for kind in kinds}
    async with run_alertmanager_with(pager, each_generation, sections) as alertmanager:
        await alertmanager.set_alerts({"alertname": "Slow"}, is_firing=True)
        await _await_failures(alertmanager, kinds)
        assert await pager.list_notifications() == []


async def _await_failures(alertmanager: RunningAlertmanager, kinds: list[Integration]) -> None:
    give_up_at = time.monotonic() + DEADLINE_S
    while True:
        log = alertmanager.log.read_text()
        failed = [line for line in log.splitlines() if "err=" in line]
        silent = [
            kind
            for kind in kinds
            if not any(f"integration={kind}[0]" in line or f"/{kind}[0]: " in line for line in failed)
        ]
        if not silent:
            return
        assert time.monotonic() < give_up_at, (silent, log)
        await asyncio.sleep(0.02)
