"""What the tests of configs share: both generations, and configs as a user would write them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from alertdrill.alertmanager.target import Target
from alertdrill.pager.certificates import make_certificate
from alertdrill.runtime.binaries import Engines, Generation, find_engines


@pytest.fixture(params=list(Generation), ids=str, scope="session")
def each_engines(request: pytest.FixtureRequest) -> Engines:
    """Return the engines of one generation after the other."""
    return find_engines(os.environ, generation=request.param)


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """Return a pager that nobody runs; the files that its clients need are there."""
    authority, _ = make_certificate(["127.0.0.1"])
    (tmp_path / "ca.pem").write_bytes(authority)
    (tmp_path / "token").write_text("pager-token")
    return Target(
        url="https://127.0.0.1:8443",
        smarthost="127.0.0.1:8025",
        ca_file=str(tmp_path / "ca.pem"),
        token_file=str(tmp_path / "token"),
        token="pager-token",
        templates_folder=str(tmp_path / "templates"),
    )


@pytest.fixture
def place(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes alertmanager.yml."""

    def write(text: str) -> Path:
        path = tmp_path / "alertmanager.yml"
        path.write_text(text)
        return path

    return write
