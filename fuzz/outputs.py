"""Odd places to write to, for every command that writes.

Whatever `-o` or `--out` leads to: what was there and is not meant to be replaced stays, no input is
destroyed, nothing half written is left, and what cannot be is a sentence with exit 2.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from alertdrill.runtime.binaries import find_engines
from fuzz.calls import ROOT, Call, Called, Caller, open_caller
from fuzz.finding import Finding, Tried
from fuzz.inputs import DRILL, RECORDINGS, SAMPLES

sys.path.append(str(ROOT / "tests"))  # which know how a Prometheus is run alone
from support.lone_prometheus import backfill, run_prometheus

CASES = 20
"""Of one round."""
OLD = "what was there"
NOT_REPLACED = "what another name has, or another folder"
READER_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is written: what is made there, and which exit codes that may have.

    `name` is what the command is given. `make` makes it in a folder and returns what the path is.
    """

    name: str
    make: Callable[[Path], str]
    codes: frozenset[int] = frozenset({0, 2})


REFUSED = frozenset({2})
WRITTEN = frozenset({0})


def _nothing(folder: Path) -> str:
    return str(folder / "new")


def _file(folder: Path) -> str:
    (folder / "file").write_text(OLD)
    return str(folder / "file")


def _read_only(folder: Path) -> str:
    (folder / "file").write_text(OLD)
    (folder / "file").chmod(0o444)
    return str(folder / "file")


def _hard_link(folder: Path) -> str:
    (folder / "other").write_text(NOT_REPLACED)
    (folder / "file").hardlink_to(folder / "other")
    return str(folder / "file")


def _folder(folder: Path) -> str:
    (folder / "folder").mkdir()
    (folder / "folder" / "other").write_text(NOT_REPLACED)
    return str(folder / "folder")


def _link(target: str) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        (folder / "other").mkdir()
        (folder / "other" / "file").write_text(OLD)
        (folder / "link").symlink_to(target)
        return str(folder / "link")

    return make


def _fifo(folder: Path) -> str:
    os.mkfifo(folder / "fifo")
    return str(folder / "fifo")


def _socket(folder: Path) -> str:
    here = Path.cwd()
    os.chdir(folder)  # an address may be no longer than 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("socket")
    finally:
        os.chdir(here)
    return str(folder / "socket")


def _device(major: int, minor: int, kind: int = stat.S_IFCHR) -> Callable[[Path], str]:
    def make(folder: Path) -> str:
        try:
            os.mknod(folder / "device", 0o600 | kind, os.makedev(major, minor))
        except PermissionError:  # an ordinary user makes none
            return _file(folder)
        return str(folder / "device")

    return make


def _given(name: str) -> Callable[[Path], str]:
    return lambda _: name


def _input(folder: Path) -> str:
    return str(folder.parent / "given" / "rules.yml")


def _input_by_link(folder: Path) -> str:
    (folder / "link").symlink_to("../given/rules.yml")
    return str(folder / "link")


def _of_a_file(folder: Path) -> str:
    return str(Path(_file(folder)) / "below")


FILES = (
    Place(name="nothing", make=_nothing, codes=WRITTEN),
    Place(name="file", make=_file, codes=WRITTEN),
    Place(name="read-only", make=_read_only, codes=WRITTEN),
    Place(name="hard link", make=_hard_link, codes=REFUSED),
    Place(name="folder", make=_folder, codes=REFUSED),
    Place(name="link to a file", make=_link("other/file"), codes=WRITTEN),
    Place(name="dangling link", make=_link("other/new"), codes=WRITTEN),
    Place(name="dangling link to nowhere", make=_link("nowhere/new"), codes=REFUSED),
    Place(name="looping link", make=_link("link"), codes=REFUSED),
    Place(name="link to a folder", make=_link("other"), codes=REFUSED),
    Place(name="fifo", make=_fifo, codes=WRITTEN),
    Place(name="socket", make=_socket, codes=REFUSED),
    Place(name="null device", make=_device(1, 3)),
    Place(name="full device", make=_device(1, 7)),
    Place(name="loop device", make=_device(7, 250, stat.S_IFBLK)),
    Place(name="device of no driver", make=_device(60, 200)),
    Place(name="missing folder", make=lambda folder: str(folder / "missing" / "file"), codes=REFUSED),
    Place(name="below a file", make=_of_a_file, codes=REFUSED),
    Place(name="name too long", make=lambda folder: str(folder / ("x" * 300)), codes=REFUSED),
    Place(name="path too long", make=lambda folder: str(folder / ("x/" * 2500)), codes=REFUSED),
    Place(name="''", make=_given(""), codes=REFUSED),
    Place(name=".", make=_given("."), codes=REFUSED),
    Place(name="..", make=_given(".."), codes=REFUSED),
    Place(name="/", make=_given("/"), codes=REFUSED),
    Place(name="-", make=_given("-"), codes=WRITTEN),
    Place(name="odd name", make=lambda folder: str(folder / "a\nb\udcff"), codes=frozenset({0, 2})),
    Place(name="an input", make=_input, codes=REFUSED),
    Place(name="an input by a link", make=_input_by_link, codes=REFUSED),
)
REPORTS = ("timeline.json", "junit.xml", "report.html")


def _out(make: Callable[[Path], object]) -> Callable[[Path], str]:
    def made(folder: Path) -> str:
        out = folder / "out"
        out.mkdir()
        make(out)
        return str(out)

    return made


FOLDERS = (
    Place(name="new folder", make=_nothing, codes=WRITTEN),
    Place(name="folder", make=_folder, codes=WRITTEN),
    Place(name="link to a folder", make=_link("other"), codes=WRITTEN),
    Place(name="missing folders", make=lambda folder: str(folder / "a" / "b"), codes=WRITTEN),
    Place(name="report a link", make=_out(lambda out: (out / "junit.xml").symlink_to("x")), codes=REFUSED),
    Place(name="report a folder", make=_out(lambda out: (out / "report.html").mkdir()), codes=REFUSED),
    Place(name="report a fifo", make=_out(lambda out: os.mkfifo(out / "timeline.json")), codes=REFUSED),
    Place(name="logs a link", make=_out(lambda out: (out / "logs").symlink_to("..")), codes=REFUSED),
    Place(name="logs a file", make=_out(lambda out: (out / "logs").write_text(OLD)), codes=REFUSED),
    Place(name="dangling link", make=_link("other/new")),
    *(
        Place(name=place.name, make=place.make, codes=REFUSED)
        for place in FILES
        if place.name
        in {
            "file",
            "hard link",
            "looping link",
            "fifo",
            "socket",
            "null device",
            "full device",
            "name too long",
        }
        | {"path too long", "''", "an input", "below a file"}
    ),
)
STREAMS = (
    *(place for place in FILES if place.name in {"nothing", "file", "link to a file"}),
    # What is written to as it is open already cannot be replaced, so these may be the machine's own.
    Place(name="null device", make=_given(os.devnull), codes=WRITTEN),
    Place(name="full device", make=_given("/dev/full"), codes=REFUSED),
)
"""What standard output may be."""
COMMANDS: Mapping[str, tuple[Sequence[str], Sequence[Place]]] = {
    "record": (
        (
            *("record", "--prometheus", "SERVER", "--start", "0", "--end", "900", "--rules", "RULES"),
            *("-o", "PLACE"),
        ),
        FILES,
    ),
    "dilate": (("dilate", "RULES", "--speed", "60"), STREAMS),
    "rules": (("rules", "metis"), STREAMS),
    "list": (("list",), STREAMS),
    "export": (
        ("export", str(SAMPLES / "recording.om"), "--rules", "RULES", "-o", "PLACE"),
        FILES,
    ),
    "run": (
        ("run", "--replay", str(RECORDINGS), DRILL, "--out", "PLACE"),
        FOLDERS,
    ),
}


CASES_OF_ALL = tuple((command, place) for command, (_, places) in COMMANDS.items() for place in places)


def fuzz(seed: int) -> Tried:
    """Try some places of some commands, one after the other."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, no secret
    cases = [rng.choice(CASES_OF_ALL) for _ in range(CASES)]
    engines = find_engines(os.environ)
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="fuzz-")))
        backfill(engines, SAMPLES / "recording.om", folder / "data")
        server = resources.enter_context(run_prometheus(engines, folder))
        caller = resources.enter_context(open_caller(folder, engines))
        return try_all(caller, folder, cases, server)


def try_all(
    caller: Caller, folder: Path, cases: Sequence[tuple[str, Place]], server: str = "http://127.0.0.1:9"
) -> Tried:
    """Try a command at each of these places; `server` is the Prometheus that there is to record."""
    outcomes: list[str] = []
    findings: list[Finding] = []
    for number, (command, place) in enumerate(cases):
        case = folder / f"output-{number}"
        called, wrong = _try(caller, server, case, command, place)
        outcomes.append(f"{command} to {place.name}: exit {called.code}")
        findings += [Finding(what=f"{command} to {place.name}: {what}", said=called.err) for what in wrong]
        shutil.rmtree(case)
    return Tried(outcomes=tuple(outcomes), findings=tuple(findings))


def _try(caller: Caller, server: str, case: Path, command: str, place: Place) -> tuple[Called, list[str]]:
    """Call a command on a place; return how that ended, and what is wrong with it."""
    given, folder = case / "given", case / "place"
    for made in (given, folder):
        made.mkdir(parents=True)
    shutil.copy(SAMPLES / "rules.yml", given)
    path = place.make(folder)
    before = _look(case)
    got: list[bytes] = []
    reader = _read_pipe(folder / "fifo", got) if place.name == "fifo" and 0 in place.codes else None
    said = {"RULES": str(given / "rules.yml"), "PLACE": path, "SERVER": server}
    stated, places = COMMANDS[command]
    out = path if places is STREAMS else None
    arguments = [said.get(argument, argument) for argument in stated]
    called = caller.call(Call(arguments=arguments, folder=str(folder), out=out))
    wrong = [*_judge(place, called), *_compare(before, _look(case), called)]
    if reader is not None:
        reader.join(READER_S)
        if not got or not got[0]:
            wrong.append("the pipe's reader got nothing")
    return called, wrong


def _judge(place: Place, called: Called) -> Iterator[str]:
    if called.code not in place.codes:
        yield f"exit {called.code}"
    if "Traceback" in called.err:
        yield "a traceback"
    if called.code == 2 and not any(line.startswith("alertdrill: ") for line in called.err.splitlines()):
        yield "nothing is said"
    for left in called.left:
        yield f"{left} is left"


def _look(case: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return what there is: which file, of which kind and mode, and what it has."""
    found = {}
    for path in case.rglob("*"):
        state = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(state.st_mode) else b""
        if stat.S_ISLNK(state.st_mode):
            content = os.fsencode(path.readlink())
        found[str(path.relative_to(case))] = state.st_mode, state.st_nlink, content
    return found


def _compare(
    before: Mapping[str, tuple[int, int, bytes]], after: Mapping[str, tuple[int, int, bytes]], called: Called
) -> Iterator[str]:
    """Yield what became of what was there, and of what was not."""
    for name, (mode, links, content) in before.items():
        if name not in after:
            yield f"{name} is gone"
            continue
        new_mode, new_links, new_content = after[name]
        if new_mode != mode:
            yield f"{name} has the mode {new_mode:o}, and had {mode:o}"
        is_old = content == OLD.encode() and called.code == 0
        if new_content != content and not is_old:
            yield f"{name} is another"
        if is_old and new_content and not new_content.strip():
            yield f"{name} is empty"
        if stat.S_ISREG(mode) and new_links != links:
            yield f"{name} has {new_links} names, and had {links}"
    for name in after.keys() - before.keys():
        if Path(name).name.startswith(".alertdrill-"):
            yield f"{name} is left"
        elif called.code != 0:
            yield f"{name} is new, though nothing was written"


def _read_pipe(path: Path, got: list[bytes]) -> threading.Thread:
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()), daemon=True)
    reader.start()
    return reader
