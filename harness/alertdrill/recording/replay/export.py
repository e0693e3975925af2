"""A recording exported: what rules did over it, written as a unit test that promtool runs without us.

promtool is asked what the rules did, as in a replay; then it holds the test, which is put into place only if
it passes. The rules stay in their own files, so that the test is about them as they then stand.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from alertdrill.errors import BadInput, BadRules, CouldNotTell
from alertdrill.recording.recording import RecordedSeries, Recording
from alertdrill.recording.replay.activity import MASK_SIZES
from alertdrill.recording.replay.answers import Answers, Complaint
from alertdrill.recording.replay.inquiry import Inquiry, make_inquiry
from alertdrill.recording.replay.library import Library, check_length, drop_written
from alertdrill.recording.replay.notation import write_series, write_values
from alertdrill.recording.replay.plan import Plan, find_times, make_plan, to_ms
from alertdrill.recording.replay.promtool import AlertQuestion, Question, Trial, hold_test, run_trials
from alertdrill.recording.replay.stages import ALERTS
from alertdrill.recording.replay.unit_tests import (
    Annotated,
    Count,
    Look,
    UnitTest,
    find_spans,
    list_counts,
    list_looks,
    render_rules,
    render_test,
)
from alertdrill.rules.dilation.files import dilate_expr
from alertdrill.rules.files import EVALUATION_INTERVAL_S, RuleFile, RuleGroup
from alertdrill.rules.promql.expressions import format_duration
from alertdrill.runtime.binaries import Promtool
from alertdrill.runtime.files import check_target, is_stream, write_all, write_own
from alertdrill.runtime.scratch import scratch_folder

MAX_SAMPLES = 1_000_000
"""Samples and staleness markers in one test."""
PASSES_WITHIN_S = 300.0
MAX_SAID = 500

_GLOB = re.compile(r"([\\*?\[])")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """A plain copy of rules that promtool cannot read as they are, and where it belongs."""

    path: Path
    text: str


def export(
    recording: Recording,
    files: Sequence[RuleFile],
    tool: Promtool,
    path: Path,
    *,
    default_interval_s: float = EVALUATION_INTERVAL_S,
) -> tuple[str, ...]:
    """Write what the rules of `files` did over a recording as a unit test; return sentences about it.

    `default_interval_s` is the evaluation interval that the files were read with.
    Plain copies of rules are written beside it where promtool cannot read a file. Nothing is written unless
    the test passes; what is written to a stream finds the rules from the current folder. Raises BadInput for
    what cannot be a unit test, or be written there; CouldNotTell where it does not pass, and as a replay
    does.
    """
    place = Path() / "test.yml" if is_stream(path) else path
    copies = {
        file.name: _Copy(
            path=place.with_name(f"{place.stem}.{Path(file.name).stem}.yml"), text=render_rules(file)
        )
        for file in files
        if file.is_resource
    }
    if copies and is_stream(path):
        raise BadInput(
            f"{path}: {next(iter(copies))} is a resource, and a plain copy of it stands beside the test: "
            "name a file for the test"
        )
    _check_targets([path, *(copy.path for copy in copies.values())], recording, files)
    test, notes = make_test(recording, files, tool, default_interval_s)
    _hold(test, files, copies, tool, path)
    held = [copies[file.name].path if file.name in copies else Path(file.name) for file in files]
    rules = [Path(os.path.relpath(one.absolute(), place.parent.absolute())) for one in held]
    write_all({path: _render(test, rules), **{copy.path: copy.text for copy in copies.values()}})
    return notes


def _hold(
    test: UnitTest, files: Sequence[RuleFile], copies: Mapping[str, _Copy], tool: Promtool, path: Path
) -> None:
    """Hold a test, before it is written.

    Raises BadRules for a file that promtool's reader of YAML does not take, which is stricter than ours, and
    CouldNotTell where the test does not pass.
    """
    with scratch_folder() as folder:
        for copy in copies.values():
            write_own(folder / copy.path.name, copy.text)
        rules = [
            folder / copies[file.name].path.name if file.name in copies else Path(file.name).absolute()
            for file in files
        ]
        draft = folder / f".{path.stem}.{os.getpid()}.yml"  # no copy has such a name
        write_own(draft, _render(test, rules))
        said = hold_test(tool.promtool, draft, PASSES_WITHIN_S)
    if said:
        for file, held in zip(files, rules, strict=True):
            if unread := re.search(rf"{re.escape(str(held))}: yaml: line (\d+): (.*)", said):
                # Its count of lines is one short for some mistakes.
                why = f"promtool cannot read the file there, or on the next line: {unread[2]}"
                raise BadRules(f"{file.name}:{unread[1]}: {why}")
        words = " ".join(said.replace(draft.name, path.name).split())[:MAX_SAID]
        raise CouldNotTell(f"{path}: the test does not pass, so it was not written: {words}")


def make_test(
    recording: Recording, files: Sequence[RuleFile], tool: Promtool, default_interval_s: float
) -> tuple[UnitTest, tuple[str, ...]]:
    """Return the unit test of what rules did over a recording, without its rule files, and notes on it.

    Raises what `export` does.
    """
    plan = _plan(recording, files, default_interval_s)
    notes: list[str] = []
    series = drop_written(recording, plan, notes)
    check_length(recording, plan, series)
    planned = plan.stages[0]
    read = Library(series).find(planned.stage.reads)
    samples = sum(len(one.times_ms) + len(one.stale_ms) for one in read)
    if samples > MAX_SAMPLES:
        raise BadInput(
            f"{recording.name}: the rules read {samples:,} samples, and a test has {MAX_SAMPLES:,} at the "
            "most: record a shorter time, or fewer series (alertdrill record --match)"
        )
    for mask_size in MASK_SIZES:
        inquiry = make_inquiry(planned, plan, recording, read, (), default_interval_s, mask_size)
        answers = _ask(tool, inquiry, inquiry.trial)
        if not inquiry.is_too_much(answers):
            break
    activities = inquiry.list_activities(answers)
    interval_ms = planned.interval_ms
    last_ms = (inquiry.evaluations.count - 1) * interval_ms
    spans = find_spans([activity for activity, _ in activities], interval_ms)
    alerts = sorted(plan.alerts) if any(one.labels["__name__"] == ALERTS for one in read) else None
    offset_ms = to_ms(planned.stage.groups[0].query_offset_s)
    looks, counts = _look(
        tool,
        inquiry,
        list_looks(spans, interval_ms, last_ms),
        list_counts(interval_ms, last_ms, alerts, offset_ms),
    )
    grid = inquiry.trial.grid
    if grid.moved_ms:
        notes.append(f"{recording.name}: {grid.describe()}")
    test = UnitTest(
        name=Path(recording.name).name,
        preface=_write_preface(recording, tool, notes),
        rule_files=(),
        groups=[group.name for group in planned.stage.groups],
        series=_write_all_series(inquiry.trial, read),
        step_ms=grid.step_ms,
        interval_ms=interval_ms,
        last_ms=last_ms,
        spans=spans,
        looks=looks,
        counts=counts,
        alerts=alerts,
        offset_ms=offset_ms,
    )
    return test, tuple(notes)


def _plan(recording: Recording, files: Sequence[RuleFile], default_interval_s: float) -> Plan:
    """Return how rules are replayed, all in one stage and as they stand. Raises BadInput."""
    groups = [group for file in files for group in file.groups if group.rules]
    if not any(file.alerts for file in files):
        raise BadInput(
            f"{', '.join(file.name for file in files)}: no rule is an alert: there is nothing to expect"
        )
    for what, times_s in (
        ("intervals", [group.interval_s for group in groups]),
        ("query offsets", [group.query_offset_s for group in groups]),
    ):
        if len(set(times_s)) > 1:
            raise BadInput(
                f"groups of different {what} cannot be in one test, for promtool has one for all: "
                f"{_list_groups(groups, times_s)}"
            )
    plan = make_plan(files, recording.start_ms, default_interval_s)
    interval_s = groups[0].interval_s
    for rule in (rule for group in groups for rule in group.rules):
        if plan.start_ms and _reads_clock(rule.expr):
            raise BadInput(
                f"{rule.source}: {rule.name}: reads the clock, so it cannot be exported from a recording "
                "that does not begin at 0, where promtool's clock does"
            )
        if interval_s != default_interval_s and find_times(rule.expr, 1).lacks_step:
            raise BadInput(
                f"{rule.source}: {rule.name}: a subquery states no step, which promtool takes to be the "
                f"group's interval, {format_duration(interval_s)}: state it"
            )
    return plan


def _reads_clock(expr: str) -> bool:
    """Tell whether an expression is another one when it is moved in time by another stretch."""
    day_s = 86_400.0
    return dilate_expr(expr, 1.0, -day_s) != dilate_expr(expr, 1.0, -2 * day_s)


def _list_groups(groups: Sequence[RuleGroup], times_s: Sequence[float]) -> str:
    return ", ".join(
        f"{group.name!r} ({group.source}, {format_duration(time_s)})"
        for group, time_s in zip(groups, times_s, strict=True)
    )


def _ask(tool: Promtool, inquiry: Inquiry, trial: Trial) -> Answers:
    try:
        return run_trials(tool.promtool, [trial])[0]
    except Complaint as complaint:
        raise inquiry.explain(complaint) from complaint


def _look(
    tool: Promtool, inquiry: Inquiry, looks: Sequence[Look], counts: Sequence[tuple[str, int]]
) -> tuple[dict[Look, list[Annotated]], list[Count]]:
    """Return which alerts fire, with their annotations, at the instants of `looks`, and what is counted."""
    alert_questions = [AlertQuestion(alert=alert, at_ms=at_ms) for at_ms, alert in looks]
    questions = [Question(expr=expr, at_ms=at_ms) for expr, at_ms in counts]
    trial = replace(inquiry.trial, questions=questions, alert_questions=alert_questions)
    answers = _ask(tool, inquiry, trial)
    for said in answers.failed.values():
        raise Complaint(said)
    found: dict[Look, list[Annotated]] = {look: [] for look in looks}
    for (alert, at_ms), rendered in answers.rendered.items():
        for labels, texts in rendered:
            own = {name: text for name, text in labels.items() if name != "alertname"}
            found[at_ms, alert].append(Annotated(labels=own, annotations=texts))
    return found, [
        Count(expr=expr, at_ms=at_ms, samples=answers.samples.get(number, ()))
        for number, (expr, at_ms) in enumerate(counts)
    ]


def _write_all_series(trial: Trial, series: Sequence[RecordedSeries]) -> list[tuple[str, str]]:
    grid = trial.grid
    written = (
        (write_series(one.labels), write_values(grid.place(one), grid.start_ms, grid.step_ms, trial.steps))
        for one in series
    )
    return sorted((name, values) for name, values in written if values)


def _write_preface(recording: Recording, tool: Promtool, notes: Sequence[str]) -> list[str]:
    return [
        f"Generated by alertdrill export from the recording {Path(recording.name).name}, with promtool "
        f"{tool.versions['prometheus']}: export again rather than edit.",
        "",
        "The samples that the rules read, and what the rules did over them: all of ALERTS wherever an alert",
        "begins or ends to be pending or to fire, and at the evaluation before; labels and annotations where",
        "it begins or ends to fire. The counts in the end say that nothing else was pending or fired.",
        *(("", *notes) if notes else ()),
    ]


def _render(test: UnitTest, rules: Sequence[Path]) -> str:
    """Return the test's text with the paths of rules as promtool reads them: as patterns."""
    return render_test(replace(test, rule_files=[_GLOB.sub(r"\\\1", str(name)) for name in rules]))


def _check_targets(targets: Sequence[Path], recording: Recording, files: Sequence[RuleFile]) -> None:
    """Raise BadInput if writing would overwrite what is read, or two files would have one name."""
    if len(set(targets)) < len(targets):
        raise BadInput(f"two of the rule files would be copied to one name: {targets[-1]}")
    sources = [Path(name) for name in (recording.name, *(file.name for file in files))]
    for target in targets:
        check_target(target, sources)
