"""Real Alertmanagers deliver where one kind of receiver has several contracts, by what its config states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from support.receiver_sections import SAID, SUMMARY
from support.running_pager import RECEIVER, RunningPager, point, run_alertmanager_with

from alertdrill.core.expectation import Integration
from alertdrill.runtime.binaries import Engines

SHORT = "{{ .Status }} {{ .CommonLabels.alertname }}"
"""Alertmanager reads what it renders of a payload as YAML: with a colon it would be an object."""
V1: Mapping[Integration, list[dict[str, Any]]] = {
    "pagerduty": [
        {"service_key": "e93facc04764012d7bfb002500d5d1a6", "description": SAID, "details": {"said": SUMMARY}}
    ]
}
NEWER: Mapping[Integration, list[dict[str, Any]]] = {
    "slack": [
        {
            "app_token": "xoxb-secret",
            "channel": "#alerts",
            "update_message": True,
            "send_resolved": True,
            "title": SAID,
            "text": SUMMARY,
        },
        {"api_url": "https://hooks.slack.example/services/x", "title": SAID, "text": SUMMARY},
    ],
    "webhook": [
        {"url": "https://example.org/", "payload": {"title": SHORT, "text": SUMMARY}},
        {"url": "https://example.org/", "payload": f'{{"title": "{SHORT}"}}'},
        {"url": "https://example.org/", "payload": SHORT},
    ],
}


@pytest.fixture
def sections(each_generation: Engines) -> Mapping[Integration, list[dict[str, Any]]]:
    """Return what the receiver has, as far as the Alertmanager knows it."""
    is_oldest = each_generation.versions["alertmanager"].startswith("0.25")
    return V1 if is_oldest else {**V1, **NEWER}


async def test_each_contract_opens_and_closes_an_incident(
    pager: RunningPager, each_generation: Engines, sections: Mapping[Integration, list[dict[str, Any]]]
) -> None:
    """Three of them go through the proxy, and none of them to the service whose address is compiled in."""
    pointed = {name: point(pager, name, stated) for name, stated in sections.items()}
    every = {(name, index) for name, stated in sections.items() for index in range(len(stated))}
    closing = {one for one in every if one != ("slack", 1)}  # which is not to be notified of the end
    labels = {"alertname": "Slow", "model": "a b"}
    async with run_alertmanager_with(pager, each_generation, pointed) as alertmanager:
        await alertmanager.set_alerts(labels, is_firing=True)
        opened = await pager.await_notifications(len(every), effect="opened")
        await alertmanager.set_alerts(labels, is_firing=False)
        closed = await pager.await_notifications(len(closing), effect="closed")
        notifications = await pager.list_notifications()
    assert {(one["integration"], one["index"]) for one in opened} == every
    assert {(one["integration"], one["index"]) for one in closed} == closing
    assert len(notifications) == len(every) + len(closing)
    for one in notifications:
        assert one["receiver"] == RECEIVER
        assert one["group_labels"] == labels
        assert len(one["alerts"]) == 1
        assert "alertdrill-tag" not in str(one)
        is_payload = one["integration"] == "webhook"
        assert one["title"] == (f"{one['status']} Slow" if is_payload else f"{one['status']}: Slow of 1")
