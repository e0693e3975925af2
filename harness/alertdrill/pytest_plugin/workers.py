"""The folder that pytest-xdist's workers share with the process that started them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

ENDING = ".run"
"""Of the files that runs are in."""
_GIVEN = "alertdrill_share"
"""What a worker is told by."""
_MADE = pytest.StashKey[tuple[ExitStack, Path]]()


def tell_worker(node: Any) -> None:
    """Give a worker the folder; it is made for the first of them, and is for this user alone."""
    config: pytest.Config = node.config
    if _MADE not in config.stash:
        from alertdrill.runtime.scratch import scratch_folder

        stack = ExitStack()
        config.stash[_MADE] = stack, stack.enter_context(scratch_folder())
    node.workerinput[_GIVEN] = str(config.stash[_MADE][1])


def find_folder(config: pytest.Config) -> Path | None:
    """Return the folder; None for a process that shares nothing, also because its worker runs elsewhere."""
    if _MADE in config.stash:
        return config.stash[_MADE][1]
    given = getattr(config, "workerinput", {}).get(_GIVEN)
    return Path(given) if given is not None and Path(given).is_dir() else None


def forget_folder(config: pytest.Config) -> None:
    """Remove the folder, if it was made here."""
    if _MADE in config.stash:
        config.stash[_MADE][0].close()
