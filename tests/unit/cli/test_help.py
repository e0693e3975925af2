"""Tests of the help texts: groups, exit codes and examples, for whoever reads them first."""

from __future__ import annotations

import re
import shlex

import click
import pytest
from click.testing import CliRunner

from alertdrill.cli.help import Example, Explained, GroupedCommand
from alertdrill.cli.lazy_commands import ListedCommand
from alertdrill.cli.main import COMMANDS, cli

MOST_EXAMPLES = 3


def load(listed: ListedCommand) -> GroupedCommand:
    """Return the command that is listed."""
    command = listed.load()
    assert isinstance(command, GroupedCommand)
    return command


def show_help(*arguments: str) -> str:
    """Return what `--help` prints."""
    result = CliRunner().invoke(cli, [*arguments, "--help"], prog_name="alertdrill")
    assert result.exit_code == 0
    return result.output


def list_examples() -> list[Example]:
    """Return the examples of all commands, and of the command line as a whole."""
    assert isinstance(cli, Explained)
    return [*cli.examples, *(example for listed in COMMANDS for example in load(listed).examples)]


@pytest.mark.parametrize("listed", COMMANDS, ids=lambda listed: str(listed.name))
def test_every_option_stands_in_one_group(listed: ListedCommand) -> None:
    """A command's groups name each of its options once, and nothing else."""
    command = load(listed)
    named = [name for names in command.groups.values() for name in names]
    assert sorted(named) == sorted(
        str(parameter.name) for parameter in command.params if isinstance(parameter, click.Option)
    )
    assert all(command.groups.values())


@pytest.mark.parametrize("columns", range(50, 81))
def test_no_name_is_broken_at_a_hyphen(columns: int) -> None:
    """At any width a line of help ends with a whole word."""
    (record,) = (load(listed) for listed in COMMANDS if listed.name == "record")
    with record.context_class(record, terminal_width=columns) as context:
        formatter = context.formatter_class(width=columns)
        record.format_help(context, formatter)
    shown = formatter.getvalue()
    assert "X-Scope-OrgID" in shown
    assert [line for line in shown.splitlines() if re.search(r"\w-$", line)] == []


@pytest.mark.parametrize("listed", COMMANDS, ids=lambda listed: str(listed.name))
def test_the_help_shows_groups_then_exit_codes_then_examples(listed: ListedCommand) -> None:
    """Every option is under its group's title, with a sentence; the examples come last."""
    command = load(listed)
    shown = show_help(str(listed.name))
    titles = [*command.groups, "Help", "Exit codes", "Examples"]
    places = [shown.index(f"\n{title}:\n") for title in titles]
    assert places == sorted(places)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert any(f"  {option}" in shown or f", {option}" in shown for option in parameter.opts)
    for example in command.examples:
        assert f"    $ {example.command}\n" in shown[places[-1] :]


@pytest.mark.parametrize("listed", COMMANDS, ids=lambda listed: str(listed.name))
def test_the_help_says_the_exit_codes(listed: ListedCommand) -> None:
    """Every command can end well and can be misused; it has no code that is not one of ours."""
    assert {0, 2} <= set(load(listed).exit_codes) <= {0, 1, 2, 3}
    assert 1 <= len(load(listed).examples) <= MOST_EXAMPLES


def test_the_whole_has_exit_codes_and_examples_too() -> None:
    """`alertdrill --help` says what a newcomer types next."""
    shown = show_help()
    assert shown.index("\nCommands:\n") < shown.index("\nExit codes:\n") < shown.index("\nExamples:\n")
    assert "$ alertdrill run\n" in shown


@pytest.mark.parametrize("example", list_examples(), ids=lambda example: example.command)
def test_every_example_parses(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its options are there, and take what is given to them; files that it names need not exist."""
    monkeypatch.setattr(click.Path, "convert", lambda _self, value, _param, _ctx: value)
    program, name, *arguments = shlex.split(example.command)
    assert program == "alertdrill"
    command = load(next(listed for listed in COMMANDS if listed.name == name))
    if "--help" not in arguments:
        command.make_context(name, arguments)
