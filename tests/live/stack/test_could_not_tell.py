"""What breaks the run instead of the rule: exit code 3, one sentence, and nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from support.held_orders import make_order
from support.whole_runs import CommandLine

from alertdrill.alertmanager.calendar import Calendar
from alertdrill.errors import ComponentFailed
from alertdrill.runner.order import make_setup
from alertdrill.runtime.binaries import Engines
from alertdrill.stacks import Stack

QUICK_DRILL = "metis-auth-one-volley"
AWAIT_WALL_S = 60.0
POLL_WALL_S = 0.05

PARTS = {
    "gateway": "alertdrill.gateway",
    "pager": "alertdrill.pager",
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


def find_part(pid: int, part: str) -> list[psutil.Process]:
    """Return the process of a part of the stack that another process has started."""
    return [
        child for child in psutil.Process(pid).children() if PARTS[part] in " ".join(child.cmdline()) + " "
    ]


def await_traffic(process: subprocess.Popen[str], out: Path) -> None:
    """Wait until Locust has sent something, so that all parts run."""
    await_that(lambda: process.poll() is not None or (out / "logs" / "traffic.json").exists(), "traffic")
    assert process.poll() is None


@pytest.mark.parametrize("part", ["prometheus", "Locust"])
def test_a_part_that_dies_is_named(alertdrill: CommandLine, tmp_path: Path, part: str) -> None:
    """A part killed in mid-run: exit 3, its name and its log in one sentence, and an error in junit.xml.

    One that the run talks to all the time, and the one that is no part of the stack.
    """
    out = tmp_path / "out"
    with alertdrill.start("run", QUICK_DRILL, "--speed", "60", "--out", str(out)) as process:
        await_traffic(process, out)
        (victim,) = find_part(process.pid, part)
        victim.kill()
        _, err = process.communicate(timeout=AWAIT_WALL_S)
    assert process.returncode == 3, err
    assert err.startswith(f"alertdrill: {part} was ended by SIGKILL")
    assert str(out / "logs") in err
    assert "Traceback" not in err
    assert "<error" in (out / "junit.xml").read_text()
    assert alertdrill.list_leftovers() == []


def test_every_part_of_a_stack_is_watched(engines: Engines, tmp_path: Path) -> None:
    """Whichever is killed is named, with its log; started again, the stack is whole again."""
    order = make_order((), engines, tmp_path / "out")
    with order.site.open(make_setup(order, 60.0, Calendar(origin=datetime.now(UTC)), 600.0)) as stack:
        for part in sorted(PARTS.keys() - {"Locust"}):
            stack.check()
            (victim,) = find_part(os.getpid(), part)
            victim.kill()
            said: list[str] = []
            await_that(lambda: bool(ask_what_died(stack, said)), f"{part} is missed")  # noqa: B023
            assert said[0].startswith(f"{part} was ended by SIGKILL")
            assert str(order.out / "logs" / f"{part}.log") in said[0]
            stack.start(part)
        stack.check()


def ask_what_died(stack: Stack, said: list[str]) -> list[str]:
    """Return what has been said of parts that died, with what is said now."""
    try:
        stack.check()
    except ComponentFailed as error:
        said.append(str(error))
    return said


def test_an_interrupted_run_leaves_nothing_behind(alertdrill: CommandLine, tmp_path: Path) -> None:
    """A signal ends the run with exit 3, every process and the temporary folder.

    That SIGINT and SIGHUP are handled alike is in test_page_interrupted.py.
    """
    number = signal.SIGTERM
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


def test_a_machine_that_does_not_keep_the_clock_is_doubted(alertdrill: CommandLine, tmp_path: Path) -> None:
    """Scrapes lost and arrivals late, here because parts were stopped for a while: exit 3 and the reasons."""
    out = tmp_path / "out"
    with alertdrill.start("run", QUICK_DRILL, "--speed", "60", "--out", str(out)) as process:
        await_traffic(process, out)
        victims = [find_part(process.pid, part)[0] for part in ("gateway", "Locust")]
        log = out / "logs" / "traffic.json"
        await_that(lambda: '"probe": {"planned"' in log.read_text(), "the first report")
        await_that(lambda: process.poll() is not None or is_probing(log), "the probe")
        for victim in victims:
            victim.suspend()
        time.sleep(2.0)  # the cause itself, not a wait for something
        for victim in victims:
            victim.resume()
        stdout, err = process.communicate(timeout=AWAIT_WALL_S)
    assert process.returncode == 3, err
    said = " ".join(stdout.split())
    assert "scrapes came late or not at all" in said
    assert "arrivals were more than 15 s" in said
    assert re.search(r"[Tt]he gateway answered nothing from \d+:\d\d to \d+:\d\d \(", said)
    assert "hold the drills again, or at a lower --speed than 60" in said
    assert "<error" in (out / "junit.xml").read_text()
    assert alertdrill.list_leftovers() == []


def is_probing(report: Path) -> bool:
    """Return whether the probe, which starts at rule time 0, has sent something."""
    import json

    return bool(json.loads(report.read_text())["profiles"]["probe"]["sent"])


def test_a_port_that_is_taken_is_named(alertdrill: CommandLine, tmp_path: Path) -> None:
    """A port that somebody else holds: exit 2 before a stack is begun, with the part and the port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        out = tmp_path / "out"
        run = ("run", QUICK_DRILL, "--speed", "60", "--port", f"prometheus={port}", "--out", str(out))
        finished = alertdrill.run(*run)
    assert finished.code == 2
    said = f"prometheus cannot listen on 127.0.0.1:{port}: Address already in use; ask for another port"
    assert said in finished.err
    assert not out.exists()
    assert alertdrill.list_leftovers() == []
