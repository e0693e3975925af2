"""Versions of servers, as far as it depends on them what a server can do. Pure."""

from __future__ import annotations

import re


def is_at_least(version: str, least: tuple[int, int]) -> bool:
    """Tell whether a version such as `3.5.3+ds1` has this major and minor number, or a later one."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) >= least
