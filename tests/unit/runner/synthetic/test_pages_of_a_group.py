"""Alerts that a config groups have a page each, whatever tells the receiver's service which page is meant."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.both_generations import find_generation
from support.config_grammar import BUILT_IN
from support.page_records import make_alert
from support.receiver_sections import SECTIONS
from support.rehearsed import rehearse_all

from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.core.expectation import Integration
from alertdrill.runtime.binaries import Generation

ALL_SECTIONS = {**BUILT_IN, **SECTIONS}
ALERTS = [make_alert(name, team="a") for name in ("First", "Second", "Third")]


def make_config(*kinds: Integration) -> str:
    """Return a config that groups by team, and tells a receiver of each kind of ends."""
    sections: dict[Integration, dict[str, Any]] = {
        kind: {**ALL_SECTIONS[kind], "send_resolved": True} for kind in kinds
    }
    return json.dumps(
        {
            "route": {
                "receiver": kinds[0],
                "group_by": ["team"],
                "group_wait": "1s",
                "group_interval": "10s",
                "routes": [{"receiver": kind, "continue": True} for kind in kinds],
            },
            "receivers": [{"name": kind, f"{kind}_configs": [section]} for kind, section in sections.items()],
            "templates": [],
        }
    ).replace('{{ template \\"said\\" . }}', "{{ .CommonLabels.alertname }} {{ .Status }}")


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one after another"])
def test_alerts_of_one_group_are_paged_and_closed_each(*, at_once: bool) -> None:
    """At every kind of receiver; some tell groups apart by their labels alone, which are the same here."""
    engines = find_generation(list(Generation)[-1])
    rows = rehearse_all(make_config(*RECEIVER_KINDS), ALERTS, engines, at_once=at_once)
    assert [(row.outcome, row.evidence) for row in rows] == [("paged", "")] * len(ALERTS)
    assert {len(row.pages) for row in rows} == {len(RECEIVER_KINDS)}
