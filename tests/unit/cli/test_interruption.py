"""Tests of signals that come before a command has begun, or where exceptions are swallowed."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from alertdrill.cli.beginning import SIGNALS

WHILE_IMPORTED = """
import os, signal, sys
from alertdrill import __main__

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[-1]:
            os.kill(os.getpid(), {number})

sys.meta_path.insert(0, Interrupting())
__main__.main()
"""
"""Begins as `alertdrill` does, and sends itself a signal as a module is imported."""
IN_A_CALLBACK = """
import signal, sys, time
from alertdrill.cli import main as cli
from alertdrill.cli.commands import list as command

class Swallowing:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)

def wait(*_):
    Swallowing()
    time.sleep(60)

command.find_systems = wait
sys.argv = ["alertdrill", "list"]
cli.main()
"""
"""Sends itself a signal where Python prints what is raised, and goes on."""


def run(program: str, *arguments: str) -> tuple[int, str]:
    """Run a program to its end; return its exit code, and what it complained of."""
    finished = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=30, check=False
    )
    return finished.returncode, finished.stderr


@pytest.mark.parametrize("module", ["click", "alertdrill.cli.main", "alertdrill.cli.commands.list"])
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_during_imports_is_a_sentence(number: signal.Signals, module: str) -> None:
    """From the first import on, Ctrl-C is no traceback."""
    said = run(WHILE_IMPORTED.format(number=int(number)), "list", module)
    assert said == (3, f"alertdrill: interrupted by {number.name}; nothing was begun\n")


def test_a_signal_in_a_callback_is_not_lost() -> None:
    """What a callback swallows is raised again once the callback is over."""
    assert run(IN_A_CALLBACK) == (3, "alertdrill: interrupted by SIGTERM; nothing was written\n")


def test_nothing_is_imported_before_signals_are_heard() -> None:
    """What is imported until then takes no time: none of what commands need, and no typing."""
    code, said = run("import sys; from alertdrill.cli import beginning; print(*sys.modules, file=sys.stderr)")
    assert code == 0
    assert {name for name in said.split() if name.startswith("alertdrill")} == {
        "alertdrill",
        "alertdrill.cli",
        "alertdrill.cli.beginning",
        "alertdrill.errors",
    }
    assert not {"click", "typing", "pathlib", "asyncio"} & set(said.split())
