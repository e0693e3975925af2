"""The example for LiteLLM, held on LiteLLM itself."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.drill_subset import HOLDS_EVERY
from support.example_litellm import EXAMPLE
from support.example_projects import install_gateway
from support.whole_runs import CommandLine, Finished, run_until_told

from alertdrill.runtime.free_ports import find_free_ports

pytestmark = pytest.mark.alone  # beside others it is too slow for its drills, and all are held again

MACHINE_WITHIN_S = 300
SLOWER = ("--speed", "5")
"""Half of what the example states: how it is held again where the machine did not keep the clock."""


def give_port(project_file: Path) -> None:
    """Let LiteLLM listen where nobody else does."""
    text = project_file.read_text()
    assert text.count("4000") == 2
    (port,) = find_free_ports(1)
    project_file.write_text(text.replace("4000", str(port)))


@pytest.mark.network
@pytest.mark.skipif("CI" not in os.environ and not HOLDS_EVERY, reason="holds LiteLLM itself: EVERY=1")
def test_litellm_is_drilled_as_the_example_says(alertdrill: CommandLine, tmp_path: Path) -> None:
    """In a copy of the example, `alertdrill run` finds every expectation met, in less than five minutes."""
    folder = tmp_path / "litellm"
    shutil.copytree(EXAMPLE, folder)
    give_port(folder / "alertdrill.toml")
    own = replace(
        alertdrill,
        environ={
            **alertdrill.environ,
            "LITELLM_MASTER_KEY": f"sk-{secrets.token_hex(16)}",
            "PATH": f"{install_gateway(EXAMPLE)}:{os.environ['PATH']}",
        },
    )
    out = folder / "alertdrill-out"
    arguments = ("run", "--project-file", str(folder / "alertdrill.toml"), "--out", str(out))

    def run(slower: Sequence[str]) -> Finished:
        return own.run(*arguments, *(SLOWER if slower else ()), timeout_s=2 * MACHINE_WITHIN_S)

    held = run_until_told(run, out)
    assert held.code == 0, held.said
    timeline = json.loads((out / "timeline.json").read_text())
    assert {verdict["outcome"] for verdict in timeline["verdicts"]} == {"met"}
    closed = [one for one in timeline["incidents"] if one["closed_s"] is not None]
    assert len(timeline["incidents"]) == len(closed) == 6
    assert timeline["until_s"] / timeline["speed"] < MACHINE_WITHIN_S
