"""The option that names what a command reads, and which has to be there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from alertdrill.runtime.looking import find_kind


class ReadPath(click.Path):
    """The name of what is there; of one that cannot be looked at, click would say that it is not there."""

    def __init__(self, *, file_okay: bool = True) -> None:
        super().__init__(path_type=Path, exists=True, file_okay=file_okay)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path that was named; raises BadInput where nobody may look."""
        find_kind(Path(os.fsdecode(value)))
        return super().convert(value, param, ctx)
