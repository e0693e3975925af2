"""What of rule files promtool is given, stage by stage, and which times it must keep to.

promtool's time begins at 0 and it knows one interval, which is the step of subqueries without one, too. So
rules that read the clock are moved in time where the recording does not begin near 0, and the step is written
into subqueries where it would be another. All else of a rule stays as its author wrote it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import promql_parser as ast

from alertdrill.core.rule import AlertRule
from alertdrill.errors import BadInput, CouldNotTell
from alertdrill.recording.replay.promtool import write_json
from alertdrill.recording.replay.stages import Stage, list_written, order_stages
from alertdrill.rules.dilation.files import dilate_expr
from alertdrill.rules.files import RecordingRule, RuleFile, RuleGroup
from alertdrill.rules.promql.expressions import Printer, durations, format_duration, parse, walk

LOOKBACK_MS = 300_000
"""For how long Prometheus takes a sample for a series' value, unless it is told otherwise."""
MAX_ALIGNMENT_MS = 7 * 86_400_000

_NOW = re.compile(r"\{\{[^}]*\bnow\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStage:
    """A stage, its rules as promtool is given them, and the names that its groups have there.

    Annotations, which change nothing of what alerts do, are only in `annotated`.
    """

    stage: Stage
    rules: str
    annotated: str
    names: tuple[str, ...]
    hands_on: tuple[str, ...]
    """Names of series that later stages read."""

    @property
    def interval_ms(self) -> int:
        """How often its groups are evaluated."""
        return to_ms(self.stage.interval_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How rule files are replayed: from `start_ms` (rule time) on, stage by stage.

    `windows_ms` divides all windows, steps, offsets and intervals. `writes` are names of series that the
    rules make themselves, but for those of alerts; `alerts` are the alerts' names.
    """

    start_ms: int
    windows_ms: int
    stages: tuple[PlannedStage, ...]
    writes: frozenset[str]
    alerts: frozenset[str]


def to_ms(seconds: float) -> int:
    """Return seconds as whole milliseconds."""
    return round(seconds * 1000)


def make_plan(files: Sequence[RuleFile], start_ms: int, default_step_s: float) -> Plan:
    """Return how rule files are replayed on a recording that begins at `start_ms`.

    `default_step_s` is the step of subqueries that state none: the server's evaluation interval. Raises
    BadInput for groups of different intervals that need each other, CouldNotTell for rules that cannot be
    moved in time.
    """
    groups = [group for file in files for group in file.groups if group.rules]
    times = [find_times(rule.expr, to_ms(default_step_s)) for group in groups for rule in group.rules]
    intervals = [to_ms(group.interval_s) for group in groups]
    alignment_ms = math.lcm(*intervals, *(step for one in times for step in one.steps_ms))
    begin_ms = start_ms // alignment_ms * alignment_ms
    if alignment_ms > MAX_ALIGNMENT_MS and begin_ms != start_ms:
        raise CouldNotTell(
            "the intervals and the steps of subqueries of these rules fall together too seldom to replay "
            "them on a recording that does not begin at 0"
        )
    offsets = [to_ms(group.query_offset_s) for group in groups]
    windows_ms = math.gcd(LOOKBACK_MS, *intervals, *offsets, *(time for one in times for time in one.all_ms))
    stages = order_stages(groups)
    return Plan(
        start_ms=begin_ms,
        windows_ms=windows_ms,
        stages=tuple(
            _plan_stage(stage, stages[number + 1 :], begin_ms, default_step_s)
            for number, stage in enumerate(stages)
        ),
        writes=frozenset(
            rule.name for group in groups for rule in group.rules if isinstance(rule, RecordingRule)
        ),
        alerts=frozenset(
            rule.name for group in groups for rule in group.rules if isinstance(rule, AlertRule)
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The times in an expression: all windows, steps and offsets, and the steps of subqueries alone."""

    all_ms: tuple[int, ...]
    steps_ms: tuple[int, ...]
    lacks_step: bool


@lru_cache(maxsize=16_384)
def find_times(expr: str, default_step_ms: int) -> Times:
    """Return the times in an expression."""
    tree = parse(expr)
    subqueries = [node for node in walk(tree) if isinstance(node, ast.SubqueryExpr)]
    steps = [
        default_step_ms if node.step is None else to_ms(node.step.total_seconds()) for node in subqueries
    ]
    return Times(
        all_ms=(*(abs(to_ms(time)) for time in durations(tree)), *steps),
        steps_ms=tuple(steps),
        lacks_step=any(node.step is None for node in subqueries),
    )


class _StepPrinter(Printer):
    """Writes the step into subqueries that state none."""

    def __init__(self, default_step_s: float) -> None:
        self._step = format_duration(default_step_s)

    def write(self, node: ast.Expr) -> str:
        """Return the text of a node."""
        text = super().write(node)
        if isinstance(node, ast.SubqueryExpr) and node.step is None:
            window, _, shift = text.rpartition(":]")
            return f"{window}:{self._step}]{shift}"
        return text


def fit_expr(expr: str, interval_s: float, start_ms: int, default_step_s: float) -> str:
    """Return an expression that is at promtool's 0 what the original is at `start_ms`.

    Raises BadInput where that cannot be exact.
    """
    if start_ms:
        expr = dilate_expr(expr, 1.0, -start_ms / 1000, default_step_s=default_step_s)
    if interval_s != default_step_s and find_times(expr, to_ms(default_step_s)).lacks_step:
        expr = _StepPrinter(default_step_s).write(parse(expr))
    return expr


def _plan_stage(stage: Stage, later: Iterable[Stage], start_ms: int, default_step_s: float) -> PlannedStage:
    reads = {selector for following in later for selector in following.reads}
    names = tuple(f"g{number}" for number in range(len(stage.groups)))
    groups = [
        _write_group(group, name, start_ms, default_step_s)
        for group, name in zip(stage.groups, names, strict=True)
    ]
    written = [labels for group in stage.groups for labels in list_written(group)]
    return PlannedStage(
        stage=stage,
        rules=write_json({"groups": [_leave_out_annotations(group) for group in groups]}),
        annotated=write_json({"groups": groups}),
        names=names,
        hands_on=tuple(
            sorted(
                {
                    labels["__name__"]
                    for labels in written
                    if any(selector.reads(labels, is_complete=False) for selector in reads)
                }
            )
        ),
    )


def _write_group(group: RuleGroup, name: str, start_ms: int, default_step_s: float) -> dict[str, Any]:
    written: dict[str, Any] = {"name": name}
    if group.limit:
        written["limit"] = group.limit
    if group.query_offset_s:
        written["query_offset"] = format_duration(group.query_offset_s)
    written["rules"] = [_write_rule(rule, start_ms, default_step_s) for rule in group.rules]
    return written


def _leave_out_annotations(group: dict[str, Any]) -> dict[str, Any]:
    return group | {
        "rules": [
            {key: value for key, value in rule.items() if key != "annotations"} for rule in group["rules"]
        ]
    }


def _write_rule(rule: AlertRule | RecordingRule, start_ms: int, default_step_s: float) -> dict[str, Any]:
    try:
        expr = fit_expr(rule.expr, rule.interval_s, start_ms, default_step_s)
    except BadInput as error:
        raise _refuse(rule, str(error)) from error
    if isinstance(rule, RecordingRule):
        return {"record": rule.name, "expr": expr, "labels": dict(rule.labels)}
    if start_ms and any(_NOW.search(text) for text in (*rule.labels.values(), *rule.annotations.values())):
        raise _refuse(rule, "a template reads the clock")
    written: dict[str, Any] = {"alert": rule.name, "expr": expr}
    if rule.for_s:
        written["for"] = format_duration(rule.for_s)
    if rule.keep_firing_for_s:
        written["keep_firing_for"] = format_duration(rule.keep_firing_for_s)
    return written | {"labels": dict(rule.labels), "annotations": dict(rule.annotations)}


def _refuse(rule: AlertRule | RecordingRule, why: str) -> CouldNotTell:
    return CouldNotTell(
        f"{rule.source}: {rule.name}: cannot be replayed on a recording that does not begin at 0: {why}"
    )
