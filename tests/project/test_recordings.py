"""The golden recordings: every drill has one, none is stale, and the rules as they stand pass on them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.both_generations import GENERATIONS, find_promtool
from support.whole_runs import METIS_RULES, ROOT, CommandLine

from alertdrill.cli.commands.run_replay import make_book
from alertdrill.recording.files import read_recording
from alertdrill.runner.golden.folder import FOLDER, find_path, read_manifest
from alertdrill.runner.golden.gate import judge_goldens
from alertdrill.runner.golden.staleness import digest_systems, list_stale
from alertdrill.runtime.binaries import Generation
from alertdrill.systems import find_systems
from alertdrill.systems.catalogue import list_drills, list_rules, override_values

RECORDINGS = ROOT / FOLDER
VALUES = override_values(())
DRILLS = list_drills(VALUES)
MAX_BYTES = 3 * 1024 * 1024


def test_no_recording_is_stale() -> None:
    """Recordings are of drills, gateway, surfaces, providers and scenarios as they are now."""
    stale = list_stale(read_manifest(RECORDINGS), DRILLS, digest_systems(find_systems()))
    said = [f"{name} {why}" for name, why in stale.items()]
    assert said == [], "`make record` renews the recordings"


def test_there_is_a_recording_of_each_drill_and_of_nothing_else() -> None:
    """Each drill has its file, and each file its drill."""
    files = {path.name for path in RECORDINGS.iterdir()}
    assert files == {"made.json", *(find_path(RECORDINGS, drill.name).name for drill in DRILLS)}


def test_recordings_are_small() -> None:
    """All of them together are a few megabytes at most, since they are committed."""
    assert sum(path.stat().st_size for path in RECORDINGS.iterdir()) < MAX_BYTES


@pytest.mark.parametrize("generation", GENERATIONS, ids=str)
def test_the_rules_pass_on_the_recordings(generation: Generation) -> None:
    """Every drill of the catalogue is as expected, but for its pages, with either generation's promtool."""
    record = judge_goldens(
        RECORDINGS, DRILLS, DRILLS, make_book(DRILLS, VALUES, ()), find_promtool(generation), 0.0
    )
    assert record.doubts == ()
    assert [
        (verdict.drill, finding.alert, finding.evidence)
        for verdict in record.verdicts
        for finding in verdict.findings
        if finding.outcome not in {"met", "unobserved"}
    ] == []


@pytest.mark.parametrize(
    ("before", "after", "drill", "alert"),
    [
        ("> 10\n", "> 1000\n", "metis-cost-fires", "MetisGatewayKeyCostSpike"),
        ("> 10\n", "> 5\n", "metis-cost-near-threshold", "MetisGatewayKeyCostSpike"),
        ("for: 10m", "for: 2h", "metis-cost-fires", "MetisGatewayKeyCostSpike"),
        (
            "metis_gateway_auth_failures_total",
            "metis_gateway_key_cost_usd_total",
            "metis-auth-fires",
            "MetisGatewayAuthFailureRateHigh",
        ),
    ],
)
def test_a_change_that_breaks_a_drill_fails_the_gate(
    alertdrill: CommandLine, tmp_path: Path, before: str, after: str, drill: str, alert: str
) -> None:
    """A threshold, a `for` or an expression that is wrong: exit 1, the drill and its alert named."""
    text = METIS_RULES.read_text()
    assert before in text
    rules = tmp_path / "rules.yml"
    rules.write_text(text.replace(before, after))
    finished = alertdrill.run_here(
        *("run", drill, "--replay", str(RECORDINGS), "--rules", str(rules), "--out", str(tmp_path / "out"))
    )
    assert finished.code == 1, finished.said
    verdicts = json.loads((tmp_path / "out" / "timeline.json").read_text())["verdicts"]
    unmet = {verdict["drill"]: verdict for verdict in verdicts if verdict["outcome"] == "unmet"}
    assert alert in {finding["alert"] for finding in unmet[drill]["findings"]}
    assert f"✗ {drill}" in finished.out or f"x {drill}" in finished.out


def test_a_recording_says_what_it_was_asked_for() -> None:
    """The rules of a drill's system read nothing that its recording was not asked for."""
    for drill in DRILLS:
        names = {rule.name for file in list_rules((drill,), VALUES) for rule in file.alerts}
        assert names
        assert "up" in read_recording(find_path(RECORDINGS, drill.name)).selectors
