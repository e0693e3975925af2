"""The control API of a running provider: behaviours, outages, the ledger."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import aiohttp
import pytest
from support.patience import PATIENCE_S


async def test_the_state_is_told(start: Any, connect: Any) -> None:
    """A new provider listens, has the default behaviour and an empty ledger."""
    with start("openai") as stub:
        assert await connect(stub).control("GET", "state") == (
            200,
            {"listening": True, "behaviours": {"*": {}}, "keys": {}, "ledger": {}},
        )


async def test_behaviours_are_told_and_forgotten(openai: Any) -> None:
    """A told behaviour is in the state until it is forgotten, whatever characters its model has."""
    behaviour = {"latency": {"kind": "constant", "s": 3}}
    await openai.tell("org/model:8b", **behaviour)
    assert (await openai.control("GET", "state"))[1]["behaviours"]["org/model:8b"] == behaviour
    assert (await openai.control("DELETE", "models/org%2Fmodel:8b"))[0] == 200
    assert "org/model:8b" not in (await openai.control("GET", "state"))[1]["behaviours"]
    assert (await openai.control("DELETE", "models/org%2Fmodel:8b"))[0] == 404


async def test_the_default_behaviour_is_told_and_forgotten(start: Any, connect: Any) -> None:
    """`*` governs models without their own behaviour until it is forgotten."""
    with start("openai") as stub:
        client = connect(stub)
        await client.tell("*", errors={"class": "server_error", "share": 1})
        assert (await client.ask("any"))[0] == 500
        assert (await client.control("DELETE", "models/*"))[0] == 200
        assert (await client.ask("any"))[0] == 200
        assert (await client.control("GET", "state"))[1]["behaviours"] == {"*": {}}


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("models/m", b"{"),
        ("models/m", b'{"latency": {"kind": "constant", "s": NaN}}'),
        ("models/m", b'{"latency": {"kind": "constant", "s": -1}}'),
        ("models/m", b'{"listening": false}'),
        ("models/m", b"{}" + b" " * 20_000),
        ("models/" + "x" * 201, b"{}"),
        ("listening", b'{"listening": 0}'),
        ("listening", b"[]"),
    ],
)
async def test_bad_instructions_are_refused(openai: Any, path: str, raw: bytes) -> None:
    """What cannot be followed gets a 400 with a sentence and changes nothing."""
    before = await openai.control("GET", "state")
    status, answer = await openai.control("PUT", path, data=raw)
    assert status == 400
    assert list(answer) == ["error"]
    assert answer["error"].endswith(".")
    assert await openai.control("GET", "state") == before


@pytest.mark.parametrize("token", ["wrong", "provider-key", ""])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "state"), ("PUT", "listening"), ("PUT", "models/m"), ("DELETE", "models/*")]
)
async def test_control_needs_its_token(openai: Any, method: str, path: str, token: str) -> None:
    """Without the control token nothing is told and nothing is said."""
    body = {"listening": False} if path == "listening" else {}
    status, answer = await openai.control(method, path, body, token=token)
    assert (status, list(answer)) == (401, ["error"])
    assert (await openai.control("GET", "state"))[1]["listening"] is True


async def test_told_models_are_bounded(start: Any, connect: Any) -> None:
    """A thousand models can be told of, the default among them; known ones can still be told anew."""
    with start("openai") as stub:
        client = connect(stub)
        for number in range(999):
            await client.tell(f"m{number}")
        assert (await client.control("PUT", "models/one-more", {}))[0] == 400
        assert (await client.control("PUT", "models/m0", {}))[0] == 200


async def test_an_outage_is_real(start: Any, connect: Any) -> None:
    """Connections are refused and open ones reset; later the same port answers again."""
    with start("openai") as stub:
        client = connect(stub)
        assert (await client.ask("m"))[0] == 200  # leaves an idle connection in the client's pool
        await client.tell("slow", latency={"kind": "constant", "s": 10_000})
        bodies = [stub.body("slow"), stub.body("slow", stream=True)]
        idle_reader, idle_writer = await asyncio.open_connection(*stub.address)
        async with client.under_way(*bodies) as readers, asyncio.timeout(PATIENCE_S):
            await client.listen(False)
            for reader in (idle_reader, *readers):
                with pytest.raises(ConnectionResetError):
                    await reader.read()
        idle_writer.close()
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*stub.address)
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.ask("m")
        assert (await client.control("GET", "state"))[1]["listening"] is False
        await client.counts_become("slow", {"network": 2})
        await client.listen(True)
        assert (await client.ask("m"))[0] == 200


async def test_the_port_stays_reserved_during_an_outage(start: Any, connect: Any) -> None:
    """Nobody else gets the port while it is closed, so that it can be opened again."""
    with start("openai") as stub:
        client = connect(stub)
        await client.listen(False)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(stub.address)
        await client.listen(True)
        assert (await client.ask("m"))[0] == 200


async def test_outages_may_be_told_twice_and_at_once(start: Any, connect: Any) -> None:
    """Telling the same again changes nothing, and many tells at once leave one socket."""
    with start("openai") as stub:
        client = connect(stub)
        for listening in (False, False, True, True):
            await client.listen(listening)
        await client.listen(False)
        await asyncio.gather(*(client.listen(True) for _ in range(8)))
        assert (await client.ask("m"))[0] == 200
        await client.listen(False)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*stub.address)


async def test_behaviours_can_be_told_during_an_outage(start: Any, connect: Any) -> None:
    """What was told while the port was closed holds when it is open again."""
    with start("openai") as stub:
        client = connect(stub)
        await client.listen(False)
        await client.tell("m", errors={"class": "rate_limit", "next": 1})
        await client.listen(True)
        assert (await client.ask("m"))[0] == 429
