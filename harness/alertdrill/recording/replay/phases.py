"""When within their interval rule groups were evaluated, so that a replay looks at the same instants. Pure.

Prometheus evaluates each group at an offset of its own into the interval, which the names of file and group
make (its `Group.EvalTimestamp`). promtool evaluates all of them at whole intervals. Where the value of a rule
goes up and down about its threshold, the two would see different ones of these values; so a group is replayed
on samples that are later by what is missing from its offset to a whole interval.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import Event
from alertdrill.recording.recording import RecordedSeries, Recording
from alertdrill.recording.replay.plan import find_times, to_ms
from alertdrill.rules.files import EVALUATION_INTERVAL_S, RecordingRule, RuleFile, RuleGroup
from alertdrill.rules.promql.expressions import metric_name, parse, selectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """What was evaluated at one offset: `alerts` by their names, and the `files` that these take.

    Samples that are `delay_ms` later make of its evaluations whole intervals.
    """

    delay_ms: int
    alerts: frozenset[str]
    files: tuple[RuleFile, ...]


def split_by_phase(files: Sequence[RuleFile], live: Iterable[Event]) -> list[Phase]:
    """Return the phases of rule files that are replayed together, as what their alerts did `live` shows them.

    Groups of which nothing was seen are of no phase, and neither are those with subqueries, whose steps are
    whole multiples both live and in a replay.
    """
    first_s: dict[str, float] = {}
    for event in live:
        if event.receiver is None:
            first_s.setdefault(event.alert, event.at_s)
    groups = [group for file in files for group in file.groups]
    delays: dict[int, set[str]] = {}
    taken: dict[str, int] = {}
    for group in groups:
        names = _name_alerts(group)
        # What one name does cannot be told apart, so groups that share one are of one phase.
        delay_ms = next((taken[name] for name in sorted(names) if name in taken), None)
        if delay_ms is None:
            delay_ms = _find_delay_ms(group, [first_s[name] for name in sorted(names) if name in first_s])
        taken.update(dict.fromkeys(names, delay_ms))
        delays.setdefault(delay_ms, set()).update(names)
    return [
        Phase(delay_ms=delay_ms, alerts=frozenset(names), files=_choose_files(files, groups, names))
        for delay_ms, names in delays.items()
        if names
    ]


def delay(recording: Recording, delay_ms: int) -> Recording:
    """Return a recording whose samples are so much later; it begins when it began, and ends later."""

    def move(times_ms: array[int]) -> array[int]:
        return array("q", (at_ms + delay_ms for at_ms in times_ms))

    series = tuple(
        RecordedSeries(
            labels=one.labels, times_ms=move(one.times_ms), values=one.values, stale_ms=move(one.stale_ms)
        )
        for one in recording.series
    )
    return replace(recording, end_ms=recording.end_ms + delay_ms, series=series)


def _name_alerts(group: RuleGroup) -> set[str]:
    return {rule.name for rule in group.rules if isinstance(rule, AlertRule)}


def _find_delay_ms(group: RuleGroup, instants_s: Sequence[float]) -> int:
    step_ms = to_ms(EVALUATION_INTERVAL_S)
    if not instants_s or any(find_times(rule.expr, step_ms).steps_ms for rule in group.rules):
        return 0
    return -to_ms(instants_s[0]) % to_ms(group.interval_s)


def _choose_files(
    files: Sequence[RuleFile], groups: Sequence[RuleGroup], names: set[str]
) -> tuple[RuleFile, ...]:
    """Return the files with the groups of these alerts alone, or whole if groups may need each other."""
    if any(_may_be_needed(group) for group in groups):
        return tuple(files)
    chosen = [
        replace(file, groups=tuple(group for group in file.groups if _name_alerts(group) & names))
        for file in files
    ]
    return tuple(file for file in chosen if file.groups)


def _may_be_needed(group: RuleGroup) -> bool:
    """Whether a group records something, or reads what alerts do."""
    return any(
        isinstance(rule, RecordingRule)
        or any(
            (metric_name(selector) or "ALERTS").startswith("ALERTS")
            for selector in selectors(parse(rule.expr))
        )
        for rule in group.rules
    )
