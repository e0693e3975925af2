"""A paging path of our own: Alertmanager with somebody's config, and the pager in place of all receivers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from alertdrill.alertmanager.calendar import Calendar, write_zones
from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.recorder import FILE_NAME, read_steps
from alertdrill.alertmanager.routes import Route, parse_routes
from alertdrill.alertmanager.watching import read_log
from alertdrill.core.clock import Clock
from alertdrill.core.timeline import RecordedStep
from alertdrill.runner.synthetic.client import Alertmanager
from alertdrill.runner.synthetic.parts import STOP_GRACE_S, Worker, beginning
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.process import Process
from alertdrill.runtime.scratch import scratch_folder
from alertdrill.stacks.paging_path import plan_alertmanager, plan_pager, write_paging_files

ZONES_LAST_WALL_S = 1200.0
"""How long the rule calendar goes on; nothing here takes longer."""


class LocalPath:
    """An Alertmanager, which can be stopped and started again, and the pager; `clock` is rule time."""

    def __init__(self, *, part: Worker, pager: Api, clock: Clock, routes: Route) -> None:
        self.routes = routes
        self.pager = pager
        self.clock = clock
        self.api = Api("alertmanager", part.url)
        self.alertmanager = Alertmanager(self.api)
        self._part = part
        self._process: Process | None = None

    def start(self) -> None:
        """Start Alertmanager and wait until it is ready. Raises ComponentFailed."""
        self._process = self._part.start()

    def stop(self) -> None:
        """Stop Alertmanager, if it runs; it keeps what it has notified."""
        if self._process is not None:
            self._process.stop(STOP_GRACE_S)
            self._process = None

    def read_log(self) -> list[str]:
        """Return the lines of Alertmanager's log."""
        return read_log(self._part.log_path)

    def read_steps(self) -> tuple[RecordedStep, ...]:
        """Return what Alertmanager recorded of itself; nothing if it is too old for that."""
        return read_steps(read_log(self._part.folder / FILE_NAME), self.clock)

    def check(self) -> None:
        """Raise ComponentFailed if Alertmanager has died."""
        if self._process is not None:
            self._process.check()


@contextmanager
def open_path(config: AlertmanagerConfig, *, engines: Engines, speed: float) -> Iterator[LocalPath]:
    """Run Alertmanager and the pager for the length of a block, `speed` times faster than the config says.

    The calendar of time intervals begins now. Raises BadInput for a config that this Alertmanager does not
    take, ComponentFailed when one of the two does not start.
    """
    with scratch_folder() as folder:
        web, control, deliveries, smtp = (f"127.0.0.1:{port}" for port in find_free_ports(4))
        token = secrets.token_urlsafe(32)
        clock = Clock(speed=speed, origin_s=time.time())
        calendar = Calendar(origin=datetime.fromtimestamp(clock.origin_s, UTC))
        write_paging_files(
            folder,
            config,
            write_zones(config.document, clock, calendar, ZONES_LAST_WALL_S * speed),
            engines=engines,
            deliveries=deliveries,
            smtp=smtp,
            token=token,
            speed=speed,
            logs=folder,
        )
        argv, env = plan_pager(
            folder, listen=control, deliveries=deliveries, smtp=smtp, token=token, speed=speed
        )
        control_url = f"http://{control}"
        part = Worker(name="pager", argv=argv, url=control_url, ready_path="/healthz", folder=folder, env=env)
        # Neither needs the other to start, and both take their time.
        with beginning(part) as process:
            pager = Api("pager", control_url, token)
            routes = parse_routes(config.document)
            path = LocalPath(part=_make_part(folder, engines, web), pager=pager, clock=clock, routes=routes)
            try:
                path.start()
                part.await_ready(process)
                pager.put("/control/clock", {"speed": speed, "origin_s": clock.origin_s})
                yield path
            finally:
                path.stop()


def _make_part(folder: Path, engines: Engines, web: str) -> Worker:
    argv, env = plan_alertmanager(folder, engines, listen=web, data="data")
    url = f"http://{web}"
    return Worker(name="alertmanager", argv=argv, url=url, ready_path="/-/ready", folder=folder, env=env)
