"""Fixtures of the pager's tests."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.running_pager import RunningPager, run_pager

from alertdrill.runtime.binaries import Engines, Generation, find_engines


@pytest.fixture
async def pager(tmp_path: Path) -> AsyncIterator[RunningPager]:
    """Return a pager that runs, at speed 60."""
    async with run_pager(tmp_path) as running:
        yield running


@pytest.fixture(params=list(Generation), ids=lambda generation: f"generation {generation.value}")
def each_generation(request: pytest.FixtureRequest) -> Engines:
    """Return the engines of one generation after the other."""
    return find_engines(os.environ, generation=request.param)
