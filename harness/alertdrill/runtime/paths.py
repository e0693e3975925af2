"""How paths are shown."""

from __future__ import annotations

from pathlib import Path


def shorten(path: Path) -> Path:
    """Return a path as somebody who stands here would write it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
