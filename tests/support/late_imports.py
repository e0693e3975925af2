"""Modules that are imported when something of them is asked for.

Each process of tests collects all files, and runs some. A provider's own client takes a second to import,
which concerns the one process that asks with it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class LateModule:
    """A module by its name, with what it has; whoever asks it for something public first imports it.

    pytest asks whatever a file of tests names whether it is a fixture in disguise, by private names.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(import_module(self._name), name)
