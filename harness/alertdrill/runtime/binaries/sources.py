"""What a place to fetch binaries from looks like to the search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from alertdrill.errors import MissingEngine
from alertdrill.runtime.binaries.generations import Family, Generation

Say = Callable[[str], None]
"""Takes one line of progress for a person to read."""


class OutOfReach(MissingEngine):
    """The place cannot be reached or used at all, so that asking it again is of no use."""


class Source(Protocol):
    """A place to fetch binaries from, with a name for messages."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def fetch(self, families: Sequence[Family], generation: Generation, into: Path) -> None:
        """Put each family's programs into `into / family.name`, as files under their own names.

        Raises MissingEngine with the reason, OutOfReach if nothing can be had from here at all; what was
        put there before that counts.
        """
