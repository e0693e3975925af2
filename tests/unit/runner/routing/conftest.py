"""What the tests of routing share."""

from __future__ import annotations

import os

import pytest

from alertdrill.runtime.binaries import Engines, Generation, find_engines


@pytest.fixture(params=list(Generation), ids=str)
def each_engines(request: pytest.FixtureRequest) -> Engines:
    """Return the engines of each supported generation."""
    return find_engines(os.environ, generation=request.param)
