"""The command that repeats a drill, made of what was typed."""

from __future__ import annotations

import click
import pytest

from alertdrill.cli.commands.judge import judge
from alertdrill.cli.commands.run import run
from alertdrill.cli.repeating import write_repeat


def repeat(command: click.Command, *arguments: str) -> str:
    """Return the words that repeat a command line."""
    with command.make_context(command.name, list(arguments), resilient_parsing=True) as context:
        return " ".join(write_repeat(context))


@pytest.mark.parametrize(
    ("typed", "repeated"),
    [
        ("", ""),
        ("metis-auth-fires metis-quiet --speed 30", " --speed 30"),
        ("--system metis --out there --keep-recordings kept --workers 2", " --workers 2"),
        ("--set metis.a=1 --set metis.b=2 --rules a.yml", " --set metis.a=1 --set metis.b=2 --rules a.yml"),
        ("--replay out/recording.om.gz --quiet-tail 1h", " --replay out/recording.om.gz --quiet-tail 1h"),
        ("--ui --port gateway=8000", " --port gateway=8000"),
        ("--calendar 2026-01-05T22:30", " --calendar 2026-01-05T22:30"),
    ],
)
def test_a_run_is_repeated_for_one_drill(typed: str, repeated: str) -> None:
    """As it was typed, without the drills that were named and without where reports went."""
    assert repeat(run, *typed.split()) == f"alertdrill run DRILL{repeated}"


def test_no_header_is_shown() -> None:
    """A value may be a secret; a file's name is none."""
    said = repeat(run, "--prometheus-header", "A=secret", "--prometheus-header", "B=@token")
    assert said == "alertdrill run DRILL --prometheus-header A=… --prometheus-header B=@token"


def test_judge_is_repeated_whole() -> None:
    """It takes no drill's name."""
    said = repeat(
        judge,
        "r.om.gz",
        "--drills",
        "d.yml",
        "--rules",
        "r.yml",
        "--out",
        "out",
        "--junit",
        "j.xml",
        "--json",
    )
    assert said == "alertdrill judge r.om.gz --drills d.yml --rules r.yml"


def test_what_nobody_typed_has_no_command() -> None:
    """A test in pytest is no command line of ours."""
    assert write_repeat(None) == ()
    with click.Command("pytest").make_context("pytest", []) as context:
        assert write_repeat(context) == ()
