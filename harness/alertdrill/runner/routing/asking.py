"""Asks a real Alertmanager where alerts go, which inhibit which, and which routes are muted: all at once.

It is started with the routing of a config alone. No receiver has an integration, so that nobody is notified;
its API (v2) says what its own code makes of the routing.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from alertdrill.alertmanager.calendar import Calendar, write_zones
from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.intervals import INTERVAL_LISTS
from alertdrill.alertmanager.redirect import move_intervals
from alertdrill.core.clock import Clock
from alertdrill.core.fingerprint import fingerprint
from alertdrill.core.rule import Labels
from alertdrill.core.wording import is_plain_name, say_names
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.runner.routing.inhibitions import Inhibition
from alertdrill.runner.routing.muting import Muting
from alertdrill.runner.routing.subjects import Subject, Way
from alertdrill.runner.synthetic.parts import Worker, running
from alertdrill.runner.synthetic.synthetic import write_instant
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.files import write_own
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.scratch import scratch_folder
from alertdrill.stacks.paging_path import ZONEINFO, write_below

AGREED_WITHIN_S = 5.0
"""What it was handed it routes at once; inhibition and muting it works out a moment later."""
POLL_S = 0.02
FIRES_FOR_S = 3600.0
MIDDLE_OF_A_MINUTE_S = 30
MUTED_BY_SINCE = (0, 28)
"""Since this version its API says which time interval mutes a route."""
ANY_NAME_SINCE = (0, 27)
"""Since this version a label may be called by any characters."""
_AT_ONCE = {"group_by": ["..."], "group_wait": "0s", "group_interval": "1h", "repeat_interval": "1h"}
_GROUPING = ("group_by", "group_wait", "group_interval", "repeat_interval")
_MUTING = ("mute_time_intervals", "active_time_intervals")


def demand_names(engines: Engines, subjects: Sequence[Subject]) -> None:
    """Raise BadInput for a label that is called as this Alertmanager lets none be called."""
    if _is_since(engines, ANY_NAME_SINCE):
        return
    for subject in subjects:
        for name in subject.labels:
            if not is_plain_name(name):
                since = ".".join(map(str, ANY_NAME_SINCE))
                raise BadInput(
                    f"{subject.source}: {name!r} is no name of a label to Alertmanager "
                    f"{engines.versions['alertmanager']}: names of any characters are known since {since}"
                )


def demand_routes(engines: Engines, config: AlertmanagerConfig, ways: Sequence[Way]) -> None:
    """Raise CouldNotTell unless a real Alertmanager leads every subject to the same receivers.

    A subject without labels is none that an Alertmanager takes: it is passed over.
    """
    asked = [way for way in ways if way.subject.labels]
    if not asked:
        return
    with _asking(engines, config, [way.subject.labels for way in asked]) as api:
        said = _read_receivers(api)
    for way in asked:
        theirs = said.get(way.subject.fingerprint, ())
        if Counter(theirs) != Counter(way.receivers):
            raise CouldNotTell(
                f"{way.subject.source}: where {way.subject.title} goes is not certain: to "
                f"{say_names(way.receivers)} as alertdrill reads the routes, to "
                f"{say_names(theirs) or 'nobody'} as Alertmanager {engines.versions['alertmanager']} does"
            )


def demand_inhibitions(
    engines: Engines,
    config: AlertmanagerConfig,
    ways: Sequence[Way],
    inhibitions: Sequence[Inhibition],
) -> None:
    """Raise CouldNotTell unless a real Alertmanager inhibits the same subjects, each by one of the same.

    Where that is not certain it may inhibit them or not.
    """
    sources: dict[str, set[str]] = {way.subject.fingerprint: set() for way in ways if way.subject.labels}
    for one in inhibitions:
        sources.setdefault(one.target.fingerprint, set()).add(one.source.fingerprint)
    certain = {one.target.fingerprint for one in inhibitions if one.is_certain}
    titles = {way.subject.fingerprint: way.subject.title for way in ways}

    def find_different(api: Api) -> str:
        said = {
            alert["fingerprint"]: set(alert["status"].get("inhibitedBy") or ())
            for alert in api.get("/api/v2/alerts").json()
        }
        # Of several alerts that inhibit one, it names the first that it finds.
        wrong = [
            name
            for name, ours in sources.items()
            if not said.get(name, set()) <= ours or (name in certain and not said.get(name))
        ]
        return titles[wrong[0]] if wrong else ""

    if not sources:
        return
    with _asking(engines, config, [way.subject.labels for way in ways if way.subject.labels]) as api:
        _demand(api, find_different, "whether {title} is inhibited", engines)


def demand_mutings(
    engines: Engines,
    config: AlertmanagerConfig,
    ways: Sequence[Way],
    mutings: Sequence[tuple[Muting, ...]],
    at: datetime,
) -> None:
    """Raise CouldNotTell unless a real Alertmanager whose calendar shows `at` mutes the same routes.

    One that does not say what it mutes is not asked.
    """
    pairs = [(way, own) for way, own in zip(ways, mutings, strict=True) if way.subject.labels]
    if not pairs or not says_what_it_mutes(engines):
        return

    def find_different(api: Api) -> str:
        said: dict[tuple[str, str], list[bool]] = {}
        for group in api.get("/api/v2/alerts/groups").json():
            for alert in group["alerts"]:
                key = (alert["fingerprint"], group["receiver"]["name"])
                said.setdefault(key, []).append(bool(alert["status"].get("mutedBy")))
        for way, own in pairs:
            ours: dict[str, list[bool]] = {}
            for one in own:
                ours.setdefault(one.receiver, []).append(one.is_muted)
            for receiver, states in ours.items():
                if sorted(said.get((way.subject.fingerprint, receiver), [])) != sorted(states):
                    return f"{way.subject.title} at {receiver}"
        return ""

    with _asking(engines, config, [way.subject.labels for way, _ in pairs], at) as api:
        _demand(api, find_different, "whether {title} is muted", engines)


def says_what_it_mutes(engines: Engines) -> bool:
    """Whether this Alertmanager's API says which routes are muted."""
    return _is_since(engines, MUTED_BY_SINCE)


def _is_since(engines: Engines, version: tuple[int, int]) -> bool:
    numbers = engines.versions["alertmanager"].split(".")
    return tuple(int(number) for number in numbers[:2]) >= version


def _demand(api: Api, find_different: Callable[[Api], str], what: str, engines: Engines) -> None:
    """Wait until Alertmanager says nothing else than alertdrill; raise CouldNotTell if it goes on to."""
    give_up_at = time.monotonic() + AGREED_WITHIN_S
    while title := find_different(api):
        if time.monotonic() > give_up_at:
            raise CouldNotTell(
                f"{what.format(title=title)} is not certain: Alertmanager {engines.versions['alertmanager']} "
                "says otherwise than alertdrill reads the config"
            )
        time.sleep(POLL_S)


def _read_receivers(api: Api) -> dict[str, tuple[str, ...]]:
    return {
        alert["fingerprint"]: tuple(receiver["name"] for receiver in alert["receivers"])
        for alert in api.get("/api/v2/alerts").json()
    }


@contextmanager
def _asking(
    engines: Engines, config: AlertmanagerConfig, label_sets: Sequence[Labels], at: datetime | None = None
) -> Iterator[Api]:
    """Run an Alertmanager that has alerts with these labels; with `at`, its time intervals are read then."""
    with scratch_folder() as folder:
        (port,) = find_free_ports(1)
        write_own(folder / "alertmanager.yml", json.dumps(_write_routing(config.document, at)))
        if at is not None:
            now = Clock(speed=1.0, origin_s=time.time())
            # Intervals begin and end with a minute, and a moment passes until they are looked at.
            calendar = Calendar(origin=at.replace(second=MIDDLE_OF_A_MINUTE_S, microsecond=0))
            zones = write_zones(config.document, now, calendar, 2 * AGREED_WITHIN_S)
            write_below(folder / ZONEINFO, zones)
        part = Worker(
            name="alertmanager",
            argv=[
                str(engines.alertmanager),
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
            ],
            url=f"http://127.0.0.1:{port}",
            ready_path="/-/ready",
            folder=folder,
            env={"ZONEINFO": str(folder / ZONEINFO)},
        )
        with running(part):
            api = Api(part.name, part.url)
            now_s = time.time()
            api.post(
                "/api/v2/alerts",
                [
                    {
                        "labels": dict(labels),
                        "startsAt": write_instant(now_s),
                        "endsAt": write_instant(now_s + FIRES_FOR_S),
                    }
                    for labels in {fingerprint(labels): labels for labels in label_sets}.values()
                ],
            )
            yield api


def _write_routing(document: Mapping[str, Any], at: datetime | None) -> dict[str, Any]:
    """Return the routing of a config, with receivers that notify nobody.

    Whoever is inhibited is muted by nothing, and so there are no inhibit rules where time intervals are asked
    about. Those are left out where they are not.
    """
    written: dict[str, Any] = {
        "route": _write_route(document["route"], keeps_intervals=at is not None) | _AT_ONCE,
        "receivers": [{"name": receiver["name"]} for receiver in document["receivers"]],
    }
    if at is None:
        return written | {"inhibit_rules": list(document.get("inhibit_rules", ()))}
    return written | {key: move_intervals(document[key]) for key in INTERVAL_LISTS if key in document}


def _write_route(route: Mapping[str, Any], *, keeps_intervals: bool) -> dict[str, Any]:
    left_out = (*_GROUPING, *(() if keeps_intervals else _MUTING))
    children = [_write_route(child, keeps_intervals=keeps_intervals) for child in route.get("routes", ())]
    kept = {key: value for key, value in route.items() if key not in left_out}
    return kept | ({"routes": children} if children else {})
