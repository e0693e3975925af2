"""Somebody's own project: the command line as they have it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.own_project import KEY, KEY_VARIABLE
from support.whole_runs import CommandLine


@pytest.fixture
def own(alertdrill: CommandLine) -> CommandLine:
    """Return the command line with the gateway's key in its environment."""
    return replace(alertdrill, environ={**alertdrill.environ, KEY_VARIABLE: KEY})
