"""The runs that are known: what they left in folders, read again, and what is kept of them.

`out/timeline.json` is the newest run's; `out/history/` has the newest ones, without what happened in them.
The form of both is that of `reports/timeline_json.py`, schema 1.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from alertdrill.core.documents import choose, take, take_objects
from alertdrill.core.timeline import EventKind
from alertdrill.core.verdict import Outcome
from alertdrill.errors import BadInput
from alertdrill.judging.coverage import HeldFinding, HeldRun
from alertdrill.judging.kinds import read_expected
from alertdrill.reports import REPLAY
from alertdrill.runtime.files import make_folder, naming, write_whole
from alertdrill.runtime.looking import is_file, is_folder, list_folder
from alertdrill.runtime.nesting import load_json
from alertdrill.runtime.reading import decode_text, read_bytes

KEPT_RUNS = 50
COMPARED_RUNS = 5
"""A report says what changed since these; a drill that none of them held is new."""
NOT_KEPT = ("events", "notices", "incidents")
"""What happened in a run; what was made of it is all that is asked for later."""
MAX_BYTES = 64 * 1024 * 1024
MAX_FILES = 2_000
MAX_FOLDERS = 20_000

YEARS = (1970, 9998)
"""Of instants; at the ends of time there is no other time zone."""

_KEPT_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{6}Z\.json")
_FOLDER = "history"


def keep_run(out: Path, timeline: str, started_at: datetime) -> None:
    """Put a run's timeline (JSON) into the folder's history, and take the oldest ones out of it.

    Raises CannotWrite.
    """
    folder = out / _FOLDER
    make_folder(folder)
    document = {name: value for name, value in json.loads(timeline).items() if name not in NOT_KEPT}
    path = folder / f"{started_at.astimezone(UTC):%Y-%m-%dT%H-%M-%S.%f}Z.json"
    write_whole(path, json.dumps(document, indent=1) + "\n")
    with naming(str(folder)):
        kept = sorted(path for path in folder.iterdir() if _KEPT_NAME.fullmatch(path.name))
        for path in kept[:-KEPT_RUNS]:
            path.unlink()


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What an output folder has of earlier runs: all `runs`, and the newest `documents` of the same mode.

    `trouble` says why the runs cannot be read; there are none then.
    """

    runs: tuple[HeldRun, ...]
    documents: list[dict[str, Any]]
    trouble: str = ""


def read_out(out: Path) -> tuple[HeldRun, ...]:
    """Return the runs that an output folder knows of; none if it is not there. Raises BadInput."""
    folder = out / _FOLDER
    kept = list_folder(folder) if is_folder(folder) else []
    paths = [out / "timeline.json", *kept]
    return _read_runs(path for path in paths if is_file(path) and _is_timeline(path))


def read_history(folder: Path) -> tuple[HeldRun, ...]:
    """Return the runs that a folder and all folders in it know of.

    Raises BadInput for a folder that is not there, knows of no run or has too much in it, and for a
    timeline that cannot be read.
    """
    if not is_folder(folder):
        raise BadInput(f"{folder}: is not a folder, so there is no history in it")
    runs = _read_runs(_find_timelines(folder))
    if not runs:
        raise BadInput(f"{folder}: no run has left a timeline.json here")
    return runs


def parse_run(text: str) -> HeldRun | None:
    """Return what a timeline's JSON says of its run, None where it was replayed; raises ValueError."""
    document = _load(text)
    return None if document.get("mode") == REPLAY else _parse_document(document)


def read_earlier(out: Path, mode: str) -> list[dict[str, Any]]:
    """Return what an output folder has of earlier runs of a mode, as timeline.json states it, newest first.

    A run that was doubted is left out, and so is a file that cannot be read: a report is written without it.
    """
    folder = out / _FOLDER
    kept = [path for path in list_folder(folder) if _is_timeline(path)] if is_folder(folder) else []
    paths = [out / "timeline.json", *sorted(kept, reverse=True)[:COMPARED_RUNS]]
    documents = []
    for path in paths:
        with suppress(OSError, ValueError, BadInput):
            document = _load(decode_text(read_bytes(path, MAX_BYTES), str(path)))
            run = _parse_document(document)
            if document.get("mode") == mode and not run.is_doubted:
                documents.append(document)
    return documents


def read_known(out: Path, mode: str) -> Earlier:
    """Return what `read_out` and `read_earlier` return, with each file read once: some have megabytes."""
    folder = out / _FOLDER
    kept = [path for path in list_folder(folder) if _is_timeline(path)] if is_folder(folder) else []
    runs: list[HeldRun] = []
    documents: list[dict[str, Any]] = []
    trouble = ""
    for place, path in enumerate([out / "timeline.json", *sorted(kept, reverse=True)]):
        if not is_file(path):
            continue
        try:
            document = _read_document(path)
            if document.get("mode") == REPLAY != mode:
                continue  # what was replayed was not held
            run = _parse_of(document, path)
        except BadInput as error:
            trouble = trouble or str(error)
            continue
        if document.get("mode") != REPLAY:
            runs.append(run)
        if place <= COMPARED_RUNS and document.get("mode") == mode and not run.is_doubted:
            documents.append(document)
    return Earlier(runs=() if trouble else tuple(runs), documents=documents, trouble=trouble)


def _load(text: str) -> dict[str, Any]:
    try:
        document = load_json(text)
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != 1:
        raise ValueError("is not a timeline of schema 1")
    return document


def _parse_document(document: Mapping[str, Any]) -> HeldRun:
    return HeldRun(
        started_at=_parse_instant(document.get("started_at")),
        is_doubted=bool(take(document, "doubts", list, [])),
        findings=tuple(
            _parse_finding(take(verdict, "drill", str), finding)
            for verdict in take_objects(document, "verdicts")
            for finding in take_objects(verdict, "findings")
            if take(finding, "expected", dict) != {"silent": True}  # what nobody asked for
        ),
    )


def _find_timelines(folder: Path) -> Iterator[Path]:
    found = 0
    for visited, (here, folders, names) in enumerate(os.walk(folder)):
        if visited >= MAX_FOLDERS:
            raise BadInput(f"{folder}: more than {MAX_FOLDERS} folders are in it; name one further down")
        folders.sort()
        for path in (Path(here, name) for name in sorted(names)):
            if not _is_timeline(path):
                continue
            found += 1
            if found > MAX_FILES:
                raise BadInput(f"{folder}: more than {MAX_FILES} runs are in it; name a folder further down")
            yield path


def _is_timeline(path: Path) -> bool:
    is_kept = path.parent.name == _FOLDER and _KEPT_NAME.fullmatch(path.name) is not None
    return path.name == "timeline.json" or is_kept


def _read_runs(paths: Iterable[Path]) -> tuple[HeldRun, ...]:
    """Return the runs that timelines are of; what was replayed was not held."""
    return tuple(run for path in paths if (run := _read_run(path)) is not None)


def _read_run(path: Path) -> HeldRun | None:
    document = _read_document(path)
    return None if document.get("mode") == REPLAY else _parse_of(document, path)


def _read_document(path: Path) -> dict[str, Any]:
    try:
        content = read_bytes(path, MAX_BYTES)
        if len(content) > MAX_BYTES:
            raise ValueError(f"is larger than {MAX_BYTES // 2**20} MiB")
        return _load(decode_text(content, str(path)))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{path}: {error}") from error


def _parse_of(document: Mapping[str, Any], path: Path) -> HeldRun:
    try:
        return _parse_document(document)
    except ValueError as error:
        raise BadInput(f"{path}: {error}") from error


def _parse_instant(value: object) -> datetime | None:
    """Older timelines do not say when they began; a file's date is no evidence of it."""
    if value is None:
        return None
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError(f"started_at is {value!r}, not an ISO 8601 instant with its time zone")
    if not YEARS[0] <= instant.year <= YEARS[1]:
        raise ValueError(f"started_at is {value!r}, which is not in the years {YEARS[0]} to {YEARS[1]}")
    return instant.astimezone(UTC)


def _parse_finding(drill: str, finding: Mapping[str, Any]) -> HeldFinding:
    broke_at = finding.get("broke_at")
    return HeldFinding(
        drill=drill,
        expectation=read_expected(
            take(finding, "alert", str), take(finding, "labels", dict), take(finding, "expected", dict)
        ),
        outcome=choose(finding.get("outcome"), get_args(Outcome), "outcome"),
        seen=frozenset() if finding.get("doubt") else frozenset(take(finding, "observed", dict)),
        broke_at=None if broke_at is None else choose(broke_at, get_args(EventKind), "broke_at"),
    )
