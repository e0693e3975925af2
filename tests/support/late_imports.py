"""Modules that are imported when something of them is asked for.

Each process of tests collects all files, and runs some. A provider's own client takes a second to import,
which concerns the one process that asks with it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class LateModule:
    """A module by its name, with what it has; whoever asks it for something first imports it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)
