"""Break one thing, and the run must notice: each break ends in exit code 1 and a finding that says what.

What becomes of a broken rule is read off the recording of its drill. What pages, and what a provider does, is
held on one stack, on which each drill has a break of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.whole_runs import METIS_RULES, ROOT, CommandLine, Finished, open_command_line

from alertdrill.runtime.binaries import Engines

RECORDINGS = ROOT / "scenarios" / "recordings"
AS_WRITTEN = ROOT / "harness" / "alertdrill" / "systems" / "inference" / "as_written.yml"
SEVERITY_RENAMED = "metis-auth-fires"
THRESHOLD_RAISED = "paging-warning"
ROUTED_TO_NOBODY = "paging-info"
DEAF = "inference-timeouts-one"
"""The provider of its model ignores what it is told."""
WITH_A_DEAF_PROVIDER = """
import sys
from typing import Any

from alertdrill.cli import main as cli
from alertdrill.stacks import embedded

plan = embedded.plan_processes


def plan_deaf(*arguments: Any) -> Any:
    plans = plan(*arguments)
    argv, env = plans["provider-openrouter"]
    at = argv.index("-m")
    plans["provider-openrouter"] = ([*argv[:at], {deaf!r}, *argv[at + 2 :]], env)
    return plans


embedded.plan_processes = plan_deaf
cli.main()
"""
DEAF_PROVIDER = """
import sys
from stub_providers import __main__, behaviour

behaviour.Engine.tell = lambda self, *arguments, **named: None
sys.argv[0] = "stub_providers"
__main__.main()
"""
NOBODY_IS_TOLD_OF_INFO = """
route:
  receiver: unrouted
  group_by: ['...']
  group_wait: 30s
  group_interval: 1m
  routes:
    - {receiver: nobody, matchers: [edition="paging", severity="info"]}
    - {receiver: metis-ticket, matchers: [system="metis", severity="warning"]}
receivers:
  - {name: nobody}
  - {name: unrouted, webhook_configs: [{url: "http://x.example/"}]}
  - {name: metis-ticket, slack_configs: [{api_url: "http://x.example/", channel: x}]}
"""


def break_rules(folder: Path, rules: Path, change: Callable[[str], str]) -> Path:
    """Write a system's rules with a change that must be one."""
    before = rules.read_text()
    changed = change(before)
    assert changed != before
    path = folder / f"{rules.parent.name}-{rules.name}"
    path.write_text(changed)
    return path


def find_broken(out: Path) -> Iterator[dict[str, Any]]:
    """Yield the findings of a run's timeline.json that are not met, with their drill."""
    for verdict in json.loads((out / "timeline.json").read_text())["verdicts"]:
        for finding in verdict["findings"]:
            if finding["outcome"] not in ("met", "unobserved"):
                yield {"drill": verdict["drill"], **finding}


@pytest.mark.parametrize(
    ("change", "outcomes", "evidence"),
    [
        (lambda rules: rules.replace("> 0.1\n", "> 1\n"), ["missing"], "never fired"),
        (
            lambda rules: rules.replace("system: metis", "sistem: metis"),
            ["missing", "unexpected"],
            "never fired",
        ),
        (
            lambda rules: rules.replace("for: 5m", "for: 1d"),
            ["missing"],
            "never fired, though it was pending",
        ),
    ],
    ids=["threshold-raised-tenfold", "label-renamed", "for-of-a-day"],
)
def test_a_broken_rule_is_noticed_on_a_recording(
    alertdrill: CommandLine, tmp_path: Path, change: Callable[[str], str], outcomes: list[str], evidence: str
) -> None:
    """A rule that no longer fires, or says so of something else, fails its drill; as it is, it does not."""
    run = ("run", SEVERITY_RENAMED, "--replay", str(RECORDINGS), "--out", str(tmp_path / "out"))
    assert alertdrill.run_here(*run).code == 0
    rules = break_rules(tmp_path, METIS_RULES, change)
    finished = alertdrill.run_here(*run, "--rules", str(rules))
    assert finished.code == 1, finished.said
    assert [finding["outcome"] for finding in find_broken(tmp_path / "out")] == outcomes
    assert evidence in " ".join(finished.out.split())
    assert alertdrill.list_leftovers() == []


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A run that is over, with everything broken in it at once."""

    finished: Finished
    findings: tuple[dict[str, Any], ...]


@pytest.fixture(scope="module")
def broken(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Broken:
    """Hold four drills, each with a break of its own, and the run to leaving nothing behind."""
    folder = tmp_path_factory.mktemp("broken")
    deaf, program = folder / "deaf_provider.py", folder / "with_a_deaf_provider.py"
    deaf.write_text(DEAF_PROVIDER)
    program.write_text(WITH_A_DEAF_PROVIDER.replace("{deaf!r}", repr(str(deaf))))
    config = folder / "alertmanager.yml"
    config.write_text(NOBODY_IS_TOLD_OF_INFO)
    rules = (
        break_rules(folder, METIS_RULES, lambda text: text.replace("severity: warning", "level: warning")),
        # The first threshold of its kind is the warning's.
        break_rules(
            folder, METIS_RULES.with_name("paging.yml"), lambda text: text.replace("> 0.5", "> 5", 1)
        ),
        AS_WRITTEN,
        AS_WRITTEN.with_name("rules.yml"),
    )
    with open_command_line(engines) as command:
        finished = replace(command, program=(str(program),)).run_until_told(
            *("run", SEVERITY_RENAMED, THRESHOLD_RAISED, ROUTED_TO_NOBODY, DEAF, "--speed", "60"),
            *(argument for path in rules for argument in ("--rules", str(path))),
            *("--alertmanager-config", str(config)),
            out=folder / "out",
        )
        assert command.list_leftovers() == []
    return Broken(finished=finished, findings=tuple(find_broken(folder / "out")))


def test_the_run_fails(broken: Broken) -> None:
    """One break is enough for exit code 1, and here all are noticed."""
    assert broken.finished.code == 1, broken.finished.said


@pytest.mark.parametrize(
    ("drill", "alert", "outcome", "evidence"),
    [
        pytest.param(
            SEVERITY_RENAMED,
            "MetisGatewayAuthFailureRateHigh",
            "mismatched",
            "paged unrouted",
            id="severity-renamed",
        ),
        pytest.param(
            THRESHOLD_RAISED,
            "MetisSpendWarning",
            "missing",
            "never fired; the rule's value reached",
            id="threshold-raised-tenfold",
        ),
        pytest.param(
            ROUTED_TO_NOBODY, "MetisSpendInfo", "missing", "but no page arrived", id="route-removed"
        ),
        pytest.param(
            DEAF,
            "InferenceTimeoutSpikeAsWritten",
            "missing",
            "never fired; the rule's value reached",
            id="provider-is-deaf",
        ),
    ],
)
def test_a_break_is_noticed(broken: Broken, drill: str, alert: str, outcome: str, evidence: str) -> None:
    """A label that routes, a threshold, a receiver, a provider that does not do what it is told."""
    (finding,) = (one for one in broken.findings if (one["drill"], one["alert"]) == (drill, alert))
    assert finding["outcome"] == outcome
    assert evidence in finding["evidence"]
    assert finding["evidence"] in " ".join(broken.finished.out.split())
