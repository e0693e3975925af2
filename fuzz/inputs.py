"""Files with something wrong in them, for every command that reads one.

Whatever is in a file that a user names: no traceback, no exit 3, bounded memory and time, nothing left
behind, and the file as it was.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from alertdrill.runtime.binaries import find_engines
from fuzz.calls import ROOT, Call, Called, Caller, open_caller
from fuzz.finding import Finding, Tried
from fuzz.mutations import Dump, change, dump_json, dump_toml, dump_yaml

SAMPLES = Path(__file__).parent / "samples"
CASES = 20
"""Of one round."""
CPU_S = 30.0
PEAK_MB = 700.0
"""A command that has imported everything takes a seventh of it."""
RECORDINGS = ROOT / "scenarios" / "recordings"
DRILL = "metis-auth-fires"
OF_TIMELINE = "mantis-failure-fires"
UNTOLD = ("which the recording lacks", "cannot be evaluated", "the test does not pass")
"""What cannot be told of rules and a recording that can both be read."""
NOBODY = "http://127.0.0.1:9"
"""Where nothing listens, so that a command that gets as far ends with exit 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A command that reads a file: what a good one has, and the arguments, of which `FILE` is its name."""

    name: str
    sample: str
    arguments: Sequence[str]
    load: Callable[[str], Any] | None = None
    dump: Dump = dump_yaml
    program: str = "alertdrill.cli.main"
    is_server: bool = False
    is_quick: bool = True
    """Whether it needs no engine."""
    may_say: tuple[str, ...] = ()
    """With one of these, exit 3 is as it should be."""
    judges: bool = False
    """Whether it may find that something is unmet."""


_YAML: dict[str, Any] = {"load": yaml.safe_load}
_JSON: dict[str, Any] = {"load": json.loads, "dump": dump_json}
_RECORD = ("record", "--prometheus", NOBODY, "--start", "0", "--end", "9", "-o", "never.om")
_RUN: dict[str, Any] = {
    "is_quick": False,
    "judges": True,
    "may_say": ("No verdict can be trusted", "has no recording", "the recording lacks"),
}
_PAGE = ("page", "--alert", "CallsFail", "--label", "job=a", "--dry-run")
_LABELS = ("page", "--at", "2027-01-31T23:30", "--inhibitions", "--coverage", "--labels")
TARGETS = (
    Target(name="dilate", sample="rules.yml", arguments=("dilate", "FILE", "--speed", "60"), **_YAML),
    Target(
        name="lint's rules",
        sample="rules.yml",
        arguments=("lint", "FILE", "--fail-on", "error", "--metrics", str(SAMPLES / "recording.om")),
        judges=True,
        **_YAML,
    ),
    Target(
        name="record's rules",
        sample="rules.yml",
        arguments=(*_RECORD, "--rules", "FILE"),
        may_say=("cannot be reached",),
        **_YAML,
    ),
    Target(
        name="header",
        sample="header",
        arguments=(*_RECORD, "--match", "up", "--prometheus-header", "Authorization=@FILE"),
        may_say=("cannot be reached",),
    ),
    Target(
        name="coverage",
        sample="timeline.json",
        arguments=("list", "--coverage", "--json", "--history", "FOLDER"),
        **_JSON,
    ),
    Target(
        name="gateway",
        sample="gateway.json",
        arguments=("--config", "FILE", "--listen", "127.0.0.1:0"),
        program="alertdrill.gateway.__main__",
        is_server=True,
        **_JSON,
    ),
    Target(
        name="values",
        sample="value",
        arguments=("rules", "metis", "--set", "TEXT"),
    ),
    Target(
        name="project",
        sample="alertdrill.toml",
        arguments=("run", "--explain", "--project-file", "FILE"),
        load=tomllib.loads,
        dump=dump_toml,
    ),
    Target(
        name="project's rules",
        sample="rules.yml",
        arguments=("run", "--explain", "--project-file", "FOLDER/alertdrill.toml"),
        **_YAML,
    ),
    Target(
        name="replay's rules",
        sample="rules.yml",
        arguments=("replay", str(SAMPLES / "recording.om"), "--rules", "FILE", "--annotations", "--json"),
        is_quick=False,
        may_say=UNTOLD,
        **_YAML,
    ),
    Target(
        name="replay's recording",
        sample="recording.om",
        arguments=("replay", "FILE", "--rules", str(SAMPLES / "rules.yml"), "--json"),
        is_quick=False,
        may_say=UNTOLD,
    ),
    Target(
        name="export's rules",
        sample="rules.yml",
        arguments=("export", str(SAMPLES / "recording.om"), "--rules", "FILE", "-o", "-"),
        is_quick=False,
        may_say=UNTOLD,
        **_YAML,
    ),
    Target(
        name="export's recording",
        sample="recording.om",
        arguments=("export", "FILE", "--rules", str(SAMPLES / "rules.yml"), "-o", "-"),
        is_quick=False,
        may_say=UNTOLD,
    ),
    Target(
        name="page's rules",
        sample="rules.yml",
        arguments=(*_PAGE, "--rules", "FILE"),
        is_quick=False,
        judges=True,
        **_YAML,
    ),
    Target(
        name="page's config",
        sample="alertmanager.yml",
        arguments=(*_PAGE, "--rules", str(SAMPLES / "rules.yml"), "--alertmanager-config", "FILE"),
        is_quick=False,
        judges=True,
        **_YAML,
    ),
    *(
        Target(
            name=f"page's label sets, {sample}",
            sample=sample,
            arguments=(*_LABELS, "FILE", "--alertmanager-config", str(SAMPLES / "alertmanager.yml")),
            is_quick=False,
            judges=True,
            **fields,
        )
        for sample, fields in (("routes.csv", {}), ("routes.yml", _YAML))
    ),
    Target(
        name="page's config for label sets",
        sample="alertmanager.yml",
        arguments=(*_LABELS, str(SAMPLES / "routes.yml"), "--alertmanager-config", "FILE"),
        is_quick=False,
        judges=True,
        **_YAML,
    ),
    Target(
        name="run's rules",
        sample="metis.yml",
        arguments=("run", "--rules", "FILE", "--replay", str(RECORDINGS), DRILL, "--out", "out"),
        **_RUN,
        **_YAML,
    ),
    Target(
        name="mutate's rules",
        sample="metis.yml",
        arguments=("mutate", "--rules", "FILE", "--recordings", str(RECORDINGS), DRILL),
        is_quick=False,
        judges=True,
        may_say=(*_RUN["may_say"], "it could not be told whether the drills notice them"),
        **_YAML,
    ),
    Target(
        name="golden recordings",
        sample="made.json",
        arguments=("run", "--replay", "FOLDER", DRILL, "--out", "out"),
        **_RUN,
        **_JSON,
    ),
    Target(
        name="a run's timeline",
        sample="timeline.json",
        arguments=("run", "--replay", "FOLDER/recording.om", OF_TIMELINE, "--out", "out"),
        **_RUN,
        **_JSON,
    ),
)


def fuzz(seed: int) -> Tried:
    """Try cases of all commands."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = Path(name)
        with open_caller(folder, find_engines(os.environ)) as caller:
            return try_all(caller, folder, seed, TARGETS, CASES)


def try_all(caller: Caller, folder: Path, seed: int, targets: Sequence[Target], cases: int) -> Tried:
    """Try so many cases of these targets, in turn, in a folder."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, no secret
    outcomes: list[str] = []
    findings: list[Finding] = []
    for number in range(cases):
        target = targets[(seed * cases + number) % len(targets)]
        place = folder / f"input-{number}"
        place.mkdir()
        data = change(read_sample(target.sample), rng, target.load, target.dump)
        if target.sample.endswith(".om") and rng.random() < 0.2:
            data = change(gzip.compress(data, mtime=0), rng, None, str)
        if target.is_server and not _stays_in(place, data):
            place.rmdir()
            continue
        called = call(caller, target, place, data)
        outcomes.append(f"{target.name}: exit {called.code}")
        findings += [
            Finding(what=f"{target.name}: {what}, of {_show(data)}", said=called.out[-500:] + called.err)
            for what in judge(target, called)
        ]
        shutil.rmtree(place)
    return Tried(outcomes=tuple(outcomes), findings=tuple(findings))


def judge(target: Target, called: Called) -> Iterator[str]:
    """Yield what is wrong with how a command ended that read a file."""
    if called.code is None:
        yield "it hangs"
    elif not (
        called.code in {0, 2}
        or (called.code == 1 and target.judges)
        or (called.code == 3 and any(words in called.out + called.err for words in target.may_say))
    ):
        yield f"exit {called.code}"
    if "Traceback" in called.err + called.out:
        yield "a traceback"
    if called.code == 2 and not called.err.strip():
        yield "nothing is said"
    if called.cpu_s > CPU_S:
        yield f"it takes {called.cpu_s:.0f} s of CPU"
    if called.peak_mb > PEAK_MB:
        yield f"it takes {called.peak_mb:.0f} MB"
    for left in called.left:
        yield f"{left} is left"


def call(caller: Caller, target: Target, place: Path, data: bytes) -> Called:
    """Call a command on a file, and note besides what it changed in the folder where it stands."""
    folder = place / "given"
    folder.mkdir()
    name = target.sample
    if target.name == "golden recordings":
        shutil.copy(RECORDINGS / f"{DRILL}.om.gz", folder)
    if target.name == "a run's timeline":
        shutil.copy(SAMPLES / "recording.om", folder)
    if target.name == "project's rules":
        shutil.copy(SAMPLES / "alertdrill.toml", folder)
    path = folder / name
    path.write_bytes(data)
    said = {"FILE": str(path), "FOLDER": str(folder), "TEXT": data.decode(errors="replace").replace("\0", "")}
    arguments = [_put(argument, said) for argument in target.arguments]
    called = caller.call(
        Call(arguments=arguments, folder=str(place), program=target.program, is_server=target.is_server)
    )
    left = list(called.left)
    if path.read_bytes() != data:
        left.append("another file than was given")
    if not target.is_server:
        left += [f"file {found.name}" for found in place.iterdir() if found.name not in {"given", "out"}]
    return Called(
        code=called.code,
        out=called.out,
        err=called.err,
        cpu_s=called.cpu_s,
        peak_mb=called.peak_mb,
        left=left,
    )


def _stays_in(place: Path, data: bytes) -> bool:
    """Whether a gateway that is so configured keeps its data where nobody else has any."""
    try:
        kept = Path(json.loads(data)["data_dir"])
        return (place / kept).resolve().is_relative_to(place)
    except (ValueError, TypeError, KeyError, OSError, RuntimeError):
        return True  # which is refused


def _put(argument: str, said: dict[str, str]) -> str:
    for word, value in said.items():
        argument = argument.replace(word, value)
    return argument


@cache
def read_sample(name: str) -> bytes:
    """Return a file that is good."""
    if name == "made.json":
        made = json.loads((RECORDINGS / name).read_text())
        drill = made["drills"][DRILL]
        return dump_json(
            {
                "schema": made["schema"],
                "runs": {drill["run"]: made["runs"][drill["run"]]},
                "drills": {DRILL: drill},
            }
        ).encode()
    if name == "metis.yml":
        return (ROOT / "harness" / "alertdrill" / "systems" / "metis" / "rules.yml").read_bytes()
    if name == "alertdrill.toml":
        # It stands elsewhere, where its rules are not.
        return (SAMPLES / name).read_bytes().replace(b"rules.yml", bytes(SAMPLES / "rules.yml"))
    return (SAMPLES / name).read_bytes()


def _show(data: bytes) -> str:
    return repr(data if len(data) <= 3000 else data[:1500] + b" ... " + data[-1500:])
