"""promtool of both generations, for tests of what must be the same with either."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from alertdrill.runtime.binaries import Generation, find_engines

GENERATIONS = list(Generation)


@cache
def find_promtool(generation: Generation) -> Path:
    """Return promtool of a generation."""
    return find_engines(os.environ, generation=generation).promtool
