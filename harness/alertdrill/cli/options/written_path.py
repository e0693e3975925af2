"""The option that names what a command writes."""

from __future__ import annotations

from typing import Any

import click


class WrittenPath(click.Path):
    """The name of a file or a folder to write; an empty one is not the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path that was named."""
        if value == "":
            self.fail("an empty name names nothing", param, ctx)
        return super().convert(value, param, ctx)
