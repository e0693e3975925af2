"""The engines of both generations, for tests of what must be the same with either."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from alertdrill.runtime.binaries import Engines, Generation, find_engines
from alertdrill.runtime.binaries.cache import locate_cache

GENERATIONS = list(Generation)


CACHE = locate_cache(os.environ).root
"""Where the engines are, also for tests with a home of their own, which would fetch them again."""


@cache
def find_generation(generation: Generation) -> Engines:
    """Return the engines of a generation."""
    return find_engines({**os.environ, "ALERTDRILL_CACHE": str(CACHE)}, generation=generation)


def find_promtool(generation: Generation) -> Path:
    """Return promtool of a generation."""
    return find_generation(generation).promtool


def name_engines(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the environment name the engines."""
    for name in ("prometheus", "promtool", "alertmanager", "amtool"):
        monkeypatch.setenv(f"ALERTDRILL_{name.upper()}", str(getattr(engines, name)))
