"""Writes a config anew: its durations in wall time, every integration pointed at the pager. Pure.

Routing tree, inhibition, grouping, templates and what notifications say stay as they are; addresses, keys,
and how connections are made are the pager's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alertdrill.alertmanager.addresses import TAG, TAG_NAME, Address, derive_key
from alertdrill.alertmanager.calendar import name_zone
from alertdrill.alertmanager.checks import ROUTE_DURATIONS
from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.document import write_document
from alertdrill.alertmanager.fields import CONFIG, GLOBAL, INTEGRATIONS, SECRET, Fields
from alertdrill.alertmanager.intervals import INTERVAL_LISTS
from alertdrill.core.expectation import Integration
from alertdrill.errors import BadInput
from alertdrill.rules.files import parse_duration
from alertdrill.rules.promql.expressions import format_duration

DEFAULT_DURATIONS = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
"""What Alertmanager takes where the root route states nothing; rule time, so it has to be written out."""
DEFAULT_RESOLVE_TIMEOUT = "5m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The pager, as Alertmanager reaches it: HTTPS at `url`, SMTP at `smarthost` (`host:port`).

    Files are named as Alertmanager sees them: `ca_file` signed the pager's certificate, `token_file` holds
    the pager's `token`, `templates_folder` the template files of the config.
    """

    url: str
    smarthost: str
    ca_file: str
    token_file: str
    token: str = field(repr=False)
    templates_folder: str


def write_config(config: AlertmanagerConfig, *, target: Target, speed: float) -> str:
    """Return alertmanager.yml, `speed` times faster, delivering to nobody but the pager.

    Raises BadInput for a speed that is not from 1 up.
    """
    if not speed >= 1:
        raise BadInput(f"the speed {speed} is not a number from 1 up")
    document = config.document
    written = _keep(document, CONFIG)
    written["global"] = _write_global(document.get("global", {}), speed)
    written["route"] = _dilate_route(DEFAULT_DURATIONS | dict(document["route"]), speed)
    written["receivers"] = [_redirect(receiver, target) for receiver in document.get("receivers", ())]
    written["templates"] = [f"{target.templates_folder}/{name}" for name in config.templates]
    for key in INTERVAL_LISTS:
        if key in document:
            written[key] = [_move_interval(interval) for interval in document[key]]
    return write_document(written)


def _write_global(top: Mapping[str, Any], speed: float) -> dict[str, Any]:
    kept = _keep(top, GLOBAL)
    timeout = kept.get("resolve_timeout", DEFAULT_RESOLVE_TIMEOUT)
    return kept | {"resolve_timeout": dilate(timeout, speed)}


def _keep(stated: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    return {key: value for key, value in stated.items() if fields[key] is not SECRET}


def dilate(duration: str, speed: float) -> str:
    """Return a duration of rule time in wall time, in whole milliseconds, which is all that there is.

    Rounded, because 10 s at speed 60 has to pass: an Alertmanager's timers are no more exact than that. A
    duration that is not zero stays so.
    """
    seconds = parse_duration(duration)
    milliseconds = round(seconds * 1000 / speed)
    return format_duration((max(1, milliseconds) if seconds else 0) / 1000)


def _dilate_route(route: Mapping[str, Any], speed: float) -> dict[str, Any]:
    dilated = {key: dilate(route[key], speed) for key in ROUTE_DURATIONS if key in route}
    children = [_dilate_route(child, speed) for child in route.get("routes", ())]
    return {**route, **dilated, **({"routes": children} if children else {})}


def _move_interval(interval: Mapping[str, Any]) -> dict[str, Any]:
    """Return a time interval that is read on the rule calendar: it only has another location."""
    moved = [
        {**period, "location": name_zone(period.get("location", ""))}
        for period in interval.get("time_intervals", ())
    ]
    return {**interval, "time_intervals": moved}


def _redirect(receiver: Mapping[str, Any], target: Target) -> dict[str, Any]:
    redirected = dict(receiver)
    for integration, fields in INTEGRATIONS.items():
        key = f"{integration}_configs"
        if key not in receiver:
            continue
        redirected[key] = []
        for index, stated in enumerate(receiver[key]):
            address = Address(receiver=receiver["name"], integration=integration, index=index)
            # A `timeout` is kept as it is: it is about the network and the pager, which are not faster.
            redirected[key].append(_keep(stated, fields) | _POINTERS[integration](stated, address, target))
    return redirected


def _connect(address: Address, target: Target) -> dict[str, Any]:
    return {
        "authorization": {"credentials_file": target.token_file},
        "tls_config": _trust(address, target),
    }


def _trust(address: Address, target: Target) -> dict[str, Any]:
    return {"ca_file": target.ca_file, "server_name": address.server_name}


def _point_pagerduty(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    return {
        "url": f"{target.url}/{address.path}/v2/enqueue",
        "routing_key": derive_key(target.token, address),
        "http_config": _connect(address, target),
        "details": {**stated.get("details", {}), TAG_NAME: TAG},
    }


def _point_slack(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    return {
        "api_url": f"{target.url}/{address.path}",
        "http_config": _connect(address, target),
        "fields": [*stated.get("fields", ()), {"title": TAG_NAME, "value": TAG}],
    }


def _point_webhook(_: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    return {"url": f"{target.url}/{address.path}", "http_config": _connect(address, target)}


def _point_opsgenie(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    return {
        "api_url": f"{target.url}/{address.path}/",
        "api_key": derive_key(target.token, address),
        # Its own key is the authorization.
        "http_config": {"tls_config": _trust(address, target)},
        "details": {**stated.get("details", {}), TAG_NAME: TAG},
    }


def _point_email(stated: Mapping[str, Any], address: Address, target: Target) -> dict[str, Any]:
    return {
        "smarthost": target.smarthost,
        "auth_username": address.path,
        "auth_password": derive_key(target.token, address),
        "require_tls": True,
        "tls_config": _trust(address, target),
        "headers": {**stated.get("headers", {}), f"X-{TAG_NAME}": TAG},
    }


_POINTERS: Mapping[Integration, Callable[[Mapping[str, Any], Address, Target], dict[str, Any]]] = {
    "pagerduty": _point_pagerduty,
    "slack": _point_slack,
    "webhook": _point_webhook,
    "opsgenie": _point_opsgenie,
    "email": _point_email,
}
