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
from support.whole_runs import ROOT, CommandLine

from alertdrill.cli.options.behaviour_file import read_behaviours
from alertdrill.cli.stub_examples import say_call, say_controls
from alertdrill.stacks.stub_provider import DIALECTS as OFFERED
from stub_providers.dialects import DIALECTS
from stub_providers.instructions import fingerprint

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


@pytest.mark.parametrize("option", ["--port", "--control-port"])
def test_a_port_that_is_in_use_is_refused(alertdrill: CommandLine, tmp_path: Path, option: str) -> None:
    """In a sentence that says which, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finished = alertdrill.run_here("stub", "openai", option, str(port), folder=tmp_path)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err == (
        f"alertdrill: {option} {port}: it cannot be listened on there: Address already in use; "
        f"give another {option}, or leave it out for any port that is free\n"
    )
    assert alertdrill.list_leftovers() == []


def test_two_ports_that_are_one_are_refused(alertdrill: CommandLine) -> None:
    """That is said, and not that the port is in use."""
    finished = alertdrill.run_here("stub", "openai", "--port", "9103", "--control-port", "9103")
    said = "alertdrill: --port and --control-port are both 9103: give each one of its own\n"
    assert (finished.code, finished.err) == (2, said)


def test_a_dialect_that_is_missing_is_one_sentence(alertdrill: CommandLine) -> None:
    """What there is to choose from stands in it, without tabs and lines."""
    finished = alertdrill.run_here("stub")
    assert finished.code == 2
    assert finished.err.endswith("Choose from: anthropic, gemini, ollama, openai, openrouter, vllm\n")
    assert finished.err.count("\n") == 1
    assert "\\t" not in finished.err


def test_a_secret_with_a_quote_in_it_stays_one_word() -> None:
    """A model's name and a token are what somebody chose."""
    call = say_call("openai", "http://127.0.0.1:1", key_env=None, model="it's")
    assert json.loads(shlex.split(call)[-1])["model"] == "it's"
    for _, command in say_controls("http://127.0.0.1:1", "it's"):
        assert "Authorization: Bearer it's" in shlex.split(command)


def test_a_stub_behaves_as_a_file_says(alertdrill: CommandLine, tmp_path: Path) -> None:
    """Of every model, of models and of keys, in the words of drills."""
    path = tmp_path / "slow.yml"
    path.write_text(
        "latency: {p50: 1ms, p99: 2ms}\n"
        "limits: {requests: 60, per: 1m}\n"
        "models:\n  gpt-4.1: {flaw: {kind: stall, for: 1ms, share: 10%}}\n"
        f"keys:\n  - {{key: {{env: {KEY_ENV}}}, behaviour: {{errors: {{class: auth, share: 100%}}}}}}\n"
    )
    options = ("--behaviour", str(path), "--control-token-env", TOKEN_ENV, "--traffic-speed", "12")
    with started(alertdrill, "openai", *options) as (process, lines):
        state = json.loads(perform_here(find_command(lines, "what it answered so far"))[1])
        assert state["behaviours"] == {
            "*": {
                "latency": {"kind": "percentiles", "at": {"50": 0.001, "99": 0.002}},
                "limits": {"requests": 60, "per_s": 60},
            },
            "gpt-4.1": {"flaw": {"kind": "stall", "for_s": 0.001, "share": 0.1}},
        }
        assert state["keys"] == {fingerprint(KEY): {"errors": {"class": "auth", "share": 1}}}
        call = find_command(lines, "ask it")
        assert perform_here(call)[0] == 200
        assert perform_here(call.replace("-d", f"-H 'Authorization: Bearer {KEY}' -d"))[0] == 401
        process.terminate()


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (
            "latncy: 1s\n",
            (),
            "slow.yml:1: the file has a field 'latncy', which is unknown; do you mean 'latency'?",
        ),
        ("", (), "slow.yml:1: the file is empty: it has to say how a stub behaves"),
        (
            "keys:\n  - {key: {env: NO_SUCH_KEY}, behaviour: {}}\n",
            (),
            "slow.yml:2: there is no environment variable",
        ),
        (
            "models: {m: {latency: 5}}\n",
            (),
            "slow.yml:1: latency of m of models of the file is '5', not a duration",
        ),
        (
            "latency: 1s\n",
            ("--errors", "10%"),
            "--behaviour: the file says it all, so --latency and --errors are",
        ),
    ],
)
def test_a_file_that_says_no_behaviour_is_refused(
    text: str, options: tuple[str, ...], said: str, alertdrill: CommandLine, tmp_path: Path
) -> None:
    """In one sentence, with the line."""
    (tmp_path / "slow.yml").write_text(text)
    finished = alertdrill.run_here("stub", "openai", "--behaviour", "slow.yml", *options, folder=tmp_path)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"alertdrill: {said}")


def test_the_file_of_the_manual_can_be_read(tmp_path: Path) -> None:
    """As it stands."""
    manual = (ROOT / "docs" / "how-to" / "stubs.md").read_text()
    path = tmp_path / "slow.yml"
    path.write_text(re.findall(r"```yaml\n(.*?)```", manual, re.DOTALL)[0])
    told = read_behaviours(path, {"CUSTOMER_KEY": "sk-1"})
    assert told.of_all.keys() == {"latency", "between_tokens", "limits", "spells"}
    assert (told.of_models.keys(), [key for key, _ in told.of_keys]) == ({"gpt-4.1-mini"}, ["sk-1"])
