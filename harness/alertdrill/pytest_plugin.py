"""Pytest fixtures for drills; the only reader of the environment beside the command line.

Pytest imports this wherever alertdrill is installed, so a fixture imports what it needs when it is asked for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from alertdrill.runtime.binaries import Engines


@pytest.fixture(scope="session")
def engines() -> Engines:
    """Return prometheus, promtool, alertmanager and amtool, from wherever this machine has them."""
    from alertdrill.runtime.binaries import find_engines

    return find_engines(os.environ)
