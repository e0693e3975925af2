"""The browser that all tests of pages have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.chromium_session import Browser, run_chromium


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Run a browser, in which each page has a context of its own."""
    with run_chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser
