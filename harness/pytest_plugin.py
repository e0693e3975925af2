"""Pytest fixtures for drills; the only reader of the environment beside the command line."""

from __future__ import annotations

import os

import pytest

from harness.engines import Engines, find_engines


@pytest.fixture(scope="session")
def engines() -> Engines:
    """Return prometheus, promtool, alertmanager and amtool, from wherever this machine has them."""
    return find_engines(os.environ)
