"""Everything that the stack asks of the engine by Docker's own SDK gets through the guard."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import docker
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from alertdrill.stacks.guard.app import PROJECT_LABEL, SERVICE_LABEL, make_app

LABELS = {PROJECT_LABEL: "drills", SERVICE_LABEL: "prepare"}


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[str]:
    """Return the address of a guard before an engine to which everything is ours."""

    async def answer(request: web.Request) -> web.Response:
        stat = base64.b64encode(json.dumps({"name": "config"}).encode()).decode()
        headers = {"X-Docker-Container-Path-Stat": stat}
        if request.path.endswith(("/containers/json", "/networks")):
            return web.json_response([])
        if request.path.endswith("/logs"):
            return web.Response(body=b"")
        document = {"Labels": LABELS, "StatusCode": 0}
        if "/containers/" in request.path:
            document["Config"] = {"Tty": True, "Labels": LABELS}
        return web.json_response(document, headers=headers)

    engine = web.Application()
    engine.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(engine)
    await runner.setup()
    socket = str(tmp_path / "engine.sock")
    await web.UnixSite(runner, socket).start()
    async with TestServer(make_app("drills", socket)) as server:
        yield f"tcp://127.0.0.1:{server.port}"
    await runner.cleanup()


def pack() -> bytes:
    """Return an archive with one file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("rules.yml"))
    return packed.getvalue()


async def test_what_outages_take_gets_through(guarded: str) -> None:
    """None of it is refused; docker's SDK raises where it is."""

    def ask() -> None:
        api = docker.APIClient(base_url=guarded, version="1.41")
        try:
            assert api.ping() is not None
            api.version()
            api.containers(all=True, filters={"label": f"{PROJECT_LABEL}=drills"})
            api.networks(names=["drills_front"], filters={"label": f"{PROJECT_LABEL}=drills"})
            assert list(api.events(since=1, until=2, filters={"type": "container"}, decode=True))
            api.inspect_container("gateway")
            api.inspect_network("drills_front")
            api.logs("gateway", since=1.5, timestamps=True, tail=10)
            api.start("gateway")
            api.kill("gateway")
            api.stop("gateway", timeout=3)
            api.restart("gateway", timeout=3)
            api.pause("gateway")
            api.unpause("gateway")
            api.wait("prepare", timeout=9)
            assert api.put_archive("prepare", "/config", pack())
            assert list(api.get_archive("prepare", "/config/tokens.env")[0])
            api.disconnect_container_from_network("gateway", "drills_front", force=True)
            api.connect_container_to_network(
                "gateway", "drills_front", aliases=["gateway", "drills-gateway-1"]
            )
        finally:
            api.close()

    await asyncio.to_thread(ask)
