"""`alertdrill engines`: the programs that every other command uses."""

from __future__ import annotations

import subprocess

from click.testing import CliRunner

from alertdrill.cli.commands.engines import engines_
from alertdrill.runtime.binaries import Engines


def test_all_programs_are_listed_with_version_and_path(engines: Engines) -> None:
    """Each on a line of its own, in three columns."""
    rows = [line.split(maxsplit=2) for line in CliRunner().invoke(engines_).stdout.splitlines()]
    assert rows == [
        ["prometheus", engines.versions["prometheus"], str(engines.prometheus)],
        ["promtool", engines.versions["prometheus"], str(engines.promtool)],
        ["alertmanager", engines.versions["alertmanager"], str(engines.alertmanager)],
        ["amtool", engines.versions["alertmanager"], str(engines.amtool)],
    ]


def test_one_program_is_a_path_to_be_run() -> None:
    """Nothing else is printed, so that a shell can run it."""
    finished = CliRunner().invoke(engines_, ["promtool"])
    said = subprocess.run(
        [finished.stdout.removesuffix("\n"), "--version"], capture_output=True, text=True, check=True
    )
    assert (finished.exit_code, "promtool" in said.stdout) == (0, True)


def test_an_unknown_program_is_refused() -> None:
    """The known ones are named."""
    finished = CliRunner().invoke(engines_, ["grafana"])
    assert finished.exit_code == 2
    assert "'promtool'" in finished.stderr
