"""`alertdrill mutate` on the house: drills that are named, and rules that are given."""

from __future__ import annotations

import json
from pathlib import Path

from support.stranger import DRILLS, PROJECT, write_hour
from support.stranger import RULES as OWN_RULES
from support.whole_runs import ROOT, CommandLine

RULES = ROOT / "harness" / "alertdrill" / "systems" / "metis" / "rules.yml"
NAMED = ("metis-auth-fires", "metis-auth-near-threshold")
ALERT = "MetisGatewayAuthFailureRateHigh"


def test_drills_that_are_named_judge_the_mutants_of_their_alerts(
    alertdrill: CommandLine, tmp_path: Path
) -> None:
    """Of no other alert is there a mutant, and the report has all that there are."""
    out = tmp_path / "out"
    finished = alertdrill.run_here("mutate", *NAMED, "--min-score", "50", "--out", str(out), folder=ROOT)
    assert finished.code == 0, finished.err
    document = json.loads((out / "mutation.json").read_text())
    (file,) = document["files"].values()
    assert {mutant["id"].split("/")[1] for mutant in file["mutants"]} == {ALERT}
    assert {name for mutant in file["mutants"] for name in mutant.get("killedBy", ())} == {
        f"metis/{name}" for name in NAMED
    }
    assert f"{len(file['mutants'])} mutants: " in finished.out


def test_rules_that_are_given_are_made_wrong(alertdrill: CommandLine, tmp_path: Path) -> None:
    """With the line of the file that was given; a drill that they do not meet is left out, and named."""
    text = RULES.read_text().replace(
        "metis_gateway_auth_failures_total[5m])) > 0.1", "metis_gateway_auth_failures_total[5m])) > 0.09"
    )
    assert text != RULES.read_text()
    path = tmp_path / "own.yml"
    path.write_text(text)
    command = ("mutate", *NAMED, "--rules", str(path), "--min-score", "0")
    finished = alertdrill.run_here(*command, folder=ROOT)
    assert finished.code == 0, finished.err
    assert "own.yml:" in finished.out
    assert "> 0.09 becomes > 0.18" in finished.out
    assert "left out: metis-auth-near-threshold: " in finished.err


def test_rules_that_meet_no_drill_have_no_score(alertdrill: CommandLine, tmp_path: Path) -> None:
    """Such drills would kill every mutant."""
    path = tmp_path / "own.yml"
    path.write_text(RULES.read_text().replace("> 0.1\n", "> 100\n"))
    finished = alertdrill.run_here("mutate", NAMED[0], "--rules", str(path), folder=ROOT)
    assert finished.code == 2
    assert "the rules as they are meet none of the drills: metis-auth-fires: " in finished.err


def test_a_project_is_judged_on_a_recording_of_each_drill(alertdrill: CommandLine, tmp_path: Path) -> None:
    """As pytest's --alertdrill-replay finds them; a drill that is not met, or not recorded, is left out."""
    (tmp_path / "drills").mkdir()
    for name, text in (("alertdrill.toml", PROJECT), ("rules.yml", OWN_RULES), ("drills/own.yml", DRILLS)):
        (tmp_path / name).write_text(text)
    write_hour(tmp_path / "recordings" / "deep.om.gz")
    write_hour(tmp_path / "recordings" / "late.om.gz", deep_from_s=900)
    command = ("mutate", "--recordings", "recordings", "--min-score", "0")
    finished = alertdrill.run_here(*command, folder=tmp_path)
    assert finished.code == 0, finished.err
    assert "left out: near: recordings/near.om.gz: is not there" in finished.err
    assert "left out: late: Deep: " in finished.err
    assert "rules.yml:4: Deep: > 100 becomes > 110" in finished.out
    assert "no drill is about Low" in finished.out


def test_a_project_has_no_systems(alertdrill: CommandLine, tmp_path: Path) -> None:
    """Who names both is told so."""
    (tmp_path / "alertdrill.toml").write_text(PROJECT)
    command = ("mutate", "--project-file", "alertdrill.toml", "--system", "metis")
    finished = alertdrill.run_here(*command, folder=tmp_path)
    assert (finished.code, finished.err) == (
        2,
        "alertdrill: --system is not for the rules of a project (--project-file)\n",
    )
