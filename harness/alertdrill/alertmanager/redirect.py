"""Writes a config anew: its durations in wall time, every integration pointed at the pager. Pure.

Routing tree, inhibition, grouping, templates and what notifications say stay as they are; addresses, keys,
and how connections are made are the pager's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alertdrill.alertmanager.addresses import Address
from alertdrill.alertmanager.calendar import name_zone
from alertdrill.alertmanager.checks import ROUTE_DURATIONS
from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.fields import CONFIG, GLOBAL
from alertdrill.alertmanager.intervals import INTERVAL_LISTS
from alertdrill.alertmanager.receivers import RECEIVER_KINDS
from alertdrill.alertmanager.recorder import write_section
from alertdrill.alertmanager.schema import ADDRESS, SECRET, Fields
from alertdrill.alertmanager.target import Target
from alertdrill.alertmanager.unplayed import SECTION_END, list_unplayed_of
from alertdrill.alertmanager.yaml_without_secrets import write_document
from alertdrill.errors import BadInput
from alertdrill.rules.files import parse_duration
from alertdrill.rules.promql.expressions import format_duration

DEFAULT_DURATIONS = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
"""What Alertmanager takes where the root route states nothing; rule time, so it has to be written out."""
DEFAULT_RESOLVE_TIMEOUT = "5m"


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
    top = document.get("global", {})
    written["receivers"] = [_redirect(receiver, target, top) for receiver in document.get("receivers", ())]
    written["templates"] = [f"{target.templates_folder}/{name}" for name in config.templates]
    for key in INTERVAL_LISTS:
        if key in document:
            written[key] = move_intervals(document[key])
    if target.events_file is not None:
        written["event_recorder"] = write_section(target.events_file)
    return write_document(written)


def _write_global(top: Mapping[str, Any], speed: float) -> dict[str, Any]:
    kept = _keep(top, GLOBAL)
    timeout = kept.get("resolve_timeout", DEFAULT_RESOLVE_TIMEOUT)
    return kept | {"resolve_timeout": dilate(timeout, speed)}


def _keep(stated: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    return {key: value for key, value in stated.items() if fields[key] not in (SECRET, ADDRESS)}


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


def move_intervals(intervals: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return time intervals that are read on the rule calendar."""
    return [_move_interval(interval) for interval in intervals]


def _move_interval(interval: Mapping[str, Any]) -> dict[str, Any]:
    """Return a time interval that is read on the rule calendar: it only has another location."""
    moved = [
        {**period, "location": name_zone(period.get("location", ""))}
        for period in interval.get("time_intervals", ())
    ]
    return {**interval, "time_intervals": moved}


def _redirect(receiver: Mapping[str, Any], target: Target, top: Mapping[str, Any]) -> dict[str, Any]:
    """Return a receiver whose integrations deliver to the pager, without those that cannot."""
    left_out = {(one.integration, one.index) for one in list_unplayed_of(receiver)}
    redirected = {key: value for key, value in receiver.items() if not key.endswith(SECTION_END)}
    for kind in RECEIVER_KINDS.values():
        if kind.section not in receiver:
            continue
        redirected[kind.section] = []
        inherited = {own: top[shared] for own, shared in kind.inherits.items() if shared in top}
        for index, stated in enumerate(receiver[kind.section]):
            if (kind.integration, index) in left_out:
                continue
            address = Address(receiver=receiver["name"], integration=kind.integration, index=index)
            # A `timeout` is kept as it is: it is about the network and the pager, which are not faster.
            pointed = kind.point({**inherited, **stated}, address, target)
            redirected[kind.section].append(_keep(stated, kind.fields) | pointed)
    return redirected
