"""Which share of mistakes drills notice, as the report has it of `alertdrill mutate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.report_documents import read_document
from support.report_records import build_record

from alertdrill.reports import html
from alertdrill.reports.mutation_scores import read_scores


def write(out: Path, *mutants: tuple[str, str]) -> None:
    """Write what is read of mutation.json: (description, status) of each mutant, in two files."""
    documents: list[dict[str, Any]] = [{"description": says, "status": status} for says, status in mutants]
    files = {"a.yml": {"mutants": documents[::2]}, "b.yml": {"mutants": documents[1::2]}}
    (out / "mutation.json").write_text(json.dumps({"schemaVersion": "2.0", "files": files}))


def test_a_score_counts_what_drills_notice_and_what_they_miss(tmp_path: Path) -> None:
    """A mutant that nobody could tell about, or that is no mistake, counts for nothing."""
    one = [("One: > is <", status) for status in ("Killed", "Killed", "Survived", "Ignored", "RuntimeError")]
    write(tmp_path, *one, ("One: for is 0", "NoCoverage"), ("Two: > is <", "Killed"), ("Three: x", "Ignored"))
    assert read_scores(tmp_path) == {"One": 50.0, "Two": 100.0}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": []}', '{"files": {"a": {"mutants": [7]}}}'])
def test_what_cannot_be_read_stops_no_report(tmp_path: Path, text: str) -> None:
    """It is as if it were not there; nor does a folder that is not there."""
    (tmp_path / "mutation.json").write_text(text)
    assert read_scores(tmp_path) == {}
    assert read_scores(tmp_path / "nowhere") == {}


def test_the_matrix_has_the_score() -> None:
    """Whole percent, so that 99.9 is no hundred; an alert of which none is known has none."""
    rows = read_document(html.render(build_record(), (), {"MetisLLMErrorRateHigh": 99.9}))["matrix"]["rows"]
    scores = {row["alert"]: row["score"] for row in rows}
    assert scores.pop("MetisLLMErrorRateHigh") == 99
    assert set(scores.values()) == {None}
