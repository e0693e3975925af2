"""Reference pages of the command line: every command's help, and what exit codes mean."""

from __future__ import annotations

from collections.abc import Iterator

import click

from alertdrill import errors
from alertdrill.cli.help import Explained
from alertdrill.cli.main import COMMANDS, cli

COLUMNS = 100
NOTE = "<!-- Made by `make generate`; change the code instead. -->"


def write_commands() -> str:
    """Return the page with all help texts."""
    parts = [f"# The command line\n\n{NOTE}\n\nWhat `--help` says of each command.\n"]
    for name, command in _list_commands():
        parts.append(f"## {name}\n\n```text\n{_render_help(name, command)}\n```\n")
    return "\n".join(parts)


def write_exit_codes() -> str:
    """Return the page with each command's exit codes, and those of each error."""
    lines = ["# Exit codes", "", NOTE, "", "| command | code | meaning |", "|---|---|---|"]
    for name, command in _list_commands():
        lines += [f"| `{name}` | {code} | {meaning} |" for code, meaning in command.exit_codes.items()]
    lines += [
        "",
        "## Errors",
        "",
        "Each error is one sentence on standard error, and never a traceback.",
        "",
        "| error | code | when |",
        "|---|---|---|",
    ]
    for kind in _list_errors(errors.AlertdrillError):
        summary = (kind.__doc__ or "").partition("\n")[0]
        lines.append(f"| `{kind.__name__}` | {kind.exit_code} | {summary} |")
    return "\n".join(lines) + "\n"


def _list_commands() -> Iterator[tuple[str, Explained]]:
    """Yield the whole, then each command, with what is typed to call it."""
    for name, command in [
        ("alertdrill", cli),
        *((f"alertdrill {listed.name}", listed.load()) for listed in COMMANDS),
    ]:
        if not isinstance(command, Explained):
            raise TypeError(f"{name} explains no exit codes")
        yield name, command


def _render_help(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name, terminal_width=COLUMNS, max_content_width=COLUMNS)
    context.help_option_names = list(cli.context_settings["help_option_names"])
    return command.get_help(context)


def _list_errors(kind: type[errors.AlertdrillError]) -> Iterator[type[errors.AlertdrillError]]:
    """Yield an error and all below it that errors.py defines, parents first."""
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _list_errors(child)
