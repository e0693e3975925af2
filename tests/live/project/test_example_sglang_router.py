"""The example for SGLang's router, held on the router itself."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.drill_subset import HOLDS_EVERY
from support.example_projects import EXAMPLES, install_gateway
from support.whole_runs import CommandLine, Finished, run_until_told

from alertdrill.runtime.free_ports import find_free_ports

pytestmark = pytest.mark.alone  # as test_example_litellm.py

EXAMPLE = EXAMPLES / "sglang-router"
PORTS = ("30000", "29000", "30001", "30002")
"""What the example listens at: the router, its metrics, and both workers, which alerts name."""
MACHINE_WITHIN_S = 180
SLOWER = ("--speed", "15")
"""Half of what the example states: how it is held again where the machine did not keep the clock."""


def give_ports(folder: Path) -> None:
    """Let the example listen where nobody else does."""
    changed = dict(zip(PORTS, map(str, find_free_ports(len(PORTS))), strict=True))
    for path in (folder / "alertdrill.toml", folder / "drills" / "fires.yml"):
        path.write_text(re.sub("|".join(PORTS), lambda found: changed[found[0]], path.read_text()))


@pytest.mark.network
@pytest.mark.skipif(
    "CI" not in os.environ and not HOLDS_EVERY, reason="holds SGLang's router itself: EVERY=1"
)
def test_the_router_is_drilled_as_the_example_says(alertdrill: CommandLine, tmp_path: Path) -> None:
    """In a copy of the example, `alertdrill run` finds every expectation met, in less than three minutes."""
    folder = tmp_path / "sglang-router"
    shutil.copytree(EXAMPLE, folder)
    give_ports(folder)
    own = replace(
        alertdrill,
        environ={**alertdrill.environ, "PATH": f"{install_gateway(EXAMPLE)}:{os.environ['PATH']}"},
    )
    out = folder / "alertdrill-out"
    arguments = ("run", "--project-file", str(folder / "alertdrill.toml"), "--out", str(out))

    def run(slower: Sequence[str]) -> Finished:
        return own.run(*arguments, *(SLOWER if slower else ()), timeout_s=4 * MACHINE_WITHIN_S)

    held = run_until_told(run, out)
    assert held.code == 0, held.said
    timeline = json.loads((out / "timeline.json").read_text())
    assert {verdict["outcome"] for verdict in timeline["verdicts"]} == {"met"}
    closed = [one for one in timeline["incidents"] if one["closed_s"] is not None]
    assert len(timeline["incidents"]) == len(closed) == 15
    if timeline["speed"] == 30:
        assert timeline["until_s"] / timeline["speed"] < MACHINE_WITHIN_S
