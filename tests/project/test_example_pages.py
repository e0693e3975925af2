"""The examples' Alertmanager configs: every alert pages, as `alertdrill page --all` proves of anybody's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.example_projects import EXAMPLES
from support.whole_runs import CommandLine

CONFIGS = sorted(EXAMPLES.rglob("alertmanager*.yml"))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.parent.name)
def test_every_alert_of_an_example_pages(config: Path, alertdrill: CommandLine) -> None:
    """Each is delivered and closed at the receivers of its route, by what the README says is typed."""
    given = ("--rules", "rules.yml", "--alertmanager-config", config.name)
    paged = alertdrill.run_here("page", "--all", *given, "--json", folder=config.parent)
    assert paged.code == 0, paged.err
    rows = json.loads(paged.out)["alerts"]
    assert rows
    assert {row["outcome"] for row in rows} == {"paged"}
    assert f"$ alertdrill page --all {' '.join(given)}\n" in (config.parent / "README.md").read_text()


def test_there_are_examples_with_routes() -> None:
    """Nothing to prove is no proof."""
    assert CONFIGS
