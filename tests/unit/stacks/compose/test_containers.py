"""What is asked of Docker's engine about a project's containers, against an engine of the tests' own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import docker
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from alertdrill.stacks.compose.containers import Project

LABELS = {"com.docker.compose.project": "drills", "com.docker.compose.service": "gateway"}


@pytest.fixture
async def engine() -> AsyncIterator[str]:
    """Return the address of an engine that lists two containers, of which one is gone when asked for."""

    async def list_containers(_: web.Request) -> web.Response:
        return web.json_response([{"Id": "stays"}, {"Id": "goes"}])

    async def inspect(request: web.Request) -> web.Response:
        if request.match_info["id"] == "goes":
            return web.json_response({"message": "No such container: goes"}, status=404)
        return web.json_response({"Id": "stays", "Config": {"Labels": LABELS}})

    application = web.Application()
    application.router.add_get("/v{version}/containers/json", list_containers)
    application.router.add_get("/v{version}/containers/{id}/json", inspect)
    async with TestServer(application) as server:
        yield f"tcp://127.0.0.1:{server.port}"


async def test_a_container_that_goes_while_they_are_listed_is_left_out(engine: str) -> None:
    """The engine lists them first and describes each afterwards; one that ends in between harms nobody."""

    def find() -> list[str]:
        client = docker.DockerClient(base_url=engine, version="1.41")
        try:
            return [container.id for container in Project("drills", client).find().values()]
        finally:
            client.close()

    assert await asyncio.to_thread(find) == ["stays"]
