"""Good requests with something wrong in them: no server fails at one, or waits for ever.

`make fuzz` sends more of them.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.served import SERVERS, WAIT_S, run

from alertdrill.runtime.http_server import Limits
from fuzz.requests import list_routes, try_all

REQUESTS = 60


@pytest.mark.parametrize("name", SERVERS)
async def test_odd_requests_are_answered_or_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Each ends within the limits, none with 5xx, none with a traceback."""
    rng = random.Random(name)  # noqa: S311 - repeatable, no secret
    async with run(name, tmp_path, Limits(idle_s=WAIT_S, body_s=WAIT_S, unread_s=WAIT_S)) as served:
        assert await try_all(served, rng, REQUESTS, list_routes(name)) == []
    assert [record for record in caplog.records if record.exc_info] == []
