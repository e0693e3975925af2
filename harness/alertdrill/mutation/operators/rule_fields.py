"""Wrong `for` and `keep_firing_for`. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from alertdrill.core.rule import AlertRule
from alertdrill.mutation.mutant import Change
from alertdrill.rules.promql.expressions import format_duration

FACTORS = (0.0, 0.5, 2.0)


def change_for(rule: AlertRule) -> Iterator[tuple[AlertRule, Change]]:
    """Yield the rule with another `for`, or none."""
    for other_s in _list_others(rule.for_s):
        if other_s < rule.for_s:
            least, most = map(format_duration, (other_s, rule.for_s))
            advice = f"a near miss that is pending for {least} to {most}"
        else:
            least, most = map(format_duration, (rule.for_s, other_s))
            advice = f"a drill in which it must fire after {least}, and before {most}"
        yield replace(rule, for_s=other_s), _make(f"for {format_duration(rule.for_s)}", other_s, advice)


def change_keep_firing_for(rule: AlertRule) -> Iterator[tuple[AlertRule, Change]]:
    """Yield the rule with another `keep_firing_for`, or none."""
    for other_s in _list_others(rule.keep_firing_for_s):
        was = f"keep_firing_for {format_duration(rule.keep_firing_for_s)}"
        advice = (
            "a drill with a gap that it must bridge"
            if other_s < rule.keep_firing_for_s
            else "a drill in which it must resolve in time"
        )
        yield replace(rule, keep_firing_for_s=other_s), _make(was, other_s, advice)


def _make(was: str, other_s: float, advice: str) -> Change:
    text = format_duration(other_s)
    return Change(text=text, was=was, becomes=text, advice=advice)


def _list_others(seconds: float) -> list[float]:
    return [round(seconds * factor * 1000) / 1000 for factor in FACTORS] if seconds else []


RULE_OPERATORS = {"for": change_for, "keep_firing_for": change_keep_firing_for}
