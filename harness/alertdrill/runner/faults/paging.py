"""What drills do to the paging path: receivers that fail, and silences that Alertmanager is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from alertdrill.core.clock import Clock
from alertdrill.core.drill import Maintenance, Placement, ReceiverFault
from alertdrill.runner.faults.performing import Step
from alertdrill.runtime.http_client import Api

AUTHOR = "alertdrill"


def list_fault_steps(placements: Iterable[Placement], pager: Api) -> list[Step]:
    """Return what makes receivers fail, in the run's time; the pager itself undoes it in time."""
    return [
        Step(at_s=placement.start_s + fault.at_s, do=partial(_fail, pager, fault))
        for placement in placements
        for fault in placement.drill.faults
    ]


def list_silence_steps(
    placements: Iterable[Placement], alertmanagers: Mapping[str, Api], clock: Clock
) -> list[Step]:
    """Return what gives Alertmanager silences, in the run's time; they expire by themselves."""
    return [
        Step(
            at_s=placement.start_s + maintenance.at_s,
            do=partial(_silence, alertmanagers["alertmanager"], clock, placement, maintenance),
        )
        for placement in placements
        for maintenance in placement.drill.maintenance
    ]


def _fail(pager: Api, fault: ReceiverFault) -> None:
    asked: dict[str, Any] = {"how": fault.how, "for_s": fault.for_s}
    if fault.integration is not None:
        asked["integration"] = fault.integration
    pager.put(f"/control/receivers/{quote(fault.receiver, safe='')}", asked)


def _silence(alertmanager: Api, clock: Clock, placement: Placement, maintenance: Maintenance) -> None:
    starts_s = placement.start_s + maintenance.at_s
    alertmanager.post(
        "/api/v2/silences",
        {
            "matchers": [
                {"name": name, "value": value, "isRegex": False, "isEqual": True}
                for name, value in maintenance.matchers.items()
            ],
            "startsAt": _write_instant(clock.wall_s(starts_s)),
            "endsAt": _write_instant(clock.wall_s(starts_s + maintenance.for_s)),
            "createdBy": AUTHOR,
            "comment": f"maintenance of the drill {placement.drill.name}",
        },
    )


def _write_instant(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="milliseconds")
