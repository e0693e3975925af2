"""What promtool prints is read in full, and it is given neither time nor room without end."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from support.recorded import scrape

from alertdrill.errors import ComponentFailed, CouldNotTell
from alertdrill.recording.replay.answers import Answers, Complaint, read_answers, read_samples
from alertdrill.recording.replay.grid import Grid
from alertdrill.recording.replay.promtool import Question, Trial, run_trials, write_json


def write_tool(folder: Path, script: str) -> Path:
    """Return a program in promtool's place."""
    path = folder / "promtool"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def make_trial() -> Trial:
    """Return a trial with one question."""
    return Trial(
        rules='{"groups": []}',
        annotated="",
        groups=(),
        interval_ms=15_000,
        grid=Grid(start_ms=0, step_ms=15_000),
        end_ms=15_000,
        series=[scrape("x", [1, 2])],
        questions=[Question(expr="x", at_ms=15_000)],
    )


def test_samples_are_read_whatever_their_labels_say() -> None:
    """Quotes, braces, commas and escapes of Go's are part of a value; names may be quoted."""
    printed = r'{a="} 1, {b=\"c\"}", "d.e"="\u00fc\x7f\n\\"} 1.5E-03, {} NaN, {__name__="x"} -Inf'
    (first, _), (empty, nan), (named, infinite) = (
        (dict(labels), value) for labels, value in read_samples(printed)
    )
    assert first == {"a": '} 1, {b="c"}', "d.e": "ü\x7f\n\\"}
    assert (empty, math.isnan(nan)) == ({}, True)
    assert (named, infinite) == ({"__name__": "x"}, -math.inf)


@pytest.mark.parametrize("printed", ["{count:3, sum:2}", '{a="b"} {count:3}', '{a="b} 1', ""])
def test_what_is_no_number_is_complained_of(printed: str) -> None:
    """A native histogram, or something cut off, is not skipped."""
    with pytest.raises(Complaint):
        read_samples(printed)


def test_a_question_that_cannot_be_answered_is_told_from_one_with_nothing_to_say(tmp_path: Path) -> None:
    """The reason is kept, by the question's number."""
    said = tmp_path / "said"
    said.write_text('  FAILED:\n    expr: "x # 0.3", time: 1m, err: too much\n\n')
    answers = {0: Answers()}
    read_answers(said, answers)
    assert (answers[0].failed, answers[0].samples) == ({3: "too much"}, {})


def test_strings_are_written_as_yaml_reads_them() -> None:
    """JSON leaves some characters as they are that YAML wants escaped."""
    assert write_json("🔥ü\x7f\u2028\ufeff\n") == r'"🔥ü\u007f\u2028\ufeff\n"'


@pytest.mark.parametrize(("evaluations", "processes"), [(100, 1), (2000, 2)])
def test_only_what_takes_long_is_shared_out(
    evaluations: int, processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To start promtool once more takes longer than a few small trials do."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    trials = [replace(make_trial(), evaluations=evaluations)] * 3
    run_trials(write_tool(tmp_path, f"echo started >>{tmp_path}/log"), trials)
    assert (tmp_path / "log").read_text().splitlines() == ["started"] * processes


def test_a_promtool_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And that is said."""
    monkeypatch.setattr("alertdrill.recording.replay.promtool.ANSWER_WITHIN_S", -1.0)
    monkeypatch.setattr("alertdrill.recording.replay.promtool.LOOK_EVERY_S", 0.05)
    with pytest.raises(ComponentFailed, match="promtool did not come to an end"):
        run_trials(write_tool(tmp_path, "exec sleep 600"), [make_trial()])


def test_a_promtool_that_prints_without_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it prints is bounded."""
    monkeypatch.setattr("alertdrill.recording.replay.promtool.MAX_OUTPUT_BYTES", 10_000)
    monkeypatch.setattr("alertdrill.recording.replay.promtool.LOOK_EVERY_S", 0.05)
    with pytest.raises(CouldNotTell, match="promtool prints more than"):
        run_trials(write_tool(tmp_path, "exec yes"), [make_trial()])


def test_a_promtool_that_dies_is_named(tmp_path: Path) -> None:
    """Its answer so far is not taken."""
    with pytest.raises(ComponentFailed, match="promtool was ended by SIGKILL"):
        run_trials(write_tool(tmp_path, "kill -9 $$"), [make_trial()])


def test_a_promtool_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    """With the path."""
    with pytest.raises(ComponentFailed, match="promtool could not be started"):
        run_trials(tmp_path / "nowhere", [make_trial()])


def test_what_is_not_understood_is_not_taken_for_silence(tmp_path: Path) -> None:
    """A promtool that says something new is quoted."""
    with pytest.raises(Complaint, match="promtool cannot replay the rules: a new kind of trouble"):
        run_trials(write_tool(tmp_path, "echo a new kind of trouble; exit 1"), [make_trial()])
