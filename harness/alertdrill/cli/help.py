"""How a help text reads: options in groups, then the exit codes, then examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click

TYPED = "alertdrill.typed"
"""Where a context has the words that were typed after the command's name."""
HELP_GROUP = "Help"
"""Where options stand that no command declares itself."""


NO_BREAK = "\N{NON-BREAKING HYPHEN}"
"""Stands for a hyphen while lines are wrapped: names such as X-Scope-OrgID stay in one piece."""


class _Formatter(click.HelpFormatter):
    """Wraps lines between words only, and not at hyphens."""

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(text.replace("-", NO_BREAK))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names and what they are."""
        kept = [(name, text.replace("-", NO_BREAK)) for name, text in rows]
        super().write_dl(kept, col_max, col_spacing)

    def write(self, string: str) -> None:
        """Write a line as it is shown."""
        super().write(string.replace(NO_BREAK, "-"))


class _Context(click.Context):
    formatter_class = _Formatter


@dataclass(frozen=True, slots=True)
class Example:
    """A command line, without its `$`, and what it is for."""

    command: str
    does: str


class Explained(click.Command):
    """A command whose help ends with what its exit codes mean, and with examples."""

    context_class = _Context

    def __init__(
        self, *args: Any, exit_codes: Mapping[int, str], examples: Sequence[Example], **settings: Any
    ) -> None:
        super().__init__(*args, **settings)
        self.exit_codes = exit_codes
        self.examples = tuple(examples)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes and the examples; an example stands on one line, so that it can be copied."""
        super().format_epilog(ctx, formatter)
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in self.exit_codes.items()])
        with formatter.section("Examples"):
            indent = " " * formatter.current_indent
            for example in self.examples:
                does = click.wrap_text(example.does, formatter.width, indent, indent)
                formatter.write(f"{does}\n{indent}  $ {example.command}\n")


class GroupedCommand(Explained):
    """A command whose options stand under the titles of `groups`, which names them by parameter."""

    def __init__(self, *args: Any, groups: Mapping[str, Sequence[str]], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.groups = groups

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what was typed, which reports repeat."""
        ctx.meta[TYPED] = tuple(args)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group; what is in no group is click's own --help."""
        rows = {
            parameter.name: row
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option) and (row := parameter.get_help_record(ctx)) is not None
        }
        for title, names in self.groups.items():
            with formatter.section(title):
                formatter.write_dl([rows.pop(name) for name in names])
        with formatter.section(HELP_GROUP):
            formatter.write_dl(list(rows.values()))
