"""`alertdrill stub`: a stub provider by hand, and the commands that it prints."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.curl import perform
from support.patience import PATIENCE_S
from support.terminals import open_terminal
from support.whole_runs import CommandLine

from alertdrill.cli.stub_examples import say_call, say_controls
from alertdrill.stacks.stub_provider import DIALECTS as OFFERED
from stub_providers.dialects import DIALECTS

TOKEN_ENV = "STUB_TEST_TOKEN"
TOKEN = "the-control-token"
KEY_ENV = "STUB_TEST_KEY"
KEY = "the-key"
LAST = "Ctrl-C ends it."


@contextmanager
def started(alertdrill: CommandLine, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Start a stub; yield its process and the lines that it has printed once it listens."""
    environ = {**alertdrill.environ, TOKEN_ENV: TOKEN, KEY_ENV: KEY}
    with CommandLine(environ=environ, temporary=alertdrill.temporary).start("stub", *arguments) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if lines[-1] == LAST:
                break
        yield process, lines


def perform_here(command: str) -> tuple[int, str]:
    """Do what a command does, with the variables that the stub has had; return status and text."""
    return perform(command, {TOKEN_ENV: TOKEN, KEY_ENV: KEY})


def find_command(lines: list[str], does: str) -> str:
    """Return the command that stands below what it does."""
    return lines[lines.index(f"{does}:") + 1].strip()


def test_every_dialect_is_offered() -> None:
    """The package imports nothing of the stubs, so it has their names a second time."""
    assert set(OFFERED) == set(DIALECTS)


def test_what_a_stub_prints_can_be_typed(alertdrill: CommandLine) -> None:
    """A call is answered, with any key; each command of the control address does what is said of it."""
    arguments = ("openai", "--latency", "1ms", "--control-token-env", TOKEN_ENV)
    with started(alertdrill, *arguments) as (process, lines):
        call = find_command(lines, "ask it")
        assert perform_here(call)[0] == 200
        assert perform_here(find_command(lines, "slow, and half of it limited"))[0] == 200
        state = json.loads(perform_here(find_command(lines, "what it answered so far"))[1])
        assert state["behaviours"]["*"]["latency"] == {"kind": "constant", "s": 2}
        assert sum(state["ledger"]["stub-model"].values()) == 1
        assert perform_here(find_command(lines, "as at first"))[0] == 200
        state = json.loads(perform_here(find_command(lines, "what it answered so far"))[1])
        assert state["behaviours"] == {"*": {"latency": {"kind": "constant", "s": 0.001}}}
        assert perform_here(find_command(lines, "out of reach"))[0] == 200
        with pytest.raises(urllib.error.URLError):
            perform_here(call)
        assert perform_here(find_command(lines, "back again"))[0] == 200
        assert perform_here(call)[0] == 200
        assert TOKEN not in "\n".join(lines)
        process.terminate()
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (0, "ended\n", "")
    assert alertdrill.list_leftovers() == []


def test_a_stub_has_the_port_the_errors_and_the_key_that_it_was_given(alertdrill: CommandLine) -> None:
    """A call without the key is refused; with it, it fails as often as was said.

    A token of its own does not get into a log: only a terminal is shown it.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ("--port", str(port), "--errors", "100%", "--latency", "1ms", "--key-env", KEY_ENV)
    with started(alertdrill, "openai", *options, "--model", "gpt-4.1") as (process, lines):
        assert lines[0] == f"openai    http://127.0.0.1:{port}  calls need the key in {KEY_ENV}"
        call = find_command(lines, "ask it")
        assert '"gpt-4.1"' in call
        assert perform_here(call)[0] == 500
        assert perform_here(call.replace(f"${KEY_ENV}", "another"))[0] == 401
        assert lines[1].endswith(
            "its token is shown on a terminal only; --control-token-env names one of yours"
        )
        assert "Bearer YOUR_CONTROL_TOKEN" in find_command(lines, "as at first")
        assert perform_here(find_command(lines, "as at first"))[0] == 401
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (0, "ended\n", "")


def test_a_token_that_is_shown_is_the_right_one(alertdrill: CommandLine) -> None:
    """What stands in the terminal can be copied as it is."""
    terminal, theirs = open_terminal()
    process = subprocess.Popen(
        [sys.executable, "-m", "alertdrill", "stub", "openai"],
        env=dict(alertdrill.environ),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    with process, os.fdopen(terminal, "rb") as shown:
        lines = []
        while LAST not in lines[-1:]:
            lines.append(shown.readline().decode().rstrip("\r\n"))
        token = re.search(r"its token, shown this once: (\S+)", lines[1])
        assert token is not None
        assert f"Bearer {token[1]}" in find_command(lines, "as at first")
        assert perform_here(find_command(lines, "as at first"))[0] == 200
        process.terminate()
        assert process.wait(20) == 0


def test_a_port_that_is_in_use_is_refused(alertdrill: CommandLine, tmp_path: Path) -> None:
    """In a sentence that says which."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finished = alertdrill.run_here("stub", "openai", "--port", str(port), folder=tmp_path)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err == (
        f"alertdrill: the stub openai: Cannot listen on 127.0.0.1:{port}: Address already in use.\n"
    )
    assert alertdrill.list_leftovers() == []


def test_a_secret_with_a_quote_in_it_stays_one_word() -> None:
    """A model's name and a token are what somebody chose."""
    call = say_call("openai", "http://127.0.0.1:1", key_env=None, model="it's")
    assert json.loads(shlex.split(call)[-1])["model"] == "it's"
    for _, command in say_controls("http://127.0.0.1:1", "it's"):
        assert "Authorization: Bearer it's" in shlex.split(command)
