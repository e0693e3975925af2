"""Wrong labels of a rule, of those by which Alertmanager routes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from alertdrill.core.rule import AlertRule
from alertdrill.mutation.mutant import Change

MAX_OTHERS = 2
"""Values that a label is given in place of its own."""


def change_routed_labels(
    rule: AlertRule, values: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, AlertRule, Change]]:
    """Yield the rule with another value of each routed label, or without it, and the label.

    `values` are the labels that routes look at, and what these ask for.
    """
    for label, own in rule.labels.items():
        if label not in values:
            continue
        advice = f"a drill that expects whom `{label}: {own}` pages"
        others = [value for value in values[label] if value != own][:MAX_OTHERS]
        for other in others:
            labels = {**rule.labels, label: other}
            change = Change(text=other, was=f"{label}: {own}", becomes=other, advice=advice)
            yield label, replace(rule, labels=labels), change
        labels = {name: value for name, value in rule.labels.items() if name != label}
        change = Change(text="", was=f"{label}: {own}", becomes="nothing", advice=advice)
        yield label, replace(rule, labels=labels), change
