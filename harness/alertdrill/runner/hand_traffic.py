"""Traffic that is sent by hand: one load profile at one gateway, which may be anybody's."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from alertdrill.core.clock import Clock
from alertdrill.core.drill import LoadProfile
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.runner.target import Target
from alertdrill.runner.traffic import ProfileReport, Traffic, TrafficReport, lead_wall_s, plan
from alertdrill.runtime.process import inherit_environment

MAX_CALLS = 100_000
MAX_WALL_S = 24 * 3600.0
CONNECT_WITHIN_S = 5.0
ANSWERS_WITHIN_WALL_S = 120.0
"""How long answers are waited for after the last call was due; a client alone would wait for ten minutes."""
LOOK_EVERY_WALL_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOrder:
    """What is sent: a load profile at `host`, `speed` times as fast; `files` has the user's own scenarios.

    `controls` are the control addresses of stub providers that the scenario tells something, by name.
    """

    profile: LoadProfile
    host: str
    target: Target
    speed: float
    seed: int = 1
    files: Sequence[Path] = ()
    controls: Mapping[str, str] = field(default_factory=dict)

    @property
    def wall_s(self) -> float:
        """How long it is sent, in wall time."""
        return self.profile.end_s / self.speed


def check_bounds(order: HandOrder) -> None:
    """Raise BadInput for traffic of no call, of too many, or for too long."""
    calls = sum(stage.duration_s * stage.rate_per_s for stage in order.profile.stages)
    if calls < 0.5:
        raise BadInput("this rate, for so long, is less than one call: raise --rate or --lasts")
    if calls > MAX_CALLS:
        raise BadInput(f"these are {calls:.0f} calls; {MAX_CALLS} is the most that is sent by hand")
    if order.wall_s > MAX_WALL_S:
        raise BadInput(f"this takes {order.wall_s / 3600:.0f} hours; {MAX_WALL_S / 3600:.0f} is the most")


def send(
    order: HandOrder, folder: Path, log_path: Path, show: Callable[[TrafficReport], None]
) -> TrafficReport:
    """Send it, and return what became of it; `show` is given what did so far, and at the end.

    Calls that have no answer `ANSWERS_WITHIN_WALL_S` after the last was due are left without one. `folder` is
    for files that nobody else may read. Raises BadInput for what the user stated wrong, CouldNotTell when
    nothing listens there or not all calls are sent by then, ComponentFailed when Locust fails.
    """
    check_bounds(order)
    _check_listens(order.host)
    document = plan(
        [order.profile],
        clock=Clock(speed=order.speed, origin_s=time.time() + lead_wall_s(0)),
        seed=order.seed,
        controls=order.controls,
        report=folder / "report.json",
        target=order.target,
    )
    traffic = Traffic(
        document,
        host=order.host,
        plan_path=folder / "plan.json",
        log_path=log_path,
        env=inherit_environment(order.target.list_variables()),
        files=order.files,
    )
    within_s = lead_wall_s(0) + order.wall_s + ANSWERS_WITHIN_WALL_S
    give_up_at = time.monotonic() + within_s
    with traffic:
        while traffic.poll():
            report = traffic.report()
            show(report)
            if time.monotonic() > give_up_at:
                _check_sent(report, order.profile.name, within_s)
                return report
            time.sleep(LOOK_EVERY_WALL_S)
        report = traffic.wait(0)
    show(report)
    return report


def count_open(report: ProfileReport) -> int:
    """Return how many calls were sent, and neither answered nor given up by their client."""
    return report.sent - sum(report.statuses.values())


def _check_sent(report: TrafficReport, name: str, within_s: float) -> None:
    """Raise CouldNotTell unless all calls were sent within a time."""
    profile = report.profiles.get(name)
    if profile is None:
        raise CouldNotTell(f"no call was sent within {within_s:.0f} s: this machine is too busy")
    if profile.sent < profile.planned:
        raise CouldNotTell(
            f"{profile.sent} of {profile.planned} calls were sent within {within_s:.0f} s: this machine, or "
            "this rate, is too much"
        )


def _check_listens(host: str) -> None:
    """Raise CouldNotTell when no connection can be made, rather than after all calls have failed."""
    parts = urlsplit(host)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), CONNECT_WITHIN_S).close()
    except OSError as error:
        raise CouldNotTell(
            f"nothing answers at {host}: {error.strerror or error}; no call was sent"
        ) from error
