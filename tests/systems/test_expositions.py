"""The expositions of a gateway with every system: one path each, and all of them in one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from alertdrill.gateway.__main__ import attach_surfaces
from alertdrill.gateway.config import Config
from alertdrill.gateway.gateway import Secrets, open_gateway
from alertdrill.systems import System, find_systems

SYSTEMS = find_systems()


@pytest.fixture
async def client(tmp_path) -> AsyncIterator[TestClient]:
    """Yield a client of a gateway that nobody has called yet."""
    config = Config(speed=1, data_dir=tmp_path, providers={"openai": "http://127.0.0.1:1"})
    secrets = Secrets(admin_token="a", provider_key="p")
    async with (
        open_gateway(config, secrets, attach_surfaces) as app,
        TestClient(TestServer(app)) as client,
    ):
        yield client


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
async def test_each_system_shows_its_own_metrics(client: TestClient, system: System) -> None:
    """A system's path needs no token, is Prometheus's text format, and has metrics of no other system."""
    response = await client.get(system.metrics_path)
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    own = {family.name for family in text_string_to_metric_families(await response.text())}
    assert own
    for other in SYSTEMS:
        if other != system:
            text = await (await client.get(other.metrics_path)).text()
            assert own.isdisjoint(family.name for family in text_string_to_metric_families(text))


async def test_all_systems_together_are_one_exposition(client: TestClient) -> None:
    """/metrics has every system's metrics, each stated once."""
    families = [
        family.name for family in text_string_to_metric_families(await (await client.get("/metrics")).text())
    ]
    assert len(families) == len(set(families))
    for system in SYSTEMS:
        text = await (await client.get(system.metrics_path)).text()
        assert {family.name for family in text_string_to_metric_families(text)} <= set(families)


async def test_no_other_name_has_an_exposition(client: TestClient) -> None:
    """An unknown system is 404, and the message says which there are."""
    response = await client.get("/metrics/nobody")
    error = (await response.json())["error"]
    assert (response.status, error["code"]) == (404, "unknown_system")
    names = ", ".join(system.name for system in SYSTEMS)
    assert error["message"] == f"there are metrics of: gateway, {names}"


def test_each_system_has_a_job_of_its_own() -> None:
    """Prometheus scrapes every system under another name."""
    jobs = [system.job for system in SYSTEMS]
    assert len(set(jobs)) == len(jobs)
    assert all(jobs)
