"""What a command left that it should not have: processes, folders, and files that are half written."""

from __future__ import annotations

import gzip
import json
import signal
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import psutil

GONE_WITHIN_S = 5.0
"""The kernel ends what a killed process started, but not in the same instant."""
LOOK_EVERY_S = 0.05
HIDDEN = ".alertdrill-"


def list_left_behind(temporary: Path, code: int = 0) -> list[str]:
    """Return the processes whose temporary folder this is, or lies in it, and what it holds.

    A command that was killed, as its `code` says, leaves its folder, but no process.
    """
    give_up_at = time.monotonic() + GONE_WITHIN_S
    while (living := list_processes(temporary)) and time.monotonic() < give_up_at:
        time.sleep(LOOK_EVERY_S)
    found = [f"process {_say(process)}" for process in living]
    if code != -signal.SIGKILL:
        found += [f"folder {path.name}" for path in temporary.iterdir()]
    return found


def list_processes(temporary: Path) -> list[psutil.Process]:
    """Return the processes that live and have this as their temporary folder."""
    found = []
    for process in psutil.process_iter():
        try:
            place = process.environ().get("TMPDIR", "")
            if process.status() != psutil.STATUS_ZOMBIE and Path(place).is_relative_to(temporary):
                found.append(process)
        except psutil.Error:
            continue
    return found


def _say(process: psutil.Process) -> str:
    try:
        return f"{process.name()} ({process.pid})"
    except psutil.Error:
        return f"({process.pid})"


def find_half_written(out: Path) -> Iterator[str]:
    """Yield the reports in a run's folder that are not whole, or not of one run."""
    whole: dict[str, Callable[[Path], object]] = {
        "timeline.json": lambda path: json.loads(path.read_text()),
        "junit.xml": lambda path: ElementTree.fromstring(path.read_text()),  # noqa: S314 - our own
        "report.html": _read_html,
        "recording.om.gz": _read_recording,
    }
    for name, read in whole.items():
        path = out / name
        if path.exists():
            try:
                read(path)
            except (ValueError, ElementTree.ParseError, OSError, EOFError, zlib.error) as error:
                yield f"{name} is not whole: {error}"
    timeline, junit = out / "timeline.json", out / "junit.xml"
    if timeline.exists() and not junit.exists():
        yield "there is timeline.json, but no junit.xml"
    for path in out.rglob(f"{HIDDEN}*"):
        yield f"{path.relative_to(out)} is left"


def _read_html(path: Path) -> None:
    if not path.read_text().rstrip().endswith("</html>"):
        raise ValueError("it does not end")


def _read_recording(path: Path) -> None:
    if not gzip.decompress(path.read_bytes()).endswith(b"# EOF\n"):
        raise ValueError("it does not end")


def find_tracebacks(out: Path) -> Iterator[str]:
    """Yield the logs of a run's parts that have one."""
    for path in sorted((out / "logs").glob("*.log")):
        text = path.read_text(errors="replace")
        if "Traceback" in text:
            yield f"{path.name} has a traceback: {text[text.index('Traceback') :][-400:]!r}"
