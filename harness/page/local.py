"""A paging path of our own: Alertmanager with somebody's config, and the pager in place of all receivers."""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from harness.alertmanager.amtool import check_config
from harness.alertmanager.calendar import Calendar, write_zones
from harness.alertmanager.config import AlertmanagerConfig
from harness.alertmanager.redirect import Target, write_config
from harness.api import Api
from harness.certificates import make_certificate
from harness.clock import Clock
from harness.engines import Engines
from harness.page.client import Alertmanager
from harness.page.parts import STOP_GRACE_S, Part, choose_ports, running
from harness.process import Process

ZONES_LAST_WALL_S = 1200.0
"""How long the rule calendar goes on; nothing here takes longer."""


class LocalPath:
    """An Alertmanager, which can be stopped and started again, and the pager; `clock` is rule time."""

    def __init__(self, *, part: Part, pager: Api, clock: Clock) -> None:
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
        return self._part.log_path.read_text(errors="replace").splitlines()

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
    with tempfile.TemporaryDirectory(prefix="alertdrill-") as name:
        folder = Path(name)
        web, control, deliveries, smtp = (f"127.0.0.1:{port}" for port in choose_ports(4))
        token = secrets.token_urlsafe(32)
        clock = Clock(speed=speed, origin_s=time.time())
        _write_files(folder, config, clock, deliveries=deliveries, smtp=smtp, token=token, engines=engines)
        with running(_plan_pager(folder, speed, control, deliveries, smtp, token)):
            pager = Api("pager", f"http://{control}", token)
            pager.put("/control/clock", {"speed": speed, "origin_s": clock.origin_s})
            path = LocalPath(part=_plan_alertmanager(folder, engines, web), pager=pager, clock=clock)
            try:
                path.start()
                yield path
            finally:
                path.stop()


def _plan_pager(folder: Path, speed: float, control: str, deliveries: str, smtp: str, token: str) -> Part:
    # -P: a folder of the same name where the user happens to stand is not ours.
    argv = [sys.executable, "-P", "-m", "harness.pager", "--listen", control, "--deliveries", deliveries]
    argv += ["--smtp", smtp, "--certificate", str(folder / "certificate.pem"), "--speed", f"{speed:g}"]
    return Part(
        name="pager",
        argv=argv,
        url=f"http://{control}",
        ready_path="/healthz",
        folder=folder,
        env={"ALERTDRILL_PAGER_TOKEN": token},
    )


def _plan_alertmanager(folder: Path, engines: Engines, web: str) -> Part:
    return Part(
        name="alertmanager",
        argv=[
            str(engines.alertmanager),
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={web}",
            "--cluster.listen-address=",
            # Before 0.28 only the log, at this level, says that a route is muted.
            "--log.level=debug",
        ],
        url=f"http://{web}",
        ready_path="/-/ready",
        folder=folder,
        env={"ZONEINFO": str(folder / "zoneinfo")},
    )


def _write_files(
    folder: Path,
    config: AlertmanagerConfig,
    clock: Clock,
    *,
    deliveries: str,
    smtp: str,
    token: str,
    engines: Engines,
) -> None:
    """Write Alertmanager's config, its templates and zones, and what it is to trust the pager by."""
    authority, certificate = make_certificate(["127.0.0.1"])
    (folder / "authority.pem").write_bytes(authority)
    _write_secret(folder / "certificate.pem", certificate.decode())
    _write_below(folder / "templates", {name: text.encode() for name, text in config.templates.items()})
    calendar = Calendar(origin=datetime.fromtimestamp(clock.origin_s, UTC))
    zones = write_zones(config.document, clock, calendar, ZONES_LAST_WALL_S * clock.speed)
    _write_below(folder / "zoneinfo", zones)
    target = Target(
        url=f"https://{deliveries}",
        smarthost=smtp,
        ca_file=str(folder / "authority.pem"),
        token_file=str(_write_secret(folder / "pager-token", token)),
        token=token,
        templates_folder=str(folder / "templates"),
    )
    text = write_config(config, target=target, speed=clock.speed)
    check_config(engines.amtool, engines.versions["alertmanager"], config, text)
    _write_secret(folder / "alertmanager.yml", text)


def _write_below(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _write_secret(path: Path, secret: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(secret)
    return path
