"""Tests of scrape targets that drills take out of Prometheus's configuration."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from alertdrill.core.drill import Drill, Fault, Outage
from alertdrill.errors import BadInput
from alertdrill.runtime.binaries import Engines
from alertdrill.stacks.configs import PROMETHEUS_CONFIG
from alertdrill.stacks.embedded import EmbeddedSite
from alertdrill.stacks.local_stack import LocalStack

JOBS = {"scrapes:metis": "metis-gateway", "scrapes:mana_llm": "mana-llm"}


@pytest.mark.parametrize(
    ("part", "how", "said"),
    [
        ("scrapes:mana_llm", "unlist", None),
        ("gateway", "unlist", "what can be unlisted: scrapes:"),
        ("scrapes:mana_llm", "kill", "can be unlisted, and not put out by 'kill'"),
        ("gateway", "kill", None),
    ],
)
def test_scrape_targets_and_nothing_else_are_unlisted(
    engines: Engines, part: str, how: Fault, said: str | None
) -> None:
    """What cannot be done is said before anything is started."""
    outage = Outage(part=part, at_s=60, for_s=60, how=how)
    drill = Drill(name="a", system="metis", traffic=(), expects=(), why="", lasts_s=600, outages=(outage,))
    obstacle = EmbeddedSite(engines=engines, ports={}).find_obstacle(drill)
    assert obstacle is None if said is None else said in str(obstacle)


def test_targets_leave_the_configuration_and_come_back_each_for_itself(tmp_path: Path) -> None:
    """Two that are out at once do not bring each other back, and in the end the file is as it was."""
    path = tmp_path / PROMETHEUS_CONFIG
    path.write_text(json.dumps({"scrape_configs": [{"job_name": job} for job in JOBS.values()]}, indent=2))
    before, read = path.read_text(), []

    def list_jobs() -> list[str]:
        return [one["job_name"] for one in json.loads(path.read_text())["scrape_configs"]]

    prometheus: Any = SimpleNamespace(reload=lambda: read.append(list_jobs()))
    endpoints: Any = None
    stack = LocalStack(endpoints, {}, {"prometheus": lambda: prometheus}, tmp_path, JOBS)
    stack.start("prometheus")
    for part in JOBS:
        stack.begin_outage(part, "unlist")
    for part in JOBS:
        stack.end_outage(part, "unlist")
    assert read == [["mana-llm"], [], ["metis-gateway"], ["metis-gateway", "mana-llm"]]
    assert path.read_text() == before
    with pytest.raises(BadInput, match="scrapes:metis, scrapes:mana_llm"):
        stack.begin_outage("scrapes:nobody", "unlist")
