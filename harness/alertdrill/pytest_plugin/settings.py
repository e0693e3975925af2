"""What is set for the drills of a session: on the command line, or in pytest's own settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from alertdrill.errors import BadInput
from alertdrill.runtime.looking import is_there


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the project file is, what drills are judged on, how fast they are held, where reports go.

    Without `replay`, drills are held on the project's target.
    """

    project: Path | None = None
    replay: Path | None = None
    speed: float | None = None
    out: Path | None = None


def read_settings(config: pytest.Config) -> Settings:
    """Return the settings; raises BadInput. Paths count from where they were written down."""
    return Settings(
        project=_take_path(config, "project"),
        replay=_take_path(config, "replay"),
        speed=_take_speed(config),
        out=_take_path(config, "out"),
    )


def check_options(config: pytest.Config) -> None:
    """Raise UsageError for what was typed and cannot be; what is only set matters once drills are held."""
    try:
        settings = read_settings(config)
        for name, path in (("project", settings.project), ("replay", settings.replay)):
            typed = config.getoption(f"alertdrill_{name}")
            if typed and path is not None and not is_there(path):
                raise BadInput(f"--alertdrill-{name} {typed}: is not there")
    except BadInput as error:
        raise pytest.UsageError(str(error)) from None
    if config.getoption("alertdrill_replay") and config.getoption("alertdrill_speed"):
        raise pytest.UsageError(
            "--alertdrill-speed is for drills that are held, and --alertdrill-replay holds none"
        )


def _take_path(config: pytest.Config, name: str) -> Path | None:
    typed = config.getoption(f"alertdrill_{name}")
    if typed:
        return config.invocation_params.dir / Path(typed).expanduser()
    stated = config.getini(f"alertdrill_{name}")
    if not stated:
        return None
    folder = config.inipath.parent if config.inipath is not None else config.rootpath
    return folder / Path(stated).expanduser()


def _take_speed(config: pytest.Config) -> float | None:
    typed = config.getoption("alertdrill_speed")
    text = typed or config.getini("alertdrill_speed")
    if not text:
        return None
    name = "--alertdrill-speed" if typed else "alertdrill_speed"
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 1 <= speed < float("inf"):
        raise BadInput(f"{name} {text}: is no number from 1 up")
    return speed
