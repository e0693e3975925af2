"""What breaks the run instead of the rule: exit code 3, one sentence, and nothing left behind."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from whole_runs import CommandLine

QUICK_DRILL = "metis-auth-one-volley"
AWAIT_WALL_S = 60.0
POLL_WALL_S = 0.05

PARTS = {
    "gateway": "harness.gateway",
    "pager": "harness.pager",
    "provider-openai": "--name openai ",
    "prometheus": "--storage.tsdb.path",
    "alertmanager": "--cluster.listen-address",
    "Locust": "locust",
}
"""A piece of the command line by which to find each part."""


def await_that(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds."""
    give_up_at = time.monotonic() + AWAIT_WALL_S
    while not condition():
        assert time.monotonic() < give_up_at, f"never happened: {what}"
        time.sleep(POLL_WALL_S)


def find_part(process: subprocess.Popen[str], part: str) -> list[psutil.Process]:
    """Return the running process of a part of the stack."""
    return [
        child
        for child in psutil.Process(process.pid).children()
        if PARTS[part] in " ".join(child.cmdline()) + " "
    ]


def await_traffic(process: subprocess.Popen[str], out: Path) -> None:
    """Wait until Locust has sent something, so that all parts run."""
    await_that(lambda: process.poll() is not None or (out / "logs" / "traffic.json").exists(), "traffic")
    assert process.poll() is None


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_dies_is_named(alertdrill: CommandLine, tmp_path: Path, part: str) -> None:
    """A part killed in mid-run: exit 3, its name and its log in one sentence, and an error in junit.xml."""
    out = tmp_path / "out"
    with alertdrill.start("run", QUICK_DRILL, "--speed", "60", "--out", str(out)) as process:
        await_traffic(process, out)
        (victim,) = find_part(process, part)
        victim.kill()
        _, err = process.communicate(timeout=AWAIT_WALL_S)
    assert process.returncode == 3, err
    assert err.startswith(f"alertdrill: {part} was ended by SIGKILL")
    assert str(out / "logs") in err
    assert "Traceback" not in err
    assert "<error" in (out / "junit.xml").read_text()
    assert alertdrill.list_leftovers() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_leaves_nothing_behind(
    alertdrill: CommandLine, tmp_path: Path, number: signal.Signals
) -> None:
    """A signal ends the run with exit 3, every process and the temporary folder."""
    out = tmp_path / "out"
    with alertdrill.start("run", QUICK_DRILL, "--speed", "60", "--out", str(out)) as process:
        await_traffic(process, out)
        process.send_signal(number)
        _, err = process.communicate(timeout=AWAIT_WALL_S)
    assert process.returncode == 3
    assert err == f"alertdrill: interrupted by {number.name}; nothing was judged\n"
    assert alertdrill.list_leftovers() == []


def test_a_killed_harness_leaves_no_process_behind(alertdrill: CommandLine, tmp_path: Path) -> None:
    """Even SIGKILL, which nobody can handle, leaves no process."""
    out = tmp_path / "out"
    with alertdrill.start("run", QUICK_DRILL, "--speed", "60", "--out", str(out)) as process:
        await_traffic(process, out)
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= len(PARTS)
        process.kill()
        process.communicate(timeout=AWAIT_WALL_S)
    _, alive = psutil.wait_procs(children, timeout=AWAIT_WALL_S)
    assert alive == []


@pytest.mark.parametrize(
    ("part", "doubt"),
    [("gateway", "scrapes came late or not at all"), ("Locust", "arrivals were more than 15 s")],
)
def test_a_machine_that_does_not_keep_the_clock_is_doubted(
    alertdrill: CommandLine, tmp_path: Path, part: str, doubt: str
) -> None:
    """Scrapes lost or arrivals late, here because a part was stopped for a while: exit 3 and the reason."""
    out = tmp_path / "out"
    with alertdrill.start("run", QUICK_DRILL, "--speed", "60", "--out", str(out)) as process:
        await_traffic(process, out)
        (victim,) = find_part(process, part)
        log = out / "logs" / "traffic.json"
        await_that(lambda: '"probe": {"planned"' in log.read_text(), "the first report")
        await_that(lambda: process.poll() is not None or is_probing(log), "the probe")
        victim.suspend()
        time.sleep(2.0)  # the cause itself, not a wait for something
        victim.resume()
        stdout, err = process.communicate(timeout=AWAIT_WALL_S)
    assert process.returncode == 3, err
    assert doubt in stdout.replace("\n", " ")
    assert "<error" in (out / "junit.xml").read_text()
    assert alertdrill.list_leftovers() == []


def is_probing(report: Path) -> bool:
    """Return whether the probe, which starts at rule time 0, has sent something."""
    import json

    return bool(json.loads(report.read_text())["acts"]["probe"]["sent"])


def test_a_port_that_is_taken_is_named(alertdrill: CommandLine, tmp_path: Path) -> None:
    """A port that somebody else holds: exit 3, the part and its log."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        out = tmp_path / "out"
        run = ("run", QUICK_DRILL, "--speed", "60", "--port", f"prometheus={port}", "--out", str(out))
        finished = alertdrill.run(*run)
    assert finished.code == 3
    assert finished.err.startswith("alertdrill: prometheus ended with exit code")
    assert "address already in use" in finished.err
    assert alertdrill.list_leftovers() == []
