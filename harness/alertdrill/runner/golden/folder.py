"""The folder of golden recordings: a file for each drill, and `made.json`, which says what made them.

`made.json`, schema 1: `{"schema": 1, "runs": {made_at: {"commit", "speed", "seed", "engines"}}, "drills":
{drill: {"run": made_at, "start_s", "does", "sources", "beside": {drill: start_s}}}}`. `start_s` is where a
drill begins in the recording; `does` and `sources` are digests of what the recording depends on: the drill's
traffic, and the sources that turn traffic into samples. Of a recording that no run of alertdrill made, only
`start_s` need be stated. `beside` are drills whose alerts may be seen, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.rule import Labels
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.recording.files import read_recording
from alertdrill.recording.recording import Recording
from alertdrill.runtime.files import Batch, open_batch
from alertdrill.runtime.looking import is_file
from alertdrill.runtime.nesting import load_json
from alertdrill.runtime.reading import decode_text, read_bytes

FOLDER = Path("scenarios") / "recordings"
"""Where the project's own are, from its root."""
MADE = "made.json"
MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a run was held with; `made_at` is when, in ISO 8601."""

    made_at: str
    commit: str
    speed: float
    seed: int
    engines: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """What made.json says of one drill's recording; see there."""

    drill: str
    run: str
    start_s: float
    does: str
    sources: str
    beside: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A golden recording: the folder that it is in, what made.json says there, and what it says of it."""

    folder: Path
    made: Manifest
    golden: Golden


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What made.json says; origins are by `made_at`, goldens by drill."""

    runs: Mapping[str, Origin] = field(default_factory=dict)
    drills: Mapping[str, Golden] = field(default_factory=dict)

    def find(self, drill: Drill) -> Golden:
        """Return what is said of a drill's recording; raises CouldNotTell if there is none."""
        if drill.name not in self.drills:
            raise CouldNotTell(f"{drill.name} has no recording; `make record` makes them")
        return self.drills[drill.name]

    def renew(self, origin: Origin, goldens: Iterable[Golden]) -> Manifest:
        """Return this with newer goldens in place of the older ones, and no run that none is of any more."""
        drills = {**self.drills, **{golden.drill: golden for golden in goldens}}
        used = {golden.run for golden in drills.values()}
        runs = {**self.runs, origin.made_at: origin}
        return Manifest(runs={name: run for name, run in runs.items() if name in used}, drills=drills)

    def keep(self, names: Iterable[str]) -> Manifest:
        """Return this without drills that there are no more."""
        known = set(names)
        return replace(self, drills={name: one for name, one in self.drills.items() if name in known})


def read_manifest(folder: Path) -> Manifest:
    """Return what made.json says; raises BadInput if it is not there or cannot be read."""
    path = folder / MADE
    try:
        content = read_bytes(path, MAX_BYTES)
        if len(content) > MAX_BYTES:
            raise BadInput(f"{path}: is larger than {MAX_BYTES // 2**20} MiB")
        return _parse(load_json(decode_text(content, str(path))))
    except FileNotFoundError as error:
        raise BadInput(f"{folder}: there is no {MADE} here, so these are no golden recordings") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadInput(f"{path}: does not say what made the recordings: {error}") from error


def find_goldens(folder: Path, drills: Sequence[Drill], own: Mapping[str, Path]) -> list[Kept]:
    """Return the golden recording of each drill: in the folder, or else in its system's `own`, by its name.

    Raises BadInput for a folder without made.json, CouldNotTell for a drill without a recording.
    """
    here = read_manifest(folder)
    elsewhere: dict[str, Manifest] = {}
    kept = []
    for drill in drills:
        in_folder, made = folder, here
        if drill.name not in here.drills and drill.system in own:
            in_folder = own[drill.system]
            made = elsewhere.get(drill.system) or read_manifest(in_folder)
            elsewhere[drill.system] = made
        kept.append(Kept(folder=in_folder, made=made, golden=made.find(drill)))
    return kept


def write_manifest(folder: Path, made: Manifest) -> None:
    """Write made.json, whole or not at all, in the order of the drills' names; raises CannotWrite."""
    with open_batch() as batch:
        put_manifest(batch, folder, made)


def put_manifest(batch: Batch, folder: Path, made: Manifest) -> None:
    """Write made.json, which comes into its place together with other files; see `write_made`."""
    document = {
        "schema": 1,
        "runs": {
            name: {key: value for key, value in asdict(run).items() if key != "made_at"}
            for name, run in sorted(made.runs.items())
        },
        "drills": {
            name: {key: value for key, value in asdict(golden).items() if key != "drill"}
            for name, golden in sorted(made.drills.items())
        },
    }
    with batch.open(folder / MADE) as stream:
        stream.write((json.dumps(document, indent=1) + "\n").encode())


def find_path(folder: Path, name: str) -> Path:
    """Return where a drill's recording is."""
    return folder / f"{name}.om.gz"


def read_golden(folder: Path, drill: Drill) -> Recording:
    """Return a drill's recording; raises CouldNotTell if there is none, BadInput if it cannot be read."""
    path = find_path(folder, drill.name)
    if not is_file(path):
        raise CouldNotTell(f"{path}: {drill.name} has no recording; `make record` makes them")
    return read_recording(path)


def place_golden(golden: Golden, drill: Drill, drills: Sequence[Drill]) -> tuple[Placement, ...]:
    """Return where a drill stands in its recording, first, and where those stand that were held beside it."""
    by_name = {other.name: other for other in drills}
    return (
        Placement(drill=drill, start_s=golden.start_s),
        *(
            Placement(drill=by_name[name], start_s=start_s)
            for name, start_s in golden.beside.items()
            if name in by_name
        ),
    )


def _parse(document: Any) -> Manifest:
    if document["schema"] != 1:
        raise ValueError(f"schema is {document['schema']!r}, not 1")
    runs = {
        name: Origin(
            made_at=name,
            commit=str(run["commit"]),
            speed=float(run["speed"]),
            seed=int(run["seed"]),
            engines={key: str(value) for key, value in run["engines"].items()},
        )
        for name, run in document.get("runs", {}).items()
    }
    drills = {
        name: Golden(
            drill=name,
            run=str(one.get("run", "")),
            start_s=float(one["start_s"]),
            does=str(one.get("does", "")),
            sources=str(one.get("sources", "")),
            beside={other: float(start_s) for other, start_s in one.get("beside", {}).items()},
        )
        for name, one in document["drills"].items()
    }
    return Manifest(runs=runs, drills=drills)
