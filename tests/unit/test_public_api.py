"""What `alertdrill` itself offers: enough to write a drill and judge a recording, and no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.whole_runs import METIS_RULES, ROOT

import alertdrill
from alertdrill import (
    BadInput,
    Drill,
    Expectation,
    LoadProfile,
    LoadStage,
    NearMiss,
    judge_recorded,
)
from alertdrill.runner.golden.folder import read_manifest

FOLDER = ROOT / "scenarios" / "recordings"
RECORDING = FOLDER / "metis-auth-near-threshold.om.gz"
START_S = read_manifest(FOLDER).drills["metis-auth-near-threshold"].start_s
NEAR = NearMiss(
    alert="MetisGatewayAuthFailureRateHigh", labels={"system": "metis"}, reaches=0.85, pending=False
)
SCAN = Drill(
    name="scan",
    system="metis",
    why="Somebody tries keys, and not quite often enough.",
    traffic=(
        LoadProfile(
            name="scan",
            scenario="auth_scan",
            start_s=0,
            stages=(LoadStage(duration_s=660, rate_per_s=0.09),),
        ),
    ),
    expects=(NEAR,),
    lasts_s=970,
)


def test_a_drill_is_written_and_judged_with_the_public_names() -> None:
    """The recording comes as near as the drill says, and stays silent."""
    verdict = judge_recorded(SCAN, RECORDING, [METIS_RULES], start_s=START_S)
    assert (verdict.outcome, [finding.outcome for finding in verdict.findings]) == ("met", ["met"])


def test_what_a_recording_does_not_show_is_unmet() -> None:
    """It never reaches the threshold, and so never fires."""
    fires = Expectation(
        alert=NEAR.alert, labels=NEAR.labels, fires_within_s=900, receiver="oncall", resolves_within_s=960
    )
    nearer = replace(NEAR, reaches=0.99)
    verdict = judge_recorded(
        replace(SCAN, expects=(fires, nearer)), RECORDING, [METIS_RULES], start_s=START_S
    )
    assert [finding.outcome for finding in verdict.findings] == ["missing", "missing"]


def test_a_recording_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    """What cannot be read is said as on the command line, in a sentence."""
    with pytest.raises(BadInput, match=r"absent\.om"):
        judge_recorded(SCAN, tmp_path / "absent.om", [METIS_RULES])


def test_every_public_name_is_there_and_no_other() -> None:
    """Names are imported when they are asked for, so each is asked for once."""
    assert all(getattr(alertdrill, name).__doc__ for name in alertdrill.__all__)
    assert set(alertdrill.__all__) == {name for names in alertdrill._WHERE.values() for name in names}
    with pytest.raises(AttributeError, match="nobody"):
        getattr(alertdrill, "nobody")  # noqa: B009 - mypy knows that it is not there
