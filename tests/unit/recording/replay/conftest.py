"""The promtool that replays: of each generation in turn, or the newest."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.both_generations import GENERATIONS, find_promtool


@pytest.fixture(params=GENERATIONS, ids=str)
def promtool(request: pytest.FixtureRequest) -> Path:
    """Return promtool of each generation in turn."""
    return find_promtool(request.param)


@pytest.fixture
def newest() -> Path:
    """Return promtool of the newest generation."""
    return find_promtool(GENERATIONS[-1])
