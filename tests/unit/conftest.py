"""What the tests of traffic share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fake_gateway import FakeGateway


@pytest.fixture
def fake_gateway() -> Iterator[FakeGateway]:
    """Run a gateway that answers everything at once, until it is told otherwise."""
    with FakeGateway() as gateway:
        yield gateway
