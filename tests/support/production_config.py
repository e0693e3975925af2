"""An alertmanager.yml as somebody might have it, each secret a canary, and where these are found."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from alertdrill.runtime.binaries import Generation, find_engines
from support.whole_runs import CommandLine

PRODUCTION = Path(__file__).with_name("production")
CANARY = "CANARY"
MAX_BYTES = 16 * 1024 * 1024
"""Of a file that is looked into: Prometheus's are larger, and mostly holes."""


def use(alertdrill: CommandLine, generation: Generation) -> CommandLine:
    """Return the command line with the engines of a generation."""
    engines = find_engines(os.environ, generation=generation)
    programs = {
        "ALERTDRILL_PROMETHEUS": engines.prometheus,
        "ALERTDRILL_PROMTOOL": engines.promtool,
        "ALERTDRILL_ALERTMANAGER": engines.alertmanager,
        "ALERTDRILL_AMTOOL": engines.amtool,
    }
    environ = {**alertdrill.environ, **{name: str(path) for name, path in programs.items()}}
    return replace(alertdrill, environ=environ)


def find_canaries(folder: Path) -> list[str]:
    """Return the files below a folder that a secret is in, or is named after."""
    found = []
    for path in folder.rglob("*"):
        with suppress(OSError):  # a file of a running stack may be gone
            is_text = path.is_file() and path.stat().st_size <= MAX_BYTES
            if CANARY in path.name or (is_text and CANARY.encode() in path.read_bytes()):
                found.append(str(path.relative_to(folder)))
    return found
