"""The fuzzers find what they look for, and a short run of each finds nothing; `make fuzz` runs on."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fuzz import faults, inputs, outputs
from fuzz.bench import Ended
from fuzz.calls import ROOT, Call, Called, Caller, open_caller
from fuzz.left import find_half_written, find_tracebacks, list_left_behind

FINE = Called(code=0, out="", err="", cpu_s=0.1, peak_mb=100.0, left=())
HELD = Ended(code=0, said="all met", took_s=60.0, befell=(1.0, 2.0))
QUICK = tuple(target for target in inputs.TARGETS if target.is_quick and not target.is_server)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder for calls."""
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module")
def caller(folder: Path) -> Iterator[Caller]:
    """Start what makes calls, which need no engine."""
    with open_caller(folder, None) as started:
        yield started


def test_files_with_something_wrong_are_a_sentence(caller: Caller, folder: Path) -> None:
    """Whatever a command reads, it ends as it should, in bounds."""
    tried = inputs.try_all(caller, folder, 7, QUICK, 25)
    assert [finding.describe("") for finding in tried.findings] == []
    assert len({outcome.split(":")[0] for outcome in tried.outcomes}) == len(QUICK)


def test_what_is_changed_is_good_before(caller: Caller, folder: Path) -> None:
    """Or nothing would get past the first check; those that want an engine are tried by `make fuzz` alone."""
    for target in QUICK:
        place = folder / "good"
        place.mkdir()
        called = inputs.call(caller, target, place, inputs.read_sample(target.sample))
        assert called.code == (3 if target.may_say else 0), called.err
        shutil.rmtree(place)


def test_odd_places_to_write_to_are_refused_or_written(caller: Caller, folder: Path) -> None:
    """Those that want no engine: what is refused before any work, and what standard output may be."""
    cases = [
        (command, place)
        for command, place in outputs.CASES_OF_ALL
        if (place.codes == outputs.REFUSED and command in {"export", "record"}) or command == "rules"
    ]
    tried = outputs.try_all(caller, folder, cases)
    assert [finding.describe("") for finding in tried.findings] == []
    assert len(tried.outcomes) > 30


def test_a_call_says_what_it_took_and_left(caller: Caller, folder: Path) -> None:
    """How it ended, what it said, and what it needed."""
    called = caller.call(Call(arguments=["dilate", "absent.yml", "--speed", "60"], folder=str(folder)))
    assert called.code == 2
    assert called.err.startswith("alertdrill: absent.yml: ")
    assert called.cpu_s > 0
    assert called.peak_mb > 10
    (folder / "temporary" / "left").mkdir()
    called = caller.call(Call(arguments=["--version"], folder=str(folder)))
    assert (called.code, called.left) == (0, ["folder left"])
    (folder / "temporary" / "left").rmdir()


LEAVES = """
import os, subprocess
from fuzz import calls
calls.GONE_WITHIN_S = 0.1
calls.adopt_orphans()
child = os.fork()
if not child:
    subprocess.Popen(["/bin/sleep", "60"], start_new_session=True)
    os._exit(0)
os.waitpid(child, 0)
print(calls.end_orphans(), calls.end_orphans())
"""


def test_a_process_that_a_call_left_is_found_and_ended() -> None:
    """Whatever session it is in."""
    done = subprocess.run(
        [sys.executable, "-c", LEAVES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "['sleep'] []\n"


@pytest.mark.parametrize(
    ("called", "what"),
    [
        (replace(FINE, code=None), "it hangs"),
        (replace(FINE, code=1), "exit 1"),
        (replace(FINE, code=3, err="alertdrill: x"), "exit 3"),
        (replace(FINE, code=2, err="Traceback (most"), "a traceback"),
        (replace(FINE, code=2), "nothing is said"),
        (replace(FINE, peak_mb=4000.0), "it takes 4000 MB"),
        (replace(FINE, cpu_s=90.0), "it takes 90 s of CPU"),
        (replace(FINE, left=("process promtool",)), "process promtool is left"),
    ],
)
def test_what_must_not_be_of_a_command_that_reads_is_found(called: Called, what: str) -> None:
    """And nothing else is."""
    assert list(inputs.judge(inputs.TARGETS[0], called)) == [what]
    assert list(inputs.judge(inputs.TARGETS[0], FINE)) == []


@pytest.mark.parametrize(
    ("fault", "ended", "what"),
    [
        (faults.Fault(kind="stop", part="pager"), replace(HELD, code=1), "exit 1"),
        (faults.Fault(kind="kill", part="pager"), HELD, "all is met, though a part was killed"),
        (faults.Fault(kind="stop", part="pager"), replace(HELD, code=2), "exit 2"),
        (faults.Fault(kind="stop", part="pager"), replace(HELD, code=3, said=""), "nothing is said"),
        (faults.Fault(kind="stop"), replace(HELD, code=3, said="Traceback"), "a traceback"),
        (
            faults.Fault(kind="files", number=32),
            replace(HELD, code=3, said="Locust ended"),
            "the limit is not",
        ),
        (faults.Fault(kind="interrupt", number=signal.SIGKILL), HELD, "exit 0"),
        (faults.Fault(kind="two"), replace(HELD, second=(0, "all met")), "the second run ends with exit 0"),
    ],
)
def test_what_must_not_be_of_a_run_is_found(fault: faults.Fault, ended: Ended, what: str) -> None:
    """A rule that is blamed, a verdict that cannot be, and what is not said."""
    (said,) = faults.judge(fault, ended)
    assert said.startswith(what)


def test_what_may_be_of_a_run_is_not_found() -> None:
    """Doubts are honest, and so is a verdict that a stop left alone."""
    doubted = replace(HELD, code=3, said="No verdict can be trusted")
    for kind in faults.KINDS:
        assert list(faults.judge(faults.Fault(kind=kind, part="pager", number=signal.SIGINT), doubted)) == []
    assert list(faults.judge(faults.Fault(kind="stop", part="pager"), HELD)) == []


def test_a_fault_is_drawn_from_its_seed() -> None:
    """All kinds are, and every part has its turn."""
    drawn = [faults.draw(seed) for seed in range(500)]
    assert drawn == [faults.draw(seed) for seed in range(500)]
    assert {fault.kind for fault in drawn} == set(faults.KINDS)
    assert {fault.part for fault in drawn} >= set(faults.STARTED)


def test_what_a_run_left_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes by their temporary folder, and folders but for those of who was killed."""
    monkeypatch.setattr("fuzz.left.GONE_WITHIN_S", 0.0)
    (tmp_path / "alertdrill-run-x").mkdir()
    environ = {"TMPDIR": str(tmp_path / "alertdrill-run-x")}
    waits = [sys.executable, "-c", "input('it runs\\n')"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(waits, env=environ, **pipes) as process:
        # A process that has only just been started has no environment to read yet.
        assert process.stdout
        assert process.stdout.readline() == b"it runs\n"
        left, of_killed = list_left_behind(tmp_path), list_left_behind(tmp_path, -signal.SIGKILL)
        process.communicate(b"\n")
    assert [str(process.pid) in what for what in left] == [True, False]
    assert left[1] == "folder alertdrill-run-x"
    assert of_killed == left[:1]


def test_reports_that_are_not_whole_are_found(tmp_path: Path) -> None:
    """Each kind of report, what is there without the others, and what is hidden."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "gateway.log").write_text("x\nTraceback (most recent call last):\n  y\n")
    assert list(find_half_written(tmp_path)) == []
    assert len(list(find_tracebacks(tmp_path))) == 1
    (tmp_path / "timeline.json").write_text("{}")
    assert list(find_half_written(tmp_path)) == ["there is timeline.json, but no junit.xml"]
    for name in ("timeline.json", "junit.xml", "report.html", "recording.om.gz"):
        (tmp_path / name).write_text("<")
    (tmp_path / ".alertdrill-1-00000000.part").write_text("")
    assert [what.split()[0] for what in find_half_written(tmp_path)] == [
        "timeline.json",
        "junit.xml",
        "report.html",
        "recording.om.gz",
        ".alertdrill-1-00000000.part",
    ]
