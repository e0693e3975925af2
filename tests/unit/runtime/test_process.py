"""Processes that the harness starts: their end, their log, and that none outlives the harness."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alertdrill.errors import ComponentFailed
from alertdrill.runtime.process import Process, read_last_words, start

WAIT_S = 20.0
ROOT = Path(__file__).resolve().parents[3]

FOREVER = "import time; print('ready', flush=True); time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + FOREVER
WITH_CHILD = (
    "import subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print(child.pid, flush=True); time.sleep({})"
)
HARNESS = """
import os, sys
from pathlib import Path
from alertdrill.runtime.process import start
child = start("child", [sys.executable, "-c", "import time; time.sleep(600)"],
              env=dict(os.environ), log_path=Path(sys.argv[1]))
print(child.pid, flush=True)
sys.stdin.read()
"""


def run(code: str, log_path: Path) -> Process:
    """Start Python code as a component."""
    return start("worker", [sys.executable, "-c", code], env=dict(os.environ), log_path=log_path)


def await_line(path: Path) -> str:
    """Return the first whole line of a log, as soon as there is one."""
    give_up_at = time.monotonic() + WAIT_S
    while not path.exists() or "\n" not in path.read_text():
        assert time.monotonic() < give_up_at, f"nothing was written to {path}"
        time.sleep(0.01)
    return path.read_text().splitlines()[0]


def await_end(pid: int) -> bool:
    """Return whether a process that may be anybody's child ends in time."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], WAIT_S)[0])
    finally:
        os.close(descriptor)


def is_there(pid: int) -> bool:
    """Return whether a process, or its zombie, exists."""
    return Path(f"/proc/{pid}").exists()


def test_output_of_both_kinds_goes_to_the_log(tmp_path):
    """Standard output and standard error are in the log, appended to what was there."""
    log = tmp_path / "logs" / "worker.log"
    log.parent.mkdir()
    log.write_text("before\n")
    process = run("import sys; print('out', flush=True); print('err', file=sys.stderr)", log)
    assert process.wait(WAIT_S) == 0
    assert log.read_text() == "before\nout\nerr\n"


def test_a_running_process_has_no_exit_code(tmp_path):
    """While it runs, poll returns None, and check raises nothing."""
    process = run(FOREVER, tmp_path / "log")
    try:
        process.check()
        assert process.poll() is None
    finally:
        process.stop()
    assert process.poll() == -signal.SIGTERM


def test_the_failure_names_the_component_its_end_its_last_words_and_its_log(tmp_path):
    """One sentence says all that is needed to look further."""
    log = tmp_path / "log"
    process = run("print('port 80 is taken\\n'); raise SystemExit(3)", log)
    assert process.wait(WAIT_S) == 3
    with pytest.raises(ComponentFailed) as caught:
        process.check()
    assert str(caught.value) == f'worker ended with exit code 3 ("port 80 is taken"); its log is {log}'


def test_the_failure_names_the_signal(tmp_path):
    """A process that was killed is said to have been."""
    process = run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", tmp_path / "log")
    process.wait(WAIT_S)
    assert str(process.failure()).startswith("worker was ended by SIGKILL; its log is")


def test_a_program_that_is_not_there_is_a_failure(tmp_path):
    """The message says which one, not a traceback."""
    with pytest.raises(ComponentFailed, match=r"^prometheus could not be started: .*/no/such/program"):
        start("prometheus", ["/no/such/program"], env={}, log_path=tmp_path / "log")


def test_the_environment_is_exactly_what_is_given(tmp_path, monkeypatch):
    """Nothing of the harness's own environment is passed on by itself."""
    monkeypatch.setenv("ALERTDRILL_OTHER_TOKEN", "x")
    log = tmp_path / "log"
    code = "import os; print('ALERTDRILL_OTHER_TOKEN' in os.environ, os.environ['MINE'])"
    process = start("worker", [sys.executable, "-c", code], env={"MINE": "1"}, log_path=log)
    process.wait(WAIT_S)
    assert log.read_text() == "False 1\n"


def test_stop_leaves_no_zombie(tmp_path):
    """After stop the process is gone from the process table."""
    process = run(FOREVER, tmp_path / "log")
    await_line(tmp_path / "log")
    process.stop()
    assert not is_there(process.pid)


def test_stop_kills_what_ignores_sigterm(tmp_path):
    """When the grace is over, SIGKILL follows."""
    process = run(DEAF, tmp_path / "log")
    await_line(tmp_path / "log")
    process.stop(grace_s=0.2)
    assert process.poll() == -signal.SIGKILL
    assert not is_there(process.pid)


@pytest.mark.parametrize("lives_s", [600, 0])
def test_grandchildren_end_with_the_process(tmp_path, lives_s):
    """What a component started ends when it is stopped, and also when it ends by itself."""
    log = tmp_path / "log"
    process = run(WITH_CHILD.format(lives_s), log)
    grandchild = int(await_line(log))
    if lives_s == 0:
        process.wait(WAIT_S)
    process.stop()
    assert await_end(grandchild)


def test_stop_twice_is_harmless(tmp_path):
    """A second stop does nothing."""
    process = run(FOREVER, tmp_path / "log")
    process.stop()
    code = process.poll()
    process.stop()
    assert process.poll() == code == -signal.SIGTERM


def test_a_component_has_a_session_of_its_own(tmp_path):
    """A terminal's Ctrl-C goes to the foreground group, which a component is not in."""
    process = run(FOREVER, tmp_path / "log")
    try:
        assert os.getsid(process.pid) == process.pid
        assert os.getpgid(process.pid) == process.pid
    finally:
        process.stop()


def test_a_component_dies_with_a_harness_that_is_killed(tmp_path):
    """SIGKILL leaves the harness no time to clean up; the kernel does it."""
    with subprocess.Popen(
        [sys.executable, "-c", HARNESS, str(tmp_path / "log")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as harness:
        child = int(harness.stdout.readline())
        assert is_there(child)
        harness.kill()
        harness.wait(WAIT_S)
        assert await_end(child)


def test_the_last_words_are_read_from_the_end_of_the_log(tmp_path):
    """Blank lines at the end are passed over, long lines are cut, and no log is no line."""
    log = tmp_path / "log"
    log.write_text("first\n" + "x" * 10_000 + "\n\n  \n")
    last = read_last_words(log)
    assert len(last) == 200
    assert last.endswith("…")
    assert read_last_words(tmp_path / "none") == ""
