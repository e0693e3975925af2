"""Break one thing, and the run must notice: each break ends in exit code 1 and a finding that says what."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from whole_runs import METIS_RULES, CommandLine, hold_until_told, make_order

from harness.catalogue import list_drills, override_values
from harness.engines import Engines
from harness.stacks import embedded

DRILLS = tuple(drill for drill in list_drills(override_values(())) if drill.system == "metis")
DEAF_PROVIDER = """
import sys
from stub_providers import __main__, behaviour

behaviour.Engine.tell = lambda self, *arguments, **named: None
sys.argv[0] = "stub_providers"
__main__.main()
"""


def break_rules(folder: Path, change: Callable[[str], str]) -> Path:
    """Write Metis's rules with a change that must be one."""
    rules = METIS_RULES.read_text()
    changed = change(rules)
    assert changed != rules
    path = folder / "rules.yml"
    path.write_text(changed)
    return path


def list_findings(out: Path) -> Iterator[dict[str, Any]]:
    """Yield the findings of a run's timeline.json that are not met, with their drill."""
    for verdict in json.loads((out / "timeline.json").read_text())["verdicts"]:
        for finding in verdict["findings"]:
            if finding["outcome"] != "met":
                yield {"drill": verdict["drill"], **finding}


@pytest.mark.parametrize(
    ("change", "outcome", "evidence"),
    [
        (lambda rules: rules.replace("> 0.1\n", "> 1\n"), "missing", "never fired; the rule's value reached"),
        (lambda rules: rules.replace("system: metis", "sistem: metis"), "missing", "never fired"),
        (lambda rules: rules.replace("severity: warning", "level: warning"), "mismatched", "paged unrouted"),
        (lambda rules: rules.replace("for: 5m", "for: 1d"), "missing", "never fired, though it was pending"),
    ],
    ids=["threshold-raised-tenfold", "label-renamed", "severity-renamed", "for-of-a-day"],
)
def test_a_broken_rule_is_noticed(
    alertdrill: CommandLine, tmp_path: Path, change: Callable[[str], str], outcome: str, evidence: str
) -> None:
    """A rule that no longer fires, or no longer says whom to page, fails its drill."""
    rules = break_rules(tmp_path, change)
    run = ("run", "metis-auth-fires", "--speed", "60", "--rules", str(rules))
    finished = alertdrill.run_until_told(*run, out=tmp_path / "out")
    assert finished.code == 1, finished.err
    findings = [
        finding for finding in list_findings(tmp_path / "out") if finding["drill"] == "metis-auth-fires"
    ]
    assert [finding["outcome"] for finding in findings] == [outcome]
    assert evidence in finished.out.replace("\n", " ").replace("  ", " ")
    assert alertdrill.list_leftovers() == []


def test_a_removed_route_is_noticed(alertdrill: CommandLine, tmp_path: Path) -> None:
    """An alert that fires and reaches nobody is not a met expectation."""
    config = tmp_path / "alertmanager.yml"
    config.write_text(
        "route: {receiver: nobody, group_by: ['...'], group_wait: 30s, group_interval: 1m}\n"
        "receivers: [{name: nobody}]\n"
    )
    run = ("run", "metis-auth-fires", "--speed", "60", "--alertmanager-config", str(config))
    finished = alertdrill.run_until_told(*run, out=tmp_path / "out")
    assert finished.code == 1, finished.err
    assert "but no page arrived" in finished.out.replace("\n", " ")


def test_a_provider_that_does_not_fail_when_told_to_is_noticed(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the provider ignores what it is told, the alert does not fire and the drill is not met."""
    deaf = tmp_path / "deaf_provider.py"
    deaf.write_text(DEAF_PROVIDER)
    plan = embedded.plan_processes

    def plan_deaf(*arguments: Any) -> Any:
        plans = plan(*arguments)
        argv, env = plans["provider-openai"]
        at = argv.index("-m")
        plans["provider-openai"] = ([*argv[:at], str(deaf), *argv[at + 2 :]], env)
        return plans

    monkeypatch.setattr(embedded, "plan_processes", plan_deaf)
    drills = tuple(drill for drill in DRILLS if drill.name == "metis-latency-fires")
    record = hold_until_told(make_order(drills, engines, tmp_path / "out", speed=60))
    assert record.exit_code == 1
    (finding,) = record.verdicts[0].findings
    assert finding.outcome == "missing"
    assert "never fired; the rule's value reached" in finding.evidence
