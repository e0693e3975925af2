"""A system of the house, held as a stranger would: its folder is a pack, the reference gateway the target."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from support.own_project import hold, read_timeline
from support.whole_runs import CommandLine, Finished, run_until_told

from alertdrill.core.parts import PROVIDERS
from alertdrill.runtime.free_ports import find_free_ports
from alertdrill.systems import find_own

pytestmark = pytest.mark.long

DRILL = "metis-auth-fires"
MISSPELT = """\
drills:
  - name: misspelt
    why: A value of a label is misspelt, so that the alert is silent whatever happens.
    expect:
      - {alert: MetisLLMErrorRateHigh, labels: {provider: opneai}, blind: true}
    lasts: 1m
"""


def write_project(folder: Path) -> None:
    """Write the project of Metis on a reference gateway of its own, which runs in wall time here.

    The folder is somebody's copy, with a shorter window for the costs: what a quiet lead is as long as.
    """
    (system,) = (one for one in find_own() if one.name == "metis")
    pack = folder / "metis"
    shutil.copytree(system.folder, pack)
    values = (pack / "values.yml").read_text()
    assert values.count("window: 1h") == 1
    (pack / "values.yml").write_text(values.replace("window: 1h", "window: 20m"))
    (gateway,) = find_free_ports(1)
    config = {
        "speed": 1,
        "data_dir": str(folder / "data"),
        "providers": dict.fromkeys(PROVIDERS, "http://127.0.0.1:1"),
    }
    (folder / "data").mkdir()
    (folder / "gateway.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "alertdrill.gateway", "--config", "gateway.json"]
    (folder / "alertdrill.toml").write_text(
        f"""\
name = "metis"
packs = ["metis"]
drills = ["misspelt.yml"]

[target]
url = "http://127.0.0.1:{gateway}"
ready = "/healthz"
command = {json.dumps([*command, "--listen", f"127.0.0.1:{gateway}"])}
env = {{ALERTDRILL_ADMIN_TOKEN = "nobody-asks-with-it", ALERTDRILL_PROVIDER_KEY = "nobody-is-called"}}

[[scrape]]
job = "{system.job}"
path = "{system.metrics_path}"
"""
    )
    (folder / "misspelt.yml").write_text(MISSPELT)


def test_a_house_system_is_drilled_as_a_strangers_project(alertdrill: CommandLine, tmp_path: Path) -> None:
    """Its alert fires, pages and resolves as in the house's run; a misspelt blind rule is doubted."""
    write_project(tmp_path)

    def run(slower: Sequence[str]) -> Finished:
        finished = hold(alertdrill, tmp_path, DRILL, "misspelt", *(slower or ("--speed", "60")))
        # That one of them cannot be judged is what is asked here, and no reason to hold them again.
        return replace(finished, out=finished.out.replace("1 of 2 drills could not be judged", ""))

    held = run_until_told(run, tmp_path / "out")
    timeline = read_timeline(tmp_path)
    verdicts = {one["drill"]: one for one in timeline["verdicts"]}
    assert {name: one["outcome"] for name, one in verdicts.items()} == {
        DRILL: "met",
        "misspelt": "unobserved",
    }
    (finding,) = verdicts["misspelt"]["findings"]
    assert finding["doubt"] == 'no series in the run has provider="opneai", so no alert could have it'
    (incident,) = timeline["incidents"]
    assert incident["receiver"] == "metis-ticket"
    assert held.code == 3, held.said
