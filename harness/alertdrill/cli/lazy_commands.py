"""Commands that are known by name and summary, and imported when they are called.

Most of a short command's time would otherwise go into importing all the others.
"""

from __future__ import annotations

import importlib

import click

from alertdrill.cli.help import Explained


class ListedCommand(click.Command):
    """Stands for a command until it is called: its name, its summary, and the `module:attribute` it is at.

    `judges` says whether there is a verdict, which an interruption leaves out.
    """

    def __init__(self, name: str, target: str, summary: str, *, judges: bool = False) -> None:
        super().__init__(name, help=summary)
        self.judges = judges
        self._target = target

    def load(self) -> click.Command:
        """Import the command that this stands for."""
        module, _, attribute = self._target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self._target} is not a command")
        return command


class LazyGroup(Explained, click.Group):
    """A group that lists its commands without importing them, and imports the one that is called."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the name of the command that is called, the command itself, and what is left of `args`."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, ListedCommand) else command, rest
