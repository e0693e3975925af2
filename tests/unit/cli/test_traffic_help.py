"""What the help of `alertdrill traffic` says of scenarios."""

from __future__ import annotations

import re

from alertdrill.cli.commands.traffic import traffic
from alertdrill.places import SCENARIOS
from alertdrill.runner.scenario_files import list_shipped

NEVER = re.compile(r'def find_needs\(.*\n +""".*"""\n +return "')
"""How a scenario says that it needs the reference gateway whatever its options are."""


def test_the_scenarios_that_any_gateway_takes_are_named() -> None:
    """All of them, and none of the others."""
    everywhere = {name for name in list_shipped() if not NEVER.search((SCENARIOS / f"{name}.py").read_text())}
    named, _, _ = (traffic.help or "").partition("SCENARIO is ")[2].partition(", or the path")
    assert set(re.findall(r"\w+", named)) - {"or"} == everywhere
