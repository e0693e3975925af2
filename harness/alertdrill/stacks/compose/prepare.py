"""The stack's first container: writes secrets and configurations into volumes, and ends.

`python -m alertdrill.stacks.compose.prepare`. What the stack is made of comes from the environment
(`ALERTDRILL_SPEED`) and a mounted folder, or from the order that a run puts beside the configurations. A run
wants a stack that nobody has used: an order empties the volumes, and so does a change of what was mounted.
The parts that use the volumes must be down then; when nothing has changed, nothing is touched.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alertdrill.alertmanager.calendar import Calendar, write_zones
from alertdrill.alertmanager.config import read_config
from alertdrill.alertmanager.recorder import FILE_NAME
from alertdrill.alertmanager.redirect import write_config
from alertdrill.alertmanager.reference import make_reference_config
from alertdrill.alertmanager.target import Target
from alertdrill.core.clock import Clock
from alertdrill.core.parts import PROVIDERS
from alertdrill.errors import AlertdrillError, BadInput
from alertdrill.pager.certificates import make_certificate
from alertdrill.rules.files import RuleFile
from alertdrill.runtime.binaries.generations import PROMETHEUS, Generation
from alertdrill.runtime.files import write_own
from alertdrill.runtime.reading import read_bytes
from alertdrill.runtime.secret_files import make_secret_folder, write_secret
from alertdrill.stacks import CALENDAR_LASTS_S
from alertdrill.stacks.compose.order import ORDER_NAME, StackOrder, read_order
from alertdrill.stacks.config_folder import find_alertmanager_config, read_rule_folder
from alertdrill.stacks.configs import (
    dilate_all,
    list_prometheus_flags,
    make_scrape_configs,
    write_gateway_config,
    write_prometheus_config,
)
from alertdrill.systems import find_served, find_systems
from alertdrill.systems.catalogue import list_drills, list_rules, override_values

SECRET_NAMES = (
    "ALERTDRILL_ADMIN_TOKEN",
    "ALERTDRILL_CONTROL_TOKEN",
    "ALERTDRILL_PAGER_TOKEN",
    "ALERTDRILL_PROVIDER_KEY",
)
STAMP_NAME = "made-from"
MAX_FILE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where the volumes and the user's folder are mounted."""

    config: Path = Path("/config")
    secrets: Path = Path("/run/alertdrill")
    data: Path = Path("/data")
    mounted: Path = Path("/mnt/config")


def prepare(folders: Folders, speed_text: str) -> str:
    """Write what the stack needs, and say in a few words what was done. Raises BadInput, BadRules."""
    mounted = read_mounted(folders.mounted, speed_text)
    for folder in (folders.secrets, folders.config):
        make_secret_folder(folder)
    stamp = _digest(mounted)
    order_path, stamp_path = folders.config / ORDER_NAME, folders.config / STAMP_NAME
    if order_path.exists():
        order = read_order(_read(order_path))
        order_path.unlink()
    elif stamp_path.exists() and stamp_path.read_text() == stamp:
        return "nothing has changed"
    else:
        order = mounted
    for name in SECRET_NAMES:
        if not (folders.secrets / name).exists():
            write_secret(folders.secrets / name, secrets.token_urlsafe(32))
    files = write_files(order, (folders.secrets / "ALERTDRILL_PAGER_TOKEN").read_text())
    for folder in (*folders.data.iterdir(), folders.config):
        _empty(folder)
    authority, certificate = make_certificate(["pager"])
    write_secret(folders.secrets / "certificate.pem", certificate)
    write_own(folders.config / "authority.pem", authority)
    for name, text in files.items():
        # Alertmanager's has the keys that its receivers are called with.
        write_secret(folders.config / name, text)
    for folder_name, own in _list_folders(order).items():
        for name, content in own.items():
            path = folders.config / folder_name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_own(path, content)
    write_own(stamp_path, stamp)
    return f"{len(order.rules)} rule files at speed {order.speed:g}"


def read_mounted(folder: Path, speed_text: str) -> StackOrder:
    """Return what the user's folder and environment ask for; our own rules and routing where they do not.

    Raises BadInput, BadRules.
    """
    try:
        speed = float(speed_text)
    except ValueError as error:
        raise BadInput(f"ALERTDRILL_SPEED must be a number, not {speed_text!r}") from error
    if not 1 <= speed <= 300:
        raise BadInput(f"ALERTDRILL_SPEED must be from 1 to 300, not {speed_text}")
    path = find_alertmanager_config(folder)
    config = read_config(path) if path else make_reference_config(system.name for system in find_systems())
    now = datetime.now(UTC)
    clock = Clock(speed=speed, origin_s=now.timestamp())
    return StackOrder(
        speed=speed,
        rules=read_rule_folder(folder) or _list_own_rules(),
        alertmanager=config,
        zones=write_zones(config.document, clock, Calendar(origin=now), CALENDAR_LASTS_S),
    )


def _list_own_rules() -> tuple[RuleFile, ...]:
    values = override_values(())
    return list_rules(list_drills(values), values)


def _list_folders(order: StackOrder) -> dict[str, dict[str, bytes]]:
    templates = {name: text.encode() for name, text in order.alertmanager.templates.items()}
    return {"templates": templates, "zoneinfo": dict(order.zones)}


def write_files(order: StackOrder, pager_token: str) -> dict[str, str]:
    """Return every configuration of the stack by file name, dilated. Raises BadInput, BadRules."""
    rules = dilate_all(order.rules, order.speed)
    arguments = [
        "--config.file=/config/prometheus.yml",
        "--storage.tsdb.path=/prometheus",
        *list_prometheus_flags(order.speed),
    ]
    return rules | {
        "prometheus.yml": write_prometheus_config(
            scrape_configs=make_scrape_configs(
                {system.job: system.metrics_path for system in find_served()}, "gateway:8080"
            ),
            alertmanagers=["alertmanager:9093"],
            rule_files=[f"/config/{name}" for name in rules],
            speed=order.speed,
            version=PROMETHEUS.releases[Generation.NEWEST].version,  # compose.yaml's
        ),
        "prometheus.args": "\n".join(arguments) + "\n",
        "alertmanager.yml": write_config(
            order.alertmanager,
            target=Target(
                url="https://pager:8443",
                smarthost="pager:8025",
                ca_file="/config/authority.pem",
                token_file="/run/alertdrill/ALERTDRILL_PAGER_TOKEN",  # noqa: S106 - where it is
                token=pager_token,
                templates_folder="/config/templates",
                events_file=f"/alertmanager/{FILE_NAME}",
            ),
            speed=order.speed,
        ),
        "gateway.json": write_gateway_config(
            speed=order.speed,
            data_dir="/data",
            providers={name: f"provider-{name}:8080" for name in PROVIDERS},
        ),
        "speed": f"{order.speed:g}",
    }


def _digest(order: StackOrder) -> str:
    config = order.alertmanager
    parts: list[Any] = [order.speed, [[file.name, file.text] for file in order.rules]]
    parts += [dict(config.document), dict(config.templates)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _read(path: Path) -> str:
    content = read_bytes(path, MAX_FILE_BYTES)
    if len(content) > MAX_FILE_BYTES:
        raise BadInput(f"{path.name} is larger than {MAX_FILE_BYTES} bytes")
    return content.decode()


def main() -> None:
    """Prepare the stack; exits with 2 and one sentence when what it is to be made of cannot be used."""
    try:
        said = prepare(Folders(), os.environ.get("ALERTDRILL_SPEED", "60"))
    except AlertdrillError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    sys.stdout.write(f"prepared: {said}\n")


if __name__ == "__main__":
    main()
