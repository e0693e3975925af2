"""A compose project of each test's own, of which nothing may be left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.compose_project import Compose, make_compose


@pytest.fixture
def compose(docker_engine: None) -> Iterator[Compose]:  # noqa: ARG001 - skips without an engine
    """Return a project; taking it down must leave nothing."""
    made = make_compose()
    try:
        yield made
    finally:
        made.run("--profile", "*", "down", "--volumes", "--timeout", "1")
    assert made.list_leftovers() == []
    made.client.close()
