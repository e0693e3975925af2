"""The alerts of a run as data: their rules, and each label set's value, states, pages and suppression."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alertdrill.core.clock import format_s
from alertdrill.core.rule import AlertRule
from alertdrill.core.wording import say_selector
from alertdrill.judging.suppression import say_held
from alertdrill.reports import HOPS, RunRecord
from alertdrill.reports.html.packing import pack
from alertdrill.reports.html.scale import choose_scale
from alertdrill.reports.html.series import Series, gather_series
from alertdrill.reports.html.states import list_states

MOST_CURVES = 12
"""Of an alert's own plot; a drill's own label sets are kept besides."""
MOST_OWN = 3
"""Label sets that a drill shows of what it is about."""
MOST_HELD = 20

Data = dict[str, Any]


def describe_alerts(record: RunRecord) -> list[Data]:
    """Return what the page shows of each alert: those with rules first, in their order."""
    rules: dict[str, list[AlertRule]] = {}
    for rule in record.rules:
        rules.setdefault(rule.name, []).append(rule)
    for name in _name_others(record):
        rules.setdefault(name, [])
    return [_alert(record, name, group) for name, group in rules.items()]


def find_own(alert: Data, labels: Mapping[str, str], from_s: float, until_s: float) -> list[int]:
    """Return which label sets of a described alert a drill is about that was held between these instants."""
    found = [
        number
        for number, one in enumerate(alert["series"])
        if all(one["labels"].get(name, value) == value for name, value in labels.items())
    ]
    found.sort(key=lambda number: not _did_something(alert["series"][number], from_s, until_s))
    return found[:MOST_OWN]


def trim_series(alert: Data, wanted: set[int]) -> tuple[Data, dict[int, int]]:
    """Return a described alert without the label sets that no plot shows, and the new places of the others.

    `wanted` are those that drills show.
    """
    places = [number for number in range(len(alert["series"])) if number < MOST_CURVES or number in wanted]
    trimmed = {
        **alert,
        "series": [alert["series"][number] for number in places],
        "drawn": min(MOST_CURVES, len(places)),
        "left_out": max(0, len(alert["series"]) - MOST_CURVES),
    }
    return trimmed, {number: place for place, number in enumerate(places)}


def _did_something(one: Data, from_s: float, until_s: float) -> bool:
    return any(since_s < until_s and ends_s > from_s for _, since_s, ends_s in one["states"])


def _name_others(record: RunRecord) -> Iterator[str]:
    for verdict in record.verdicts:
        for finding in verdict.findings:
            yield finding.alert
    for event in record.timeline.events:
        yield event.alert


def _alert(record: RunRecord, name: str, rules: Sequence[AlertRule]) -> Data:
    timeline = record.timeline
    found = gather_series(timeline, name, rules)
    curves = [one.curve for one in found[:MOST_CURVES] if one.curve is not None]
    scale = choose_scale(curves) if curves else None
    held = [span for span in timeline.paging.suppressed if span.alert == name]
    return {
        "name": name,
        "summary": [rule.annotations["summary"] for rule in rules if "summary" in rule.annotations],
        "rules": [_rule(rule) for rule in rules],
        "series": [_series(one, name, timeline.until_s) for one in found],
        "scale": scale and {"log": scale.is_log, "low": _short(scale.bottom), "high": _short(scale.top)},
        "thresholds": [
            {"value": value, "says": f"{op} {value:g}"}
            for op, value in sorted({(curve.op, curve.threshold) for curve in curves})
        ],
        "remarks": list(scale.remarks) if scale else [],
        "held": [f"{say_selector('', span.labels)} {say_held(span)}" for span in held[:MOST_HELD]],
        "held_more": max(0, len(held) - MOST_HELD),
    }


def _series(one: Series, alert: str, until_s: float) -> Data:
    marks = [
        [event.kind, _at(event.at_s), f"{HOPS[event.kind]}, {event.receiver or 'no receiver'}"]
        for event in one.events
        if event.kind in {"paged", "page_resolved"}
    ]
    return {
        "name": say_selector("", one.labels) or alert,
        "labels": dict(one.labels),
        "points": pack(one.curve.points) if one.curve else None,
        "states": [
            [state, _at(since_s), _at(ends_s)] for state, since_s, ends_s in list_states(one, until_s)
        ],
        "marks": marks,
        "held": [
            [span.why, _at(span.since_s), _at(min(span.until_s, until_s)), say_held(span)]
            for span in one.held[:MOST_HELD]
        ],
    }


def _rule(rule: AlertRule) -> Data:
    return {
        "source": rule.source,
        "expr": rule.expr,
        "rows": [
            ["for", format_s(rule.for_s)],
            ["keep firing for", format_s(rule.keep_firing_for_s)],
            ["group", f"{rule.group}, evaluated every {format_s(rule.interval_s)}"],
            *([f"label {name}", value] for name, value in rule.labels.items()),
            *([name, value] for name, value in rule.annotations.items()),
        ],
    }


def _at(seconds: float) -> float:
    return round(seconds, 1)


def _short(value: float) -> float:
    return float(f"{value:.6g}")
