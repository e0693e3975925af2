"""The gateway's configuration file: JSON, read once at the start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from alertdrill.errors import BadInput
from alertdrill.gateway.limits import DEFAULTS, Limits, read_limits
from alertdrill.gateway.problems import quote
from alertdrill.gateway.retrying import NONE, Retries, read_retries
from alertdrill.runtime.nesting import load_json
from alertdrill.runtime.reading import read_bytes

MAX_BYTES = 1024 * 1024
MAX_SPEED = 10_000
MAX_DRAIN_S = 3_600.0
FIELDS = ("data_dir", "providers", "speed")
MORE_FIELDS = ("drain_s", "limits", "retries")
"""Those that may be left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """`providers` maps a provider of models.yml to the base URL under which it is reached.

    For `drain_s` of wall time after it is told to end the gateway goes on, and says that it is not ready.
    """

    speed: float
    data_dir: Path
    providers: Mapping[str, str]
    limits: Limits = DEFAULTS
    retries: Retries = NONE
    drain_s: float = 0.0


def read_config(path: Path) -> Config:
    """Return the configuration in a file; raises BadInput if there is none or it cannot be used."""
    try:
        content = read_bytes(path, MAX_BYTES)
        if len(content) > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES} bytes")
        document = load_json(content)
    except OSError as error:
        raise BadInput(f"{path}: cannot read the gateway's configuration: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{path}: cannot read the gateway's configuration: {error}") from error
    _check_fields(path, document)
    speed, data_dir, providers = document["speed"], document["data_dir"], document["providers"]
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 < speed <= MAX_SPEED:
        raise BadInput(f"{path}: speed must be a number above 0, at most {MAX_SPEED}")
    if not isinstance(data_dir, str) or not _can_be_a_path(data_dir):
        raise BadInput(f"{path}: data_dir must be the path of a folder")
    if not isinstance(providers, dict) or not providers:
        raise BadInput(f"{path}: providers must map at least one provider to its base URL")
    try:
        limits = read_limits(document.get("limits", {}))
        retries = read_retries(document.get("retries", {}))
    except ValueError as error:
        raise BadInput(f"{path}: {error}") from error
    drain_s = document.get("drain_s", 0.0)
    if isinstance(drain_s, bool) or not isinstance(drain_s, int | float) or not 0 <= drain_s <= MAX_DRAIN_S:
        raise BadInput(f"{path}: drain_s must be a number from 0 to {MAX_DRAIN_S:g}")
    return Config(
        limits=limits,
        retries=retries,
        drain_s=drain_s,
        speed=speed,
        data_dir=Path(data_dir),
        providers={name: _read_url(path, name, url) for name, url in providers.items()},
    )


def _check_fields(path: Path, document: object) -> None:
    if not isinstance(document, dict):
        raise BadInput(f"{path}: must be an object with {', '.join(FIELDS)}")
    for name in FIELDS:
        if name not in document:
            raise BadInput(f"{path}: {name} is missing")
    for name in document:
        if name not in (*FIELDS, *MORE_FIELDS):
            known = ", ".join((*FIELDS, *MORE_FIELDS))
            raise BadInput(f"{path}: {quote(name)} is no field of it; there are {known}")


def _can_be_a_path(text: str) -> bool:
    try:
        return len(os.fsencode(text)) > 0 and "\0" not in text
    except UnicodeEncodeError:  # half a surrogate pair
        return False


def _read_url(path: Path, name: str, url: object) -> str:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        usable = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)
        usable = usable and parts is not None and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not isinstance(url, str):
        raise BadInput(f"{path}: providers: {name} must be an http or https URL")
    return url.rstrip("/")
