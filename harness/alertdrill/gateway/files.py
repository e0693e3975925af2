"""How many connections fit into the files that a process may open."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

from alertdrill.errors import BadInput
from alertdrill.gateway.config import Config
from alertdrill.gateway.limits import DEFAULTS
from alertdrill.gateway.upstream import MAX_CONNECTIONS

MAX_FILES = 65_536
OWN_FILES = 64
"""Databases, logs, what listens, and connections that are refused in words."""


def open_files() -> int:
    """Let this process open as many files as it may, and return how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    files = max(soft, wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return files


def count_connections(files: int, calls: int) -> int:
    """Return how many clients' connections so many files are enough for, of which so many call at once.

    Each client's call may have a connection to a provider, too, as far as there are so many.
    """
    free = max(0, files - OWN_FILES)
    upstream = min(calls, MAX_CONNECTIONS)
    return max(free // 2, free - upstream)


def fit_connections(config: Config, path: Path, files: int) -> Config:
    """Return a configuration that these files are enough for.

    The default number of connections, which nobody asked for, is lowered to what fits. Raises BadInput for
    one that was stated, and if not even one connection fits.
    """
    limits = config.limits
    most = count_connections(files, limits.calls)
    if limits.connections <= most:
        return config
    if most < 1 or limits.connections != DEFAULTS.connections:
        what = f"limits.connections: {limits.connections} connections cannot be served"
        lack = f"this process may have {files} open files (ulimit -n), which are enough for {most}"
        raise BadInput(f"{path}: {what}: {lack}; state at most so many, or allow more files")
    return replace(config, limits=replace(limits, connections=most))
