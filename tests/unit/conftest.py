"""The browser that all tests of pages have, and the authority that all clients of tests trust."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import trustme
from support.chromium_session import Browser, run_chromium


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Run a browser, in which each page has a context of its own."""
    with run_chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="module")
def trust_one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Spare each client reading all the world's authorities, a fiftieth of a second: nothing is encrypted."""
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        yield
