"""Behaviours of keys, at the start and while the stub runs, and what is counted of all behaviours."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import Any

from conftest import ROOT

from stub_providers.instructions import fingerprint

REVOKED = {"errors": {"class": "auth", "share": 1}}


async def ask_with(client: Any, key: str, model: str = "m") -> int:
    """Ask with a key; return the status."""
    status, _, _ = await client.post(client.stub.body(model), headers=client.stub.headers(key))
    return int(status)


async def test_a_key_behaves_otherwise_until_that_is_taken_back(start: Any, connect: Any) -> None:
    """Whatever model it asks for, and nobody else's calls do."""
    with start("openai", "--any-key") as stub:
        client = connect(stub)
        status, answer = await client.control("PUT", "keys", {"key": "revoked", "behaviour": REVOKED})
        assert (status, answer) == (200, {"key": fingerprint("revoked"), "behaviour": REVOKED})
        await client.tell("failing", errors={"class": "server_error", "share": 1})
        assert [await ask_with(client, key) for key in ("revoked", "good", "")] == [401, 200, 200]
        assert await ask_with(client, "revoked", "failing") == 401
        _, state = await client.control("GET", "state")
        assert state["keys"] == {fingerprint("revoked"): REVOKED}
        assert '"revoked"' not in json.dumps(state)
        assert (await client.control("PUT", "keys", {"key": "revoked", "behaviour": None}))[0] == 200
        assert await ask_with(client, "revoked") == 200
        assert (await client.control("PUT", "keys", {"key": "revoked", "behaviour": None}))[0] == 404


async def test_bad_instructions_for_keys_are_refused(openai: Any) -> None:
    """In a sentence that does not repeat the key."""
    for body in ({}, {"key": 1, "behaviour": {}}, {"key": "k" * 1_001, "behaviour": {}}, {"key": "secret"}):
        status, answer = await openai.control("PUT", "keys", body)
        assert (status, list(answer)) == (400, ["error"])
        assert "secret" not in answer["error"]


async def test_models_and_keys_behave_from_the_start(start: Any, connect: Any, monkeypatch: Any) -> None:
    """The command line has the model and the name of the variable with the key, never the key."""
    monkeypatch.setenv("A_REVOKED_KEY", "revoked")
    failing = {"errors": {"class": "server_error", "share": 1}}
    options = ["--any-key", "--model-behaviour", "failing", json.dumps(failing)]
    options += ["--key-behaviour", "A_REVOKED_KEY", json.dumps(REVOKED)]
    with start("openai", *options) as stub:
        client = connect(stub)
        assert [await ask_with(client, "good", model) for model in ("m", "failing")] == [200, 500]
        assert await ask_with(client, "revoked") == 401
        _, state = await client.control("GET", "state")
        assert state["behaviours"] == {"*": {}, "failing": failing}


def test_a_behaviour_that_cannot_be_read_ends_the_start() -> None:
    """With exit code 2 and one sentence."""
    command = [sys.executable, "-m", "stub_providers", "--name", "n", "--dialect", "openai"]
    command += ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--speed", "1"]
    command += ["--model-behaviour", "m", '{"flaw": {"kind": "mood"}}']
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "flaw.kind must be one of stall, drip" in ended.stderr


async def read_metrics(client: Any) -> dict[str, float]:
    """Return what the control port's /metrics has."""
    url = f"http://{client.stub.control}/metrics"
    async with client.session.get(url, headers={"Authorization": "Bearer control-token"}) as response:
        assert response.status == 200
        lines = (await response.text()).splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


async def test_what_calls_met_is_counted(start: Any, connect: Any) -> None:
    """Errors, limits, flaws and spells by model, and the tokens of what arrived."""
    with start("openai") as stub:
        client = connect(stub)
        latency = {"kind": "constant", "s": 2}
        await client.tell("fails", latency=latency, errors={"class": "server_error", "next": 1})
        await client.tell("limited", latency=latency, limits={"requests": 1, "per_s": 80_000})
        await client.tell("stalls", flaw={"kind": "stall", "for_s": 0.001, "every": 1})
        await client.tell("spells", spells=[{"for_s": 80_000, "slowdown": 2}], completion_tokens=9)
        for model in ("fails", "limited", "stalls", "spells"):
            for _ in range(2):
                await client.ask(model)
        found = await read_metrics(client)
        met = {name: value for name, value in found.items() if name.startswith("stub_behaviours_total")}
        assert met == {
            'stub_behaviours_total{behaviour="error_server_error",model="fails"}': 1,
            'stub_behaviours_total{behaviour="limit_requests",model="limited"}': 1,
            'stub_behaviours_total{behaviour="flaw_stall",model="stalls"}': 2,
            'stub_behaviours_total{behaviour="spell",model="spells"}': 2,
        }
        assert found['stub_requests_total{model="limited",outcome="rate_limit"}'] == 1
        assert found['stub_tokens_total{direction="completion",model="spells"}'] == 18
        assert found['stub_latency_seconds_sum{model="limited"}'] == 2.1
        assert found['stub_latency_seconds_count{model="limited"}'] == 2
        assert found["stub_listening"] == 1


async def test_metrics_want_the_control_token(openai: Any) -> None:
    """As all of that port does."""
    async with openai.session.get(f"http://{openai.stub.control}/metrics") as response:
        assert response.status == 401


async def test_limits_go_by_the_traffic_and_latencies_by_the_speed(start: Any, connect: Any) -> None:
    """Beside a gateway in wall time: a limit of ten minutes is over in a sixth of a second at speed 3600."""
    with start("openai", "--any-key", "--traffic-speed", "3600", speed=1.0) as stub:
        client = connect(stub)
        await client.tell("m", latency={"kind": "constant", "s": 0.2}, limits={"requests": 1, "per_s": 600})
        began_s = time.perf_counter()
        answers = await asyncio.gather(client.ask("m"), client.ask("m"))
        refused = next(headers for status, headers, _ in answers if status == 429)
        assert sorted(status for status, _, _ in answers) == [200, 429]
        assert time.perf_counter() - began_s >= 0.2
        assert 0 < float(refused["retry-after-ms"]) <= 600_000 / 3600 + 1
        assert (await client.ask("m"))[0] == 200


async def test_spells_go_by_the_traffic(start: Any, connect: Any) -> None:
    """One that is to come in an hour of rule time has come after a second at speed 36,000."""
    with start("openai", "--any-key", "--traffic-speed", "36000", speed=1.0) as stub:
        client = connect(stub)
        spell = {"after_s": 3_600, "for_s": 86_400, "errors": {"class": "auth", "share": 1}}
        await client.tell("m", latency={"kind": "constant", "s": 0}, spells=[spell])
        assert await ask_with(client, "k") == 200
        async with asyncio.timeout(20):
            while await ask_with(client, "k") != 401:
                pass
