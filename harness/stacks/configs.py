"""The configurations of Prometheus and Alertmanager: stated in rule time, written dilated. Pure.

Formats: Prometheus's configuration reference (scrape_config, alerting) and Alertmanager's (route,
webhook_config). JSON is YAML, and is what is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.dilation import dilate_duration, dilate_rules
from harness.errors import BadInput, BadRules
from harness.rules import EVALUATION_INTERVAL_S, RuleFile, parse_duration
from harness.stacks import SCRAPE_INTERVAL_S

UNROUTED = "unrouted"
SEVERITY_RECEIVERS = {"critical": "page", "warning": "ticket"}
"""An alert of system S and severity V goes to receiver `S-<what V maps to>`."""

ROUTE_DURATIONS = ("group_wait", "group_interval", "repeat_interval")
LOOKBACK_S = 300.0
RESEND_DELAY_S = 60.0
OUTAGE_TOLERANCE_S = 3600.0
FOR_GRACE_PERIOD_S = 600.0


def dilate_all(files: Sequence[RuleFile], speed: float) -> dict[str, str]:
    """Return dilated rule files by the name that each has in a stack.

    Raises BadRules for the first refusal.
    """
    texts = {}
    refusals: list[str] = []
    for number, file in enumerate(files):
        text, refused = dilate_rules(file, speed)
        texts[f"rules-{number}.yml"] = text
        refusals.extend(str(refusal) for refusal in refused)
    if refusals:
        more = f" (and {len(refusals) - 1} more: see alertdrill dilate)" if len(refusals) > 1 else ""
        raise BadRules(refusals[0] + more)
    return texts


def write_prometheus_config(
    *,
    jobs: Mapping[str, str],
    gateway: str,
    alertmanager: str,
    rule_files: Sequence[str],
    speed: float,
    remote_writes: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return prometheus.yml. `jobs` maps a job name to its metrics path; addresses are `host:port`."""
    interval = dilate_duration(SCRAPE_INTERVAL_S, speed)
    config = {
        "global": {
            "scrape_interval": interval,
            "scrape_timeout": interval,
            "evaluation_interval": dilate_duration(EVALUATION_INTERVAL_S, speed),
        },
        "rule_files": list(rule_files),
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [
            {"job_name": job, "metrics_path": path, "static_configs": [{"targets": [gateway]}]}
            for job, path in jobs.items()
        ],
        "remote_write": list(remote_writes),
    }
    return json.dumps(config, indent=2)


def write_gateway_config(*, speed: float, data_dir: str, providers: Mapping[str, str]) -> str:
    """Return gateway.json. `providers` maps a provider's name to the `host:port` at which it is asked."""
    urls = {name: f"http://{address}" for name, address in providers.items()}
    return json.dumps({"speed": speed, "data_dir": data_dir, "providers": urls}, indent=2)


def list_prometheus_flags(speed: float) -> list[str]:
    """Return the flags whose durations are rule time too."""
    durations = {
        "--query.lookback-delta": LOOKBACK_S,
        "--rules.alert.resend-delay": RESEND_DELAY_S,
        "--rules.alert.for-outage-tolerance": OUTAGE_TOLERANCE_S,
        "--rules.alert.for-grace-period": FOR_GRACE_PERIOD_S,
    }
    return [f"{flag}={dilate_duration(seconds, speed)}" for flag, seconds in durations.items()]


def make_alertmanager_config(systems: Iterable[str]) -> dict[str, Any]:
    """Return the reference routing, in rule time: by system and severity, each alert its own group.

    An alert that no route takes ends at the receiver `unrouted`, which no drill expects.
    """
    routes = [
        {
            "matchers": [f'system="{system}"', f'severity="{severity}"'],
            "receiver": f"{system}-{role}",
        }
        for system in systems
        for severity, role in SEVERITY_RECEIVERS.items()
    ]
    return {
        "global": {"resolve_timeout": "5m"},
        "route": {
            "receiver": UNROUTED,
            "group_by": ["..."],
            "group_wait": "30s",
            "group_interval": "1m",
            "repeat_interval": "4h",
            "routes": routes,
        },
        "receivers": [
            {"name": name, "webhook_configs": [{"url": "http://pager.invalid/"}]}
            for name in [UNROUTED, *(route["receiver"] for route in routes)]
        ],
    }


def write_alertmanager_config(
    config: Mapping[str, Any], *, source: str, pager: str, credentials_file: str, speed: float
) -> str:
    """Return an Alertmanager config with its durations dilated and its webhooks pointed at the pager.

    Raises BadInput, naming `source`, for what is not understood: receivers of another kind than webhook
    cannot be redirected, and time intervals are not rule time.
    """
    if not isinstance(config, Mapping) or not isinstance(config.get("route"), Mapping):
        raise BadInput(f"{source}: not an Alertmanager config: it has no route")
    unknown = sorted(set(config) - {"global", "route", "receivers", "inhibit_rules"})
    if unknown:
        raise BadInput(f"{source}: {', '.join(unknown)} cannot be dilated")
    top = dict(config.get("global") or {})
    timeout_s = _read_duration(top.pop("resolve_timeout", "5m"), source)
    if top:
        raise BadInput(f"{source}: global {', '.join(sorted(top))} cannot be redirected to the pager")
    written = {
        "global": {"resolve_timeout": dilate_duration(timeout_s, speed)},
        "route": _dilate_route(config["route"], source, speed),
        "receivers": [
            _redirect(receiver, source, pager, credentials_file) for receiver in config.get("receivers") or []
        ],
        "inhibit_rules": config.get("inhibit_rules") or [],
    }
    return json.dumps(written, indent=2)


def _read_duration(value: Any, source: str) -> float:
    try:
        return parse_duration(str(value))
    except ValueError as error:
        raise BadInput(f"{source}: {error}") from error


def _dilate_route(route: Mapping[str, Any], source: str, speed: float) -> dict[str, Any]:
    dilated = dict(route)
    for key in ROUTE_DURATIONS:
        if key in route:
            dilated[key] = dilate_duration(_read_duration(route[key], source), speed)
    dilated["routes"] = [_dilate_route(child, source, speed) for child in route.get("routes") or []]
    return dilated


def _redirect(receiver: Any, source: str, pager: str, credentials_file: str) -> dict[str, Any]:
    name = str(receiver.get("name", "")) if isinstance(receiver, Mapping) else ""
    if not name:
        raise BadInput(f"{source}: a receiver has no name")
    others = sorted(set(receiver) - {"name", "webhook_configs"})
    if others:
        raise BadInput(f"{source}: receiver {name}: {', '.join(others)} cannot be redirected to the pager")
    webhooks = [
        {
            "url": f"{pager}/webhook/{name}",
            "send_resolved": webhook.get("send_resolved", True),
            "http_config": {"authorization": {"credentials_file": credentials_file}},
        }
        for webhook in receiver.get("webhook_configs") or []
    ]
    return {"name": name, "webhook_configs": webhooks}
