"""The guard: what it lets through to the engine, for whom, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from alertdrill.stacks.guard.allowed import Request, classify
from alertdrill.stacks.guard.app import PROJECT_LABEL, SERVICE_LABEL, make_app

Client = TestClient[web.Request, web.Application]
OURS = {"gateway": "gateway", "prep": "prepare"}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v1.41/containers/json", Request("list")),
        ("GET", "/version", Request("none")),
        ("POST", "/v1.41/containers/abc/kill", Request("container", "abc")),
        ("PUT", "/v1.41/containers/abc/archive", Request("prepare", "abc")),
        ("POST", "/v1.41/networks/n/connect", Request("network", "n")),
        ("POST", "/v1.41/containers/create", None),
        ("POST", "/containers/create/start/..", None),
        ("POST", "/v1.41/containers/abc/exec", None),
        ("POST", "/v1.41/containers/abc/update", None),
        ("DELETE", "/v1.41/containers/abc", None),
        ("GET", "/v1.41/images/json", None),
        ("POST", "/v1.41/networks/create", None),
        ("GET", "/v1.41/v1.41/containers/json", None),
        ("GET", "/v1.41/containers/../secrets/json", None),
        ("POST", "/v1.41/containers/a%2Fb/kill", None),
    ],
)
def test_only_what_outages_take_is_let_through(method: str, path: str, expected: Request | None) -> None:
    """Nothing that makes a container, or runs a command in one, has a form that fits."""
    found = classify(method, path)
    assert (found and Request(found.subject, found.name)) == expected


def describe(name: str) -> dict[str, Any]:
    """Return what the engine says of a container."""
    project = "drills" if name in OURS else "somebody-else"
    return {"Config": {"Labels": {PROJECT_LABEL: project, SERVICE_LABEL: OURS.get(name, "database")}}}


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[tuple[Client, list[tuple[str, str, str]]]]:
    """Return a client of a guard before a made-up engine, and what reached that engine."""
    reached: list[tuple[str, str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        parts = request.path.strip("/").split("/")
        if request.method == "GET" and parts[0] == "containers" and parts[-1] == "json" and len(parts) == 3:
            return web.json_response(describe(parts[1]))
        if request.method == "GET" and parts[0] == "networks" and len(parts) == 2:
            project = "drills" if parts[1] == "drills_front" else "somebody-else"
            return web.json_response({"Labels": {PROJECT_LABEL: project}})
        reached.append((request.method, request.path, request.query.get("filters", "")))
        return web.json_response({"done": True})

    engine = web.Application()
    engine.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(engine)
    await runner.setup()
    socket = str(tmp_path / "engine.sock")
    await web.UnixSite(runner, socket).start()
    async with TestClient(TestServer(make_app("drills", socket))) as client:
        yield client, reached
    await runner.cleanup()


Asked = tuple[Client, list[tuple[str, str, str]]]


async def test_our_own_containers_can_be_put_out(asked: Asked) -> None:
    """What a drill asks for reaches the engine as it is."""
    client, reached = asked
    answer = await client.post("/containers/gateway/pause")
    assert (answer.status, await answer.json()) == (200, {"done": True})
    assert reached == [("POST", "/containers/gateway/pause", "")]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/containers/database/kill", None),
        ("GET", "/containers/database/logs", None),
        ("PUT", "/containers/gateway/archive", None),
        ("POST", "/networks/theirs/connect", {"Container": "gateway"}),
        ("POST", "/networks/drills_front/connect", {"Container": "database"}),
        ("POST", "/containers/create", {"Image": "alertdrill", "HostConfig": {"Binds": ["/:/host"]}}),
    ],
)
async def test_nothing_else_reaches_the_engine(asked: Asked, method: str, path: str, body: Any) -> None:
    """Another project's containers and networks are out of reach, and so is whatever is not listed."""
    client, reached = asked
    answer = await client.request(method, path, json=body)
    assert answer.status == 403
    assert reached == []


async def test_files_go_to_the_container_that_prepares_only(asked: Asked) -> None:
    """It has no other rights than its own volumes."""
    client, reached = asked
    assert (await client.put("/containers/prep/archive", data=b"tar")).status == 200
    assert [path for _, path, _ in reached] == ["/containers/prep/archive"]


async def test_a_list_is_of_our_project_whatever_is_asked(asked: Asked) -> None:
    """The label of another project is replaced."""
    client, reached = asked
    for filters in ("{}", json.dumps({"label": [f"{PROJECT_LABEL}=somebody-else"], "type": ["container"]})):
        await client.get("/containers/json", params={"filters": filters})
    kept = [json.loads(filters) for _, _, filters in reached]
    assert [each["label"] for each in kept] == [[f"{PROJECT_LABEL}=drills"]] * 2
    assert kept[1]["type"] == ["container"]


@pytest.mark.parametrize("filters", ["[1]", "{", "null"])
async def test_filters_that_cannot_be_read_are_refused(asked: Asked, filters: str) -> None:
    """They would otherwise reach the engine unfiltered."""
    client, reached = asked
    assert (await client.get("/containers/json", params={"filters": filters})).status == 400
    assert reached == []
