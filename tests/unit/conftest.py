"""What the tests of traffic share, and the browser that all tests of pages have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chromium_session import Browser, run_chromium
from fake_gateway import FakeGateway


@pytest.fixture
def fake_gateway() -> Iterator[FakeGateway]:
    """Run a gateway that answers everything at once, until it is told otherwise."""
    with FakeGateway() as gateway:
        yield gateway


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Run a browser, in which each page has a context of its own."""
    with run_chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser
