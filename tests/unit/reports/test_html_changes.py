"""What a report says has changed since the runs before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.report_records import build_record

from alertdrill.core.verdict import Verdict
from alertdrill.reports import RunRecord, history, timeline_json
from alertdrill.reports.history import keep_run, read_earlier, read_known, read_out
from alertdrill.reports.html.changes import compare_runs
from alertdrill.runtime.reading import read_bytes


def write(record: RunRecord) -> dict[str, Any]:
    """Return a run as its timeline.json states it."""
    document: dict[str, Any] = json.loads(timeline_json.render(record))
    return document


def change(record: RunRecord, drill: str, **changes: Any) -> RunRecord:
    """Return the run with the first finding of a drill changed."""
    verdicts = tuple(
        replace(one, findings=(replace(one.findings[0], **changes),)) if one.drill == drill else one
        for one in record.verdicts
    )
    return replace(record, verdicts=verdicts)


def find(record: RunRecord, outcome: str, hop: str = "") -> Verdict:
    """Return the first drill with this outcome, which saw this hop."""
    return next(
        one
        for one in record.verdicts
        if one.outcome == outcome and one.findings and (not hop or hop in one.findings[0].observed)
    )


def test_the_same_run_has_changed_nothing() -> None:
    """What did not change is not said."""
    document = write(build_record())
    assert compare_runs(document, [document]) == []
    assert compare_runs(document, []) == []


def test_a_new_failure_comes_first_and_what_is_fixed_last() -> None:
    """The newest earlier run that held a drill counts for it."""
    record = build_record()
    met, unmet = find(record, "met").drill, find(record, "unmet").drill
    now = change(change(record, met, outcome="missing"), unmet, outcome="met")
    assert compare_runs(write(now), [write(record), write(now)]) == [
        {"kind": "failed", "drill": met, "says": "was met, is not met now"},
        {"kind": "fixed", "drill": unmet, "says": "was not met, is met now"},
    ]


def test_a_later_page_is_said_without_what_was_suppressed() -> None:
    """A minute more from firing to page is; one evaluation more is not."""
    record = build_record()
    verdict = find(record, "met", "paged")
    observed = dict(verdict.findings[0].observed)
    slow = change(record, verdict.drill, observed={**observed, "paged": observed["paged"] + 60})
    (said,) = compare_runs(write(slow), [write(record)])
    assert (said["kind"], said["drill"]) == ("later", verdict.drill)
    assert said["says"] == "paged 1:41 after it fired, 0:41 before"
    hair = change(record, verdict.drill, observed={**observed, "paged": observed["paged"] + 15})
    assert compare_runs(write(hair), [write(record)]) == []


def test_a_margin_that_shrank_is_said() -> None:
    """A near miss that came nearer to its threshold is; one that kept its distance is not."""
    record = build_record()
    drill = next(
        one.drill
        for one in record.verdicts
        if one.findings
        and "reaches" in write(replace(record, verdicts=(one,)))["verdicts"][0]["findings"][0]["expected"]
    )
    said = "silent; the rule's value reached {}% of its threshold"
    before, near, nearer = (change(record, drill, evidence=said.format(share)) for share in (80, 82, 92))
    assert compare_runs(write(near), [write(before)]) == []
    assert compare_runs(write(nearer), [write(before)]) == [
        {"kind": "shrank", "drill": drill, "says": "reached 92% of its threshold, 80% before"}
    ]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": 1}', '{"schema": 1, "verdicts": [{"drill": 7}]}']
)
def test_a_file_that_is_no_timeline_stops_no_report(tmp_path: Path, text: str) -> None:
    """It is as if it were not there; nor does a folder that is not there."""
    (tmp_path / "timeline.json").write_text(text)
    assert read_earlier(tmp_path, "embedded") == []
    assert read_earlier(tmp_path / "nowhere", "embedded") == []


def test_earlier_runs_are_read_newest_first_without_doubted_ones(tmp_path: Path) -> None:
    """What stands in the folder itself is the newest; runs of another mode are no measure."""
    record = build_record()
    mode = record.timeline.mode
    older = replace(record, started_at=record.started_at.replace(year=2024))
    doubted = replace(record, started_at=record.started_at.replace(year=2025, month=1), doubts=("late",))
    for one in (older, doubted):
        keep_run(tmp_path, timeline_json.render(one), one.started_at)
    (tmp_path / "timeline.json").write_text(timeline_json.render(record))
    starts = [document["started_at"][:4] for document in read_earlier(tmp_path, mode)]
    assert starts == [str(record.started_at.year), "2024"]
    assert read_earlier(tmp_path, "replay") == []


def test_each_timeline_of_the_history_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For what changed and for the metrics alike; both are what they are when they are read alone."""
    record = build_record()
    mode = record.timeline.mode
    for year in (2023, 2024):
        older = replace(record, started_at=record.started_at.replace(year=year))
        keep_run(tmp_path, timeline_json.render(older), older.started_at)
    (tmp_path / "timeline.json").write_text(timeline_json.render(record))
    alone = read_earlier(tmp_path, mode), read_out(tmp_path)
    read: list[Path] = []

    def count(path: Path, most: int) -> bytes:
        read.append(path)
        return read_bytes(path, most)

    monkeypatch.setattr(history, "read_bytes", count)
    known = read_known(tmp_path, mode)
    assert known.documents == alone[0]
    assert {run.started_at for run in known.runs} == {run.started_at for run in alone[1]}
    assert len(known.runs) == 3
    assert len(read) == len(set(read)) == 3
    (tmp_path / "timeline.json").write_text("{}")
    broken = read_known(tmp_path, mode)
    assert broken.runs == ()
    assert broken.trouble.endswith("timeline.json: is not a timeline of schema 1")
    assert [document["started_at"][:4] for document in broken.documents] == ["2024", "2023"]
