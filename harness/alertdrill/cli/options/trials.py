"""Where mutants that were tried are kept, in the cache."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from alertdrill.mutation.memory import Memory, digest_program
from alertdrill.places import PACKAGE
from alertdrill.runtime.binaries import Promtool
from alertdrill.runtime.binaries.cache import locate_cache

TRIALS = Path("mutation") / "trials.json"


def open_memory(tool: Promtool, environ: Mapping[str, str]) -> Memory:
    """Return what mutants did before, by this alertdrill and this Prometheus."""
    program = digest_program(PACKAGE, tool.versions["prometheus"])
    return Memory(locate_cache(environ).root / TRIALS, program)
