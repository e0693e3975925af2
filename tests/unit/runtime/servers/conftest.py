"""Fixtures of the tests of every server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.served import SERVERS, WAIT_S, Served, run

from alertdrill.runtime.http_server import Limits


@pytest.fixture(params=SERVERS)
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Served]:
    """Run each server in turn, as it is shipped."""
    async with run(request.param, tmp_path) as served:
        yield served


@pytest.fixture(params=SERVERS)
async def hasty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Served]:
    """Run each server in turn; for bodies they wait a tenth of a second."""
    async with run(request.param, tmp_path, Limits(body_s=WAIT_S, unread_s=WAIT_S)) as served:
        yield served


@pytest.fixture(params=SERVERS)
async def impatient(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Served]:
    """Run each server in turn; for headers they wait a tenth of a second."""
    async with run(request.param, tmp_path, Limits(idle_s=WAIT_S)) as served:
        yield served
