"""What a machine's limit ends is said to be ended by it, in one sentence, and is not taken for missing."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.patience import PATIENCE_S
from support.whole_runs import METIS_RULES

from alertdrill.cli.main import call
from alertdrill.errors import CannotWrite, ComponentFailed, LimitReached
from alertdrill.load.errors import ScenarioError
from alertdrill.load.plan import BehaviourChange
from alertdrill.load.provider_controls import Controls
from alertdrill.runner.traffic import Traffic, TrafficUnfinished
from alertdrill.runtime import limits
from alertdrill.runtime.binaries import find_engines
from alertdrill.runtime.binaries.binaries import read_version
from alertdrill.runtime.files import naming
from alertdrill.runtime.last_words import find_last_words
from alertdrill.runtime.limits import demand_files, find_limit, find_limit_of
from alertdrill.runtime.process import start

ROOT = Path(__file__).resolve().parents[3]
SET = {
    resource.RLIMIT_NOFILE: 16,
    resource.RLIMIT_AS: 400_000_000,
    resource.RLIMIT_NPROC: 20,
    resource.RLIMIT_FSIZE: 30 * 1024,
}
OF_MEMORY = "a process may have at most 400 MB of memory (ulimit -v) here, which is too little"


@pytest.fixture
def set_limits(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """Have limits be set, as far as anybody can see; a test may leave some out."""
    seen = dict(SET)
    monkeypatch.setattr(
        limits.resource, "getrlimit", lambda kind: (seen.get(kind, resource.RLIM_INFINITY), 0)
    )
    return seen


def write_program(folder: Path, name: str, script: str) -> Path:
    """Return a program."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("said", "limit"),
    [
        ("open /etc/x: too many open files", "at most 16 open files (ulimit -n)"),
        ("error while loading shared libraries: libc.so.6: cannot open: Error 24", "(ulimit -n)"),
        ("fatal error: failed to reserve page summary memory", "at most 400 MB of memory (ulimit -v)"),
        ("fatal error: runtime: out of memory", "at most 400 MB of memory (ulimit -v)"),
        ("fork/exec x: cannot allocate memory", "(ulimit -v)"),
        (
            "runtime/cgo: pthread_create failed: Resource temporarily unavailable",
            "at most 400 MB of memory (ulimit -v), or at most 20 processes and threads (ulimit -u)",
        ),
        ("can't start new thread", "at most 20 processes and threads (ulimit -u)"),
        (
            "write to WAL: write /tmp/x: file too large",
            "at most 30 KiB in a file (ulimit -f) here",
        ),
        ("prometheus was ended by SIGXFSZ", "at most 30 KiB in a file (ulimit -f)"),
    ],
)
@pytest.mark.usefixtures("set_limits")
def test_a_complaint_names_its_limit(said: str, limit: str) -> None:
    """With what it is set to, and how a shell sets it."""
    assert limit in str(find_limit(said))


def test_a_limit_that_is_far_away_is_not_named(set_limits: dict[int, int]) -> None:
    """Where all users together have fewer threads than this one may have, it is memory that lacks."""
    set_limits[resource.RLIMIT_NPROC] = 10_000_000
    assert find_limit("can't start new thread") == OF_MEMORY


def test_a_file_that_may_not_grow_is_said_with_its_limit(
    monkeypatch: pytest.MonkeyPatch, set_limits: dict[int, int]
) -> None:
    """What cannot be written stays bad input, and the limit is named."""
    assert set_limits
    too_large = OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    with (
        pytest.raises(CannotWrite, match=r"x: cannot be written: File too large: a process .*ulimit -f"),
        naming("x"),
    ):
        raise too_large

    def fail(*_: object, **__: object) -> None:
        raise too_large

    monkeypatch.setattr("alertdrill.cli.commands.dilate.read_rules", fail)
    with pytest.raises(SystemExit) as ended:
        call(["dilate", "rules.yml", "--speed", "60"])
    assert ended.value.code == 2


def test_a_limit_that_is_not_set_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `ulimit` bounds nothing, the machine has no more."""
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(limits.resource, "getrlimit", lambda _: unlimited)
    assert find_limit("can't start new thread") == "this machine has no more processes and threads for it"


def test_other_errors_are_of_no_limit() -> None:
    """Neither a missing file nor a mistake of ours is explained away."""
    for error in (FileNotFoundError(errno.ENOENT, "No such file"), RuntimeError("oops"), OSError("oops")):
        assert find_limit_of(error) is None
    assert find_limit("address already in use") is None


@pytest.mark.parametrize(
    "script",
    [
        "echo 'fatal error: failed to reserve page summary memory' >&2; echo; echo 'gs 0x0'; exit 2",
        "kill -SEGV $$",
    ],
)
@pytest.mark.usefixtures("set_limits")
def test_a_cached_engine_that_cannot_start_is_not_a_missing_one(script: str, tmp_path: Path) -> None:
    """Nothing is fetched, the limit is said, and the cache's lock is free."""
    cache = tmp_path / "cache"
    engine = write_program(tmp_path, "prometheus", script)
    with pytest.raises(LimitReached, match="prometheus cannot be started: a process may have at most 400 MB"):
        read_version(engine, "prometheus")
    found = find_folders(cache)
    for folder in found:
        folder.mkdir(parents=True)
        write_program(folder, "prometheus", script)
        write_program(folder, "promtool", script)
    fetched: list[str] = []
    with pytest.raises(LimitReached):
        find_engines({"ALERTDRILL_CACHE": str(cache), "PATH": ""}, say=fetched.append)
    assert fetched == []
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def find_folders(cache: Path) -> list[Path]:
    """Return where a cache keeps Prometheus, by generation."""
    from alertdrill.runtime.binaries.cache import Cache
    from alertdrill.runtime.binaries.generations import PROMETHEUS, Generation

    return [Cache(root=cache).folder(PROMETHEUS, generation) for generation in Generation]


@pytest.mark.usefixtures("set_limits")
def test_a_part_that_dies_of_a_limit_says_which(tmp_path: Path) -> None:
    """What its runtime said first is quoted, not the end of its dump."""
    program = write_program(tmp_path, "x", "echo 'fatal error: runtime: out of memory'; echo rax 0x0; exit 2")
    process = start("prometheus", [str(program)], env={}, log_path=tmp_path / "log")
    assert process.wait(PATIENCE_S) == 2
    with pytest.raises(ComponentFailed) as caught:
        process.check()
    assert f'ended with exit code 2 ("fatal error: runtime: out of memory"): {OF_MEMORY}' in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EMFILE, "Too many open files"),
        BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
        RuntimeError("can't start new thread"),
        MemoryError(),
    ],
)
@pytest.mark.usefixtures("set_limits")
def test_a_command_that_meets_a_limit_says_so(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence and exit code 3, wherever it happened."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("alertdrill.cli.commands.dilate.read_rules", fail)
    with pytest.raises(SystemExit) as ended:
        call(["dilate", "rules.yml", "--speed", "60"])
    assert ended.value.code == 3
    said = capsys.readouterr().err
    assert said.startswith("alertdrill: this process cannot go on: a process may have at most ")
    assert said.count("\n") == 1


@pytest.mark.usefixtures("set_limits")
def test_what_traffic_ends_for_is_told_from_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's word for it comes first, so that no long address pushes it out of what is quoted."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("urllib3.util.connection.socket.socket", refuse)
    controls = Controls({"openai": "http://127.0.0.1:9"}, token="t")
    model = "a-model-with-a-long-name" * 8
    with pytest.raises(ScenarioError) as caught:
        controls.change(BehaviourChange(provider="openai", model=model, behaviour={"status": 500}, at_s=0.0))
    logged = f"[2026-01-01 00:00:00,000] host/ERROR/scenarios.lifecycle: {caught.value}"
    assert "(ulimit -n)" in str(find_limit(find_last_words(logged)))


@pytest.mark.usefixtures("set_limits")
def test_traffic_that_is_not_done_for_a_limit_says_which(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Locust hangs where it can start no thread, and its log has the system's word for it."""
    log = tmp_path / "locust.log"
    log.write_text("Traceback (most recent call last):\nMemoryError: out of memory\n")
    traffic = Traffic(
        {"report": tmp_path / "report.json"}, host="", plan_path=tmp_path / "plan.json", log_path=log, env={}
    )
    monkeypatch.setattr(Traffic, "_has_ended", lambda *_, **__: False)
    with pytest.raises(TrafficUnfinished) as raised:
        traffic.wait(10.0)
    assert str(raised.value) == (
        f'Locust was not done within 10 s ("MemoryError: out of memory": {OF_MEMORY}); its log is {log}'
    )


@pytest.mark.parametrize("files", [24, 40, 255])
def test_a_stack_that_could_open_too_few_files_is_not_started(files: int, tmp_path: Path) -> None:
    """Its servers would close connections as they come, and no one could say why; nothing is made."""
    command = [sys.executable, "-m", "alertdrill", "run", "--system", "mantis", "--out", "out"]
    done = subprocess.run(
        ["/bin/bash", "-c", f"ulimit -n {files}; exec {shlex.join(command)}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"alertdrill: no stack can be started: a process may have at most {files} open files (ulimit -n) "
        "here, and a stack wants 256\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("stub", "openai"), "stub provider"),
        (("page", "--rules", str(METIS_RULES), "--all", "--dry-run"), "pager"),
    ],
    ids=["stub", "page"],
)
@pytest.mark.parametrize("files", [12, 16, 63])
def test_a_server_that_could_open_too_few_files_is_not_started(
    files: int, arguments: tuple[str, ...], what: str
) -> None:
    """Nobody waits for it, and its limit is named."""
    command = [sys.executable, "-m", "alertdrill", *arguments]
    done = subprocess.run(
        ["/bin/bash", "-c", f"ulimit -n {files}; exec {shlex.join(command)}"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"alertdrill: no {what} can be started: a process may have at most {files} open files (ulimit -n) "
        f"here, and a {what} wants 64\n"
    )


def test_a_stack_may_open_as_many_files_as_the_system_lets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shell sets lower, without need, is raised; what has no bound gets one."""
    has: list[tuple[int, int]] = []
    monkeypatch.setattr(limits.resource, "setrlimit", lambda _, pair: has.append(pair))
    for pair in ((100, 4096), (100, resource.RLIM_INFINITY), (4096, 4096), (100_000, 200_000)):
        monkeypatch.setattr(limits.resource, "getrlimit", lambda _, pair=pair: pair)
        demand_files()
    assert has == [(4096, 4096), (limits.MAX_FILES, resource.RLIM_INFINITY)]


@pytest.mark.parametrize("limit", ["-n 16", "-v 400000", "-v 1000000", "-f 4"])
def test_a_replay_under_a_real_limit_is_one_sentence(limit: str, tmp_path: Path) -> None:
    """As a user has it, who set it in a shell: no traceback, nothing fetched."""
    (tmp_path / "r.om").write_text("x 1 0\nx 1 15\n# EOF\n")
    (tmp_path / "r.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: x > 0}]}]\n")
    command = [sys.executable, "-m", "alertdrill", "replay", "r.om", "--rules", "r.yml"]
    done = subprocess.run(
        ["/bin/bash", "-c", f"ulimit {limit}; exec {shlex.join(command)}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Fetching" not in done.stderr
    assert "prometheus cannot be started" not in done.stderr, "a replay needs promtool only"
    if done.returncode:
        assert done.returncode == 3, done.stderr
        assert f"(ulimit {limit[:2]})" in done.stderr
        assert done.stderr.count("\n") == 1
