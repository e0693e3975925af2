"""Tests of what a command imports: what it needs, and nothing that another one needs."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import pytest
from support.whole_runs import METIS_RULES, ROOT

from alertdrill.cli.lazy_commands import ListedCommand
from alertdrill.cli.main import COMMANDS

HEAVY = {
    "aiohttp",
    "cryptography",
    "docker",
    "google.protobuf",
    "locust",
    "prometheus_client",
    "pyroute2",
    "requests",
    "rich",
}
"""What takes long to import, and is for stacks or other machines."""


@cache
def list_imported(*arguments: str) -> set[str]:
    """Return the modules that an interpreter with these arguments imports."""
    finished = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in finished.stderr
    lines = [line for line in finished.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("nonsense",),
        ("dilate", str(METIS_RULES), "--speed", "60"),
        ("list",),
        ("list", "--json"),
        ("rules", "metis"),
        ("replay", "absent.om.gz", "--rules", str(METIS_RULES)),
        ("export", "absent.om.gz", "--rules", str(METIS_RULES), "-o", "never.yml"),
    ],
)
def test_a_short_command_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    """What only a stack, a download or a table needs is not imported for the others."""
    imported = list_imported("-m", "alertdrill", *arguments)
    assert "click" in imported
    assert imported & HEAVY == set()


def test_a_run_that_starts_no_stack_imports_nothing_to_watch_one_with() -> None:
    """A drill's name that is wrong is said before that."""
    imported = list_imported("-m", "alertdrill", "run", "no-such-drill")
    assert "alertdrill.runner.live" in imported
    assert imported & {"aiohttp", "cryptography", "docker", "locust"} == set()


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_is_said_of_the_whole_imports_no_command(option: str) -> None:
    """Help and version come from the list of commands alone."""
    imported = list_imported("-m", "alertdrill", option)
    ours = {name for name in imported if name.startswith("alertdrill.")}
    assert ours == {
        "alertdrill.cli",
        "alertdrill.cli.beginning",
        "alertdrill.cli.complaining",
        "alertdrill.cli.help",
        "alertdrill.cli.main",
        "alertdrill.cli.interruption",
        "alertdrill.cli.lazy_commands",
        "alertdrill.cli.streams",
        "alertdrill.errors",
        "alertdrill.runtime",
        "alertdrill.runtime.limits",
        "alertdrill.runtime.files",
    }
    assert imported & {"yaml", "ruamel.yaml", "promql_parser", "asyncio"} == set()


def test_the_pytest_plugin_imports_nothing_until_a_fixture_is_asked_for() -> None:
    """It is loaded in every session of everybody who has alertdrill installed."""
    imported = list_imported("-c", "import pytest; import alertdrill.pytest_plugin")
    assert {name for name in imported if name.startswith("alertdrill")} == {
        "alertdrill",
        "alertdrill.pytest_plugin",
        "alertdrill.pytest_plugin.keys",
    }
    assert imported & HEAVY == set()


@pytest.mark.parametrize("listed", COMMANDS, ids=lambda listed: str(listed.name))
def test_the_list_says_of_a_command_what_it_says_of_itself(listed: ListedCommand) -> None:
    """Name and summary in the list are the command's own name and the first sentence of its help."""
    command = listed.load()
    assert command.name == listed.name
    assert command.get_short_help_str(1000) == listed.help
    assert not command.hidden
