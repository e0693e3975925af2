"""Lets amtool look at a redirected config: it finds what only this version of Alertmanager minds."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from alertdrill.alertmanager.calendar import Calendar, write_zones
from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.fields import CONFIG
from alertdrill.alertmanager.yaml_without_secrets import read_document, write_document
from alertdrill.core.clock import Clock
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.runtime.files import write_own
from alertdrill.runtime.limits import say_cause
from alertdrill.runtime.scratch import scratch_folder
from alertdrill.runtime.secret_files import write_secret

TIMEOUT_S = 30.0
MAX_SHOWN = 500
_LINE = re.compile(r"line (?P<line>\d+): (?P<what>.+)")
UNKNOWN = re.compile(r"field (?P<field>\S+) not found in type \S+")


def check_config(amtool: Path, version: str, config: AlertmanagerConfig, text: str) -> None:
    """Raise BadInput if the Alertmanager of this amtool does not take `text`, which is `config` redirected.

    Nothing that the text names is reached or opened but the config's templates, of which it is given copies.
    Raises CouldNotTell when amtool cannot be run.
    """
    with scratch_folder() as folder:
        written = write_secret(folder / "alertmanager.yml", _place(folder, config, text))
        said = find_complaint(amtool, written, {"ZONEINFO": str(folder / "zoneinfo")})
    if said is not None:
        raise BadInput("; ".join(dict.fromkeys(_explain(said, version, config, text))))


def find_complaint(amtool: Path, path: Path, environment: Mapping[str, str]) -> str | None:
    """Return all that amtool says of a config that it refuses; None if it does not.

    It has exactly this environment. Raises CouldNotTell when it cannot be run.
    """
    try:
        finished = subprocess.run(  # noqa: S603 - the harness's own command line, without a shell
            [amtool, "check-config", path],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = say_cause(error) if isinstance(error, OSError) else f"no answer in {TIMEOUT_S:g} s"
        raise CouldNotTell(f"{amtool} could not be run: {why}") from error
    if not finished.returncode:
        return None
    return (finished.stdout + finished.stderr).decode(errors="replace")


def extract_reason(said: str) -> str:
    """Return why amtool refuses a config, of all that it says."""
    return said.partition("FAILED:")[2].partition("amtool: error:")[0] or said


def _place(folder: Path, config: AlertmanagerConfig, text: str) -> str:
    """Write what the config needs, and return it with its templates where they are, the same line by line."""
    document = json.loads(text)
    for name, template in config.templates.items():
        write_own(folder / name, template)
    document["templates"] = [str(folder / name) for name in config.templates]
    # Any calendar will do: amtool only wants the zones to be there.
    calendar = Calendar(origin=datetime(2000, 1, 1, tzinfo=UTC))
    zones = write_zones(config.document, Clock(speed=1.0, origin_s=0.0), calendar, 1.0)
    for name, content in zones.items():
        path = folder / "zoneinfo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_own(path, content)
    return write_document(document)


def _explain(said: str, version: str, config: AlertmanagerConfig, text: str) -> Iterator[str]:
    """Yield sentences for what amtool found, each with the line of the config that was read."""
    _, lines = read_document(text, CONFIG, config.source)
    found = False
    for complaint in _LINE.finditer(said):
        number = int(complaint["line"])
        # The deepest thing on the line: one key stands on each.
        pointer = max((at for at, line in lines.items() if line == number), key=len, default="")
        unknown = UNKNOWN.search(complaint["what"])
        what = (
            f"Alertmanager {version} does not know the field {unknown['field']}"
            if unknown
            else f"Alertmanager {version} does not take this: {complaint['what']}"
        )
        found = True
        yield f"{config.locate(pointer)}: {what}"
    if not found:
        # Templates are numbered in our copy.
        why = re.sub(r"\b\d{3}-(\S+:\d+)", r"\1", " ".join(extract_reason(said).split()))[:MAX_SHOWN]
        yield f"{config.source}: Alertmanager {version} does not take the config: {why}"
