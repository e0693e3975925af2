"""The provider as a process: its arguments, its secrets, its end."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stub_providers.__main__ import main

ROOT = Path(__file__).parents[3]
SECRETS = {"ALERTDRILL_PROVIDER_KEY": "provider-key", "ALERTDRILL_CONTROL_TOKEN": "control-token"}
GOOD = {
    "--name": "stub",
    "--dialect": "openai",
    "--listen": "127.0.0.1:0",
    "--control": "127.0.0.1:0",
    "--speed": "60",
}
Refuse = Callable[[dict[str, str], dict[str, str]], tuple[int, str]]


@pytest.fixture
def refuse_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refuse:
    """Return what runs the command in this process; it should refuse before it serves."""

    def run(arguments: dict[str, str], secrets: dict[str, str]) -> tuple[int, str]:
        words = [word for pair in arguments.items() for word in pair]
        monkeypatch.setattr(sys, "argv", ["stub_providers", *words])
        for name in SECRETS:
            monkeypatch.delenv(name, raising=False)
        for name, value in secrets.items():
            monkeypatch.setenv(name, value)
        code = main()
        said = capsys.readouterr()
        assert said.out == ""
        return code, said.err

    return run


def refuse(arguments: dict[str, str], secrets: dict[str, str]) -> tuple[int, str]:
    """Start a provider that should refuse; return its exit code and what it says."""
    words = [word for pair in arguments.items() for word in pair]
    done = subprocess.run(
        [sys.executable, "-m", "stub_providers", *words],
        cwd=ROOT,
        env={"PATH": ""} | secrets,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "change",
    [
        {"--dialect": "cohere"},
        {"--listen": "nowhere"},
        {"--listen": ":9000"},
        {"--listen": "127.0.0.1:65536"},
        {"--control": "127.0.0.1:x"},
        {"--speed": "0"},
        {"--speed": "nan"},
        {"--speed": "inf"},
        {"--speed": "fast"},
        {"--name": "a b"},
        {"--name": "x" * 65},
        {"--colour": "red"},
        {"--behaviour": "slow"},
        {"--behaviour": '{"latency": 5}'},
    ],
)
def test_bad_arguments_are_refused(refuse_here: Refuse, change: dict[str, str]) -> None:
    """A bad argument ends with exit code 2 and one sentence that names it."""
    code, said = refuse_here(GOOD | change, SECRETS)
    assert code == 2
    assert said.count("\n") == 1
    assert said.endswith(".\n")
    assert next(iter(change)) in said


@pytest.mark.parametrize("missing", GOOD)
def test_missing_arguments_are_refused(refuse_here: Refuse, missing: str) -> None:
    """Every argument is required."""
    code, said = refuse_here({name: value for name, value in GOOD.items() if name != missing}, SECRETS)
    assert (code, said.count("\n"), missing in said) == (2, 1, True)


@pytest.mark.parametrize("missing", SECRETS)
@pytest.mark.parametrize("empty", [False, True])
def test_missing_secrets_are_refused(refuse_here: Refuse, missing: str, empty: bool) -> None:
    """A secret that is not set, or empty, ends with exit code 2 and its variable's name."""
    secrets = SECRETS | {missing: ""} if empty else {n: v for n, v in SECRETS.items() if n != missing}
    assert refuse_here(GOOD, secrets) == (2, f"The environment variable {missing} must be set.\n")


@pytest.mark.parametrize("which", ["--listen", "--control"])
def test_a_taken_port_is_refused(which: str) -> None:
    """An address that is in use ends with exit code 2 and says which."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, said = refuse(GOOD | {which: address}, SECRETS)
    assert (code, said.count("\n")) == (2, 1)
    assert address in said


@pytest.mark.parametrize("listening", [True, False])
async def test_sigterm_ends_it_quickly(start_new: Any, connect: Any, listening: bool) -> None:
    """A provider with stalled requests, idle connections or an outage ends at once, cleanly, in silence."""
    with start_new("ollama") as (stub, process):
        client = connect(stub)
        await client.tell("stall", errors={"class": "timeout", "share": 1})
        await client.tell("drip", latency={"kind": "constant", "s": 10_000})
        bodies = [stub.body(model, stream=True) for model in ("stall", "drip", "stall")]
        async with client.under_way(*bodies) as readers:
            if not listening:
                await client.listen(False)
            process.terminate()
            assert await asyncio.to_thread(process.wait, 30) == 0  # aiohttp would wait for a minute
            assert process.stderr.read() == ""
            for reader in readers:
                with pytest.raises(ConnectionResetError):
                    await reader.read()


async def test_a_given_port_is_used_and_given_back(start_new: Any) -> None:
    """A provider's port can be listened on again once it ended."""
    with start_new("openai") as (stub, _):
        address = stub.address
    with socket.create_server(address) as again:
        assert again.getsockname() == address


async def test_a_first_behaviour_is_what_a_model_goes_back_to(start: Any, connect: Any) -> None:
    """It is in force from the start, is shown, and is there again once another has been taken back."""
    first = {"errors": {"class": "server_error", "share": 1}}
    with start("openai", "--behaviour", json.dumps(first)) as stub:
        client = connect(stub)
        assert (await client.ask("m"))[0] == 500
        await client.tell("*", latency={"kind": "constant", "s": 0})
        assert (await client.ask("m"))[0] == 200
        await client.control("DELETE", "models/*")
        assert (await client.ask("m"))[0] == 500
        _, state = await client.control("GET", "state")
        assert state["behaviours"] == {"*": first}


async def test_any_key_is_accepted_where_it_is_said(start: Any, connect: Any) -> None:
    """And none too; the control address wants its token all the same."""
    with start("openai", "--any-key") as stub:
        client = connect(stub)
        for headers in ({"Authorization": "Bearer whatever"}, {}):
            assert (await client.post(stub.body("m"), headers=headers))[0] == 200
        assert (await client.control("GET", "state", token="whatever"))[0] == 401
