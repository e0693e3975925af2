"""Real Alertmanagers of both generations deliver to the pager, and try again when it fails."""

from __future__ import annotations

import asyncio
import time
from typing import get_args
from urllib.parse import quote

import pytest
from support.receiver_sections import OLDEST
from support.running_pager import DEADLINE_S, RECEIVER, RunningAlertmanager, RunningPager, run_alertmanager

from alertdrill.core.drill import Failing
from alertdrill.core.expectation import Integration
from alertdrill.runtime.binaries import Engines


def list_integrations(engines: Engines) -> tuple[Integration, ...]:
    """Return what an Alertmanager delivers by."""
    has_all = not engines.versions["alertmanager"].startswith("0.25")
    every: tuple[Integration, ...] = get_args(Integration)
    return tuple(integration for integration in every if has_all or integration in OLDEST)


OPEN_TEXT = 'a=b&c;d =? é\n"quoted"'
TOLD_WHOLE = ("webhook", "incidentio")
"""What is sent no text of a template, but all that Alertmanager knows."""
ALERTS = (
    {"alertname": "Slow", "model": OPEN_TEXT, "zone": "a"},
    {"alertname": "Slow", "model": OPEN_TEXT, "zone": "b"},
)
CONTROL = f"/control/receivers/{quote(RECEIVER, safe='')}"


async def test_every_integration_opens_and_closes_one_incident(
    pager: RunningPager, each_generation: Engines
) -> None:
    """What Alertmanager sends is accepted, by each integration, and tells the group, its alerts and texts."""
    every = list_integrations(each_generation)
    async with run_alertmanager(pager, each_generation, *every) as alertmanager:
        await alertmanager.set_alerts(*ALERTS, is_firing=True)
        opened = await pager.await_notifications(len(every), effect="opened")
        await alertmanager.set_alerts(*ALERTS, is_firing=False)
        closed = await pager.await_notifications(len(every), effect="closed")
        notifications = await pager.list_notifications()
        incidents = await pager.list_incidents()
    assert {notification["integration"] for notification in opened} == set(every)
    assert {notification["integration"] for notification in closed} == set(every)
    assert len(notifications) == 2 * len(every)
    webhook = next(notification for notification in opened if notification["integration"] == "webhook")
    for notification in notifications:
        status = "firing" if notification in opened else "resolved"
        assert notification["is_accepted"]
        assert notification["receiver"] == RECEIVER
        assert notification["status"] == status
        assert notification["group_labels"] == {"alertname": "Slow", "model": OPEN_TEXT}
        assert [alert["fingerprint"] for alert in notification["alerts"]] == [
            alert["fingerprint"] for alert in webhook["alerts"]
        ]
        assert {alert["status"] for alert in notification["alerts"]} == {status}
        assert "alertdrill-tag" not in str(notification).lower()
    assert [alert["labels"] for alert in webhook["alerts"]] == list(ALERTS)
    for notification in opened:
        if notification["integration"] not in TOLD_WHOLE:
            assert notification["title"] == "firing: Slow of 2"
        assert "it is slow" in notification["text"]
    assert len(incidents) == len(every)
    for incident in incidents:
        assert incident["status"] == "closed"
        assert incident["opened_s"] < incident["closed_s"]
        assert incident["updates"] == 0


async def test_a_large_group_is_told_of_whole(pager: RunningPager, each_generation: Engines) -> None:
    """Its tag has every alert, by every integration, though it is longer than a mail's line may be."""
    alerts = [{"alertname": "Slow", "zone": f"zone {number}"} for number in range(150)]
    every = list_integrations(each_generation)
    async with run_alertmanager(pager, each_generation, *every) as alertmanager:
        await alertmanager.set_alerts(*alerts, is_firing=True)
        opened = await pager.await_notifications(len(every), effect="opened")
    assert {len(notification["alerts"]) for notification in opened} == {150}
    assert len({alert["fingerprint"] for notification in opened for alert in notification["alerts"]}) == 150


ANSWERS = {"rate_limit": {"429", "451"}, "error": {"500", "451"}, "timeout": {"timeout"}, "reset": {"reset"}}
"""What the journal says of failed attempts; of the other two faults it has nothing to say."""
SAID = {"tls": "certificate signed by unknown authority", "refuse": "EOF"}


@pytest.mark.parametrize("how", get_args(Failing))
async def test_what_a_failing_receiver_missed_arrives_once_it_works_again(
    pager: RunningPager, each_generation: Engines, how: Failing
) -> None:
    """Alertmanager tries again with every integration, until it is accepted once; nothing opened before."""
    every = list_integrations(each_generation)
    async with run_alertmanager(pager, each_generation, *every) as alertmanager:
        await pager.ask("PUT", CONTROL, {"how": how})
        await alertmanager.set_alerts(*ALERTS, is_firing=True)
        await _await_failures(pager, alertmanager, how, every)
        assert await pager.list_incidents() == []
        await pager.ask("DELETE", CONTROL)
        await pager.await_notifications(len(every), is_accepted=True)
        await alertmanager.set_alerts(*ALERTS, is_firing=False)
        await pager.await_notifications(len(every), effect="closed")
        notifications = await pager.list_notifications()
    refused = [notification for notification in notifications if not notification["is_accepted"]]
    assert {notification["answer"] for notification in refused} == ANSWERS.get(how, set())
    assert all(notification["incident"] is None for notification in refused)
    effects = [notification["effect"] for notification in notifications if notification["is_accepted"]]
    assert sorted(effects) == ["closed"] * len(every) + ["opened"] * len(every)


async def _await_failures(
    pager: RunningPager, alertmanager: RunningAlertmanager, how: Failing, every: tuple[Integration, ...]
) -> None:
    """Wait until every integration has failed at least once."""
    give_up_at = time.monotonic() + DEADLINE_S
    while True:
        if how in ANSWERS:
            seen = {notification["integration"] for notification in await pager.list_notifications()}
        else:
            lines = [line for line in alertmanager.log.read_text().splitlines() if SAID[how] in line]
            seen = {name for name in every if any(_is_of(name, line) for line in lines)}
        if seen == set(every):
            return
        assert time.monotonic() < give_up_at, alertmanager.log.read_text()
        await asyncio.sleep(0.02)


def _is_of(integration: Integration, line: str) -> bool:
    """Return whether a line of the log is about an integration: its field says it, or its error."""
    return f"integration={integration}[0]" in line or f"/{integration}[0]: " in line
