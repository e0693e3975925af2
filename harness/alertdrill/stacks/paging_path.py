"""The processes of the paging path, Alertmanager and the pager: their files and their command lines."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from alertdrill.alertmanager.amtool import check_config
from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.original_check import check_original
from alertdrill.alertmanager.recorder import FEATURE, FILE_NAME, has_recorder
from alertdrill.alertmanager.redirect import write_config
from alertdrill.alertmanager.target import Target
from alertdrill.pager.certificates import make_certificate
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.files import write_own
from alertdrill.runtime.secret_files import write_secret

Plan = tuple[Sequence[str], Mapping[str, str]]
"""A command line, and what its environment adds; secrets are only in the latter."""
ZONEINFO = "zoneinfo"


def write_paging_files(
    folder: Path,
    config: AlertmanagerConfig,
    zones: Mapping[str, bytes],
    *,
    engines: Engines,
    deliveries: str,
    smtp: str,
    token: str,
    speed: float,
    logs: Path,
) -> None:
    """Write Alertmanager's config, its templates and zones, and what it is to trust the pager by.

    What it records of itself, if it can, it writes among the `logs`.
    Raises BadInput for a config that this Alertmanager does not take.
    """
    version = engines.versions["alertmanager"]
    check_original(engines.amtool, version, config)
    write_below(folder / "templates", {name: text.encode() for name, text in config.templates.items()})
    write_below(folder / ZONEINFO, zones)
    authority, certificate = make_certificate(["127.0.0.1"])
    write_own(folder / "authority.pem", authority)
    write_secret(folder / "certificate.pem", certificate)
    target = Target(
        url=f"https://{deliveries}",
        smarthost=smtp,
        ca_file=str(folder / "authority.pem"),
        token_file=str(write_secret(folder / "pager-token", token)),
        token=token,
        templates_folder=str(folder / "templates"),
        events_file=str(logs.absolute() / FILE_NAME) if has_recorder(version) else None,
    )
    text = write_config(config, target=target, speed=speed)
    check_config(engines.amtool, version, config, text)
    write_secret(folder / "alertmanager.yml", text)


def plan_pager(
    folder: Path,
    *,
    listen: str,
    deliveries: str,
    smtp: str,
    token: str,
    speed: float,
    webhooks: str | None = None,
) -> Plan:
    """Return how the pager is started; at `webhooks` it takes those of an Alertmanager of somebody's own."""
    # -P: a folder of the same name where the user happens to stand is not ours.
    argv = [sys.executable, "-P", "-m", "alertdrill.pager", "--listen", listen, "--deliveries", deliveries]
    argv += ["--smtp", smtp, "--certificate", str(folder / "certificate.pem"), "--speed", f"{speed:g}"]
    argv += [] if webhooks is None else ["--webhooks", webhooks]
    return argv, {"ALERTDRILL_PAGER_TOKEN": token}


def plan_alertmanager(
    folder: Path, engines: Engines, *, listen: str, data: str, cluster: Sequence[str] = ()
) -> Plan:
    """Return how an Alertmanager is started; `cluster` are its flags for one, `data` is below the folder."""
    argv = [
        str(engines.alertmanager),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / data}",
        f"--web.listen-address={listen}",
        # Before 0.28 only the log, at this level, says that a route is muted.
        "--log.level=debug",
        *([f"--enable-feature={FEATURE}"] if has_recorder(engines.versions["alertmanager"]) else []),
        *(cluster or ["--cluster.listen-address="]),
    ]
    return argv, {"ZONEINFO": str(folder / ZONEINFO)}


def write_below(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, each at its name below a folder, which is there afterwards."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_own(path, content)
