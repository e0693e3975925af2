"""promtool's rule tester, asked what rules do: many trials at once, bounded in time and in what it says.

A trial is a test group: series, rules and questions. A question is an expression whose value promtool is told
to be nothing, so that it prints the value in full wherever there is one.
Format: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from alertdrill.errors import ComponentFailed, CouldNotTell
from alertdrill.recording.recording import RecordedSeries
from alertdrill.recording.replay.answers import Answers, Complaint, read_answers
from alertdrill.recording.replay.grid import Grid
from alertdrill.recording.replay.notation import write_series, write_values
from alertdrill.runtime.files import naming, open_own, write_own
from alertdrill.runtime.process import Process, start
from alertdrill.runtime.scratch import scratch_folder

MAX_OUTPUT_BYTES = 512 * 1024 * 1024
ANSWER_WITHIN_S = 120.0
"""How long promtool may take in any case; and for each item and each evaluation of a rule that much more."""
S_PER_ITEM = 5e-6
S_PER_EVALUATION = 2e-3
WORTH_A_PROCESS_S = 2.0
"""So much by these bounds is a tenth of a second in fact; starting promtool takes half of that."""
LOOK_EVERY_S = 0.5
KEPT_LOG_BYTES = 1024 * 1024

COLLECT_LATE = {"GOGC": "400"}
"""Collecting garbage is a quarter of what promtool does; with this it is a tenth, in twice the memory."""

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


class PromtoolBroke(ComponentFailed):
    """promtool was killed, or did not come to an end; `log` is the end of what it had said by then."""

    def __init__(self, message: str, *, log: bytes) -> None:
        super().__init__(message)
        self.log = log


class TookTooLong(PromtoolBroke):
    """promtool did not come to an end in its time, and was ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: the value of an expression at an instant."""

    expr: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertQuestion:
    """What is asked: labels and annotations of an alert's firing instances at an instant."""

    alert: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Rules to be evaluated every `interval_ms` from the grid's start until `end_ms` (rule time).

    `rules` is the text of a rule file whose groups, named `groups`, are evaluated in that order, with
    `evaluations` of a rule all in all. `annotated` is the same with annotations, and taken where alerts are
    asked for: rendering them at every evaluation takes promtool long. Instants of questions count from the
    grid's start, which is promtool's 0. `within_s` is how long it may take besides, if not `ANSWER_WITHIN_S`.
    """

    rules: str
    annotated: str
    groups: Sequence[str]
    interval_ms: int
    grid: Grid
    end_ms: int
    series: Sequence[RecordedSeries]
    questions: Sequence[Question]
    alert_questions: Sequence[AlertQuestion] = ()
    evaluations: int = 0
    within_s: float | None = None

    @property
    def steps(self) -> int:
        """How many steps the grid has until the end."""
        return (self.end_ms - self.grid.start_ms) // self.grid.step_ms + 1

    @property
    def weight_s(self) -> float:
        """How many seconds it may take, so that trials can be shared out; an upper bound."""
        items = self.steps * len(self.series)
        return items * S_PER_ITEM + self.evaluations * S_PER_EVALUATION + 0.1


@dataclass(slots=True)
class _Batch:
    """The trials that one process is given, by their number among all."""

    numbers: list[int] = field(default_factory=list)
    weight_s: float = 0.0


def run_trials(promtool: Path, trials: Sequence[Trial]) -> list[Answers]:
    """Return what promtool says to each trial; up to as many processes run as there are cores.

    Raises Complaint for the first trial that promtool cannot hold, ComponentFailed when it cannot be run,
    TookTooLong when it does not come to an end, PromtoolBroke when it is killed.
    """
    if not trials:
        return []
    batches = _share_out(trials, len(os.sched_getaffinity(0)))
    with scratch_folder() as folder:
        try:
            return _run_batches(promtool, trials, batches, folder)
        except Complaint as complaint:
            if len(trials) == 1:
                raise
            first = complaint
    # What promtool complains of does not say which trial it was about.
    for number, trial in enumerate(trials):
        try:
            run_trials(promtool, [trial])
        except Complaint as complaint:
            complaint.trial = number
            raise
    raise first


def hold_test(promtool: Path, path: Path, within_s: float) -> str:
    """Return what promtool says of a unit test that fails, and nothing if it passes.

    Raises ComponentFailed when promtool cannot be run, PromtoolBroke when it hangs or is killed.
    """
    with scratch_folder() as folder:
        log_path = folder / "said"
        argv = [str(promtool), "test", "rules", path.name]
        process = start(
            "promtool",
            argv,
            env={"TMPDIR": str(folder), "PATH": os.defpath, **COLLECT_LATE},
            log_path=log_path,
            cwd=path.parent,
        )
        try:
            _await(process, time.monotonic() + within_s)
            return log_path.read_text(errors="replace") if process.poll() else ""
        finally:
            process.kill() if process.poll() is None else None


def _share_out(trials: Sequence[Trial], processes: int) -> list[_Batch]:
    """Give the heaviest trials out first, each to the process that has the least to do."""
    worth = max(1, int(sum(trial.weight_s for trial in trials) / WORTH_A_PROCESS_S))
    batches = [_Batch() for _ in range(min(processes, worth, len(trials)))]
    for number in sorted(range(len(trials)), key=lambda number: -trials[number].weight_s):
        batch = min(batches, key=lambda batch: batch.weight_s)
        batch.numbers.append(number)
        batch.weight_s += trials[number].weight_s
    return batches


def _run_batches(
    promtool: Path, trials: Sequence[Trial], batches: Sequence[_Batch], folder: Path
) -> list[Answers]:
    answers = [Answers() for _ in trials]
    started: list[tuple[Process, _Batch]] = []
    within_s = max(ANSWER_WITHIN_S if trial.within_s is None else trial.within_s for trial in trials)
    give_up_at = time.monotonic() + within_s + max(batch.weight_s for batch in batches)
    env = {"TMPDIR": str(folder), "PATH": os.defpath, **COLLECT_LATE}
    try:
        for index, batch in enumerate(batches):
            paths = [_write_trial(trials[number], number, folder) for number in batch.numbers]
            argv = [str(promtool), "test", "rules", *(path.name for path in paths)]
            log_path = folder / f"said-{index}"
            started.append((start("promtool", argv, env=env, log_path=log_path, cwd=folder), batch))
        for process, batch in started:
            _await(process, give_up_at)
            read_answers(process.log_path, {number: answers[number] for number in batch.numbers})
    finally:
        for process, _ in started:
            process.kill() if process.poll() is None else None
    return answers


def _await(process: Process, give_up_at: float) -> None:
    """Wait until promtool has ended by itself."""
    while (code := process.wait(LOOK_EVERY_S)) is None:
        if time.monotonic() > give_up_at:
            raise TookTooLong(
                "promtool did not come to an end with the rules in time", log=_read_end(process)
            )
        if process.log_path.stat().st_size > MAX_OUTPUT_BYTES:
            raise CouldNotTell(
                f"promtool prints more than {MAX_OUTPUT_BYTES // 2**20} MiB about the rules: replay fewer"
            )
    if code not in {0, 1}:
        raise PromtoolBroke(process.say_end(), log=_read_end(process))


def _read_end(process: Process) -> bytes:
    """Return the end of a log whose folder goes away."""
    with process.log_path.open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - KEPT_LOG_BYTES))
        return log.read()


def _write_trial(trial: Trial, number: int, folder: Path) -> Path:
    """Write a trial as promtool's test file, and its rules beside it if no other trial has the same."""
    rules = trial.annotated if trial.alert_questions else trial.rules
    rules_path = folder / f"{sha256(rules.encode()).hexdigest()[:32]}.rules"
    if not rules_path.exists():
        write_own(rules_path, rules)
    path = folder / f"{number}.test"
    with naming(str(path)), TextIOWrapper(open_own(path), encoding="utf-8") as file:
        file.write(f"rule_files: [{rules_path.name}]\nevaluation_interval: {trial.interval_ms}ms\n")
        file.write(f"group_eval_order: {json.dumps(trial.groups)}\n")
        file.write(f'tests:\n- name: "{number}"\n  interval: {trial.grid.step_ms}ms\n')
        _write_items(file, "input_series", _write_all_series(trial))
        _write_items(file, "promql_expr_test", _write_questions(trial.questions, number))
        _write_items(file, "alert_rule_test", _write_alert_questions(trial.alert_questions))
    return path


def _write_items(file: TextIO, name: str, items: Iterable[str]) -> None:
    for index, item in enumerate(items):
        if index == 0:
            file.write(f"  {name}:\n")
        file.write(item)


def write_json(value: object) -> str:
    """Return a value as JSON that is YAML too, which wants more characters escaped."""
    return _UNPRINTABLE.sub(
        lambda match: f"\\u{ord(match.group()):04x}", json.dumps(value, ensure_ascii=False)
    )


def _write_all_series(trial: Trial) -> Iterator[str]:
    grid = trial.grid
    for one in trial.series:
        values = write_values(grid.place(one), grid.start_ms, grid.step_ms, trial.steps, is_short=False)
        if values:
            # Values have no character that YAML would not have as it is, and it reads plain text fastest.
            yield f"  - {{series: {write_json(write_series(one.labels))}, values: '{values}'}}\n"


def _write_questions(questions: Iterable[Question], trial: int) -> Iterator[str]:
    for number, question in enumerate(questions):
        expr = write_json(f"{question.expr} # {trial}.{number}")
        yield f"  - {{expr: {expr}, eval_time: {question.at_ms}ms, exp_samples: []}}\n"


def _write_alert_questions(questions: Iterable[AlertQuestion]) -> Iterator[str]:
    for question in questions:
        alert = write_json(question.alert)
        yield f"  - {{alertname: {alert}, eval_time: {question.at_ms}ms, exp_alerts: []}}\n"
