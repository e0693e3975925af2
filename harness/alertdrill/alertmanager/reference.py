"""The reference routing: what the drills are held on where nobody brings a config along."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from alertdrill.alertmanager.config import AlertmanagerConfig, parse_config
from alertdrill.alertmanager.fields import CONFIG, ROUTE
from alertdrill.alertmanager.reference_receivers import UNROUTED, name_receiver
from alertdrill.alertmanager.schema import Fields, ListOf
from alertdrill.alertmanager.yaml_without_secrets import read_document

SOURCE = "our own Alertmanager config"
PAGING_PATH = Path(__file__).with_name("paging_routes.yml")
_PAGING_FIELDS: Fields = {
    "routes": ListOf(ROUTE),
    **{key: CONFIG[key] for key in ("receivers", "inhibit_rules", "time_intervals")},
}

# Nobody is reached with these: they are replaced before anything is delivered.
_URL = "https://receiver.invalid/"
_KEY = "placeholder"


def make_reference_config(systems: Iterable[str]) -> AlertmanagerConfig:
    """Return the reference routing, in rule time: by system and severity, each alert its own group.

    A critical alert of system S goes to `S-page` (PagerDuty), a warning to `S-ticket` (Slack); what no route
    takes ends at `unrouted`, which no drill expects. The rules of the paging drills have routes of their own,
    before all others (`paging_routes.yml`).
    """
    return _make(tuple(systems))


@cache
def _make(systems: tuple[str, ...]) -> AlertmanagerConfig:
    """Return the reference routing; checking it takes a twentieth of a second."""
    routes: list[dict[str, Any]] = []
    receivers: list[dict[str, Any]] = [{"name": UNROUTED, "webhook_configs": [{"url": _URL}]}]
    for system in systems:
        for severity, receiver in (("critical", _make_page(system)), ("warning", _make_ticket(system))):
            matchers = [f'system="{system}"', f'severity="{severity}"']
            routes.append({"matchers": matchers, "receiver": receiver["name"]})
            receivers.append(receiver)
    paging = _read_paging()
    document = {
        "global": {"resolve_timeout": "5m", "smtp_from": "alertmanager@alertdrill.invalid"},
        "route": {
            "receiver": UNROUTED,
            "group_by": ["..."],
            "group_wait": "30s",
            "group_interval": "1m",
            "repeat_interval": "4h",
            "routes": [*paging.get("routes", ()), *routes],
        },
        "receivers": [*receivers, *paging.get("receivers", ())],
        "inhibit_rules": paging.get("inhibit_rules", []),
        "time_intervals": paging.get("time_intervals", []),
    }
    return parse_config(json.dumps(document), SOURCE)


@cache
def _read_paging() -> dict[str, Any]:
    paging, _ = read_document(PAGING_PATH.read_text(), _PAGING_FIELDS, PAGING_PATH.name)
    return paging


def _make_page(system: str) -> dict[str, Any]:
    return {
        "name": name_receiver(system, "critical"),
        "pagerduty_configs": [
            {
                "routing_key": _KEY,
                "severity": "critical",
                "component": "{{ .CommonLabels.system }}",
                "description": (
                    '{{ template "pagerduty.default.description" . }}: {{ .CommonAnnotations.summary }}'
                ),
            }
        ],
    }


def _make_ticket(system: str) -> dict[str, Any]:
    return {
        "name": name_receiver(system, "warning"),
        "slack_configs": [
            {
                "api_url": _URL,
                "channel": f"#{system}",
                "send_resolved": True,
                "text": "{{ .CommonAnnotations.summary }}\n{{ .CommonAnnotations.description }}",
            }
        ],
    }
