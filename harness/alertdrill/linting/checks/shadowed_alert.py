"""An alert that fires only where another one does, too.

What happens: Both compare the same thing with the same threshold, and what this one selects is among what
the other selects; both have one severity. One trouble notifies twice, by two names.

Instead: A matcher that takes these series out of the other alert, or an inhibition in Alertmanager.

Wrong:

    expr: up{job="api"} == 0
    for: 1m
    labels: {severity: critical}

Right:

    expr: up{job="db"} == 0
    for: 1m
    labels: {severity: critical}

With rules:

    groups:
    - name: services
      rules:
      - alert: ServiceDown
        expr: up{job=~"api|web"} == 0
        for: 1m
        labels: {severity: critical}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from alertdrill.core.rule import AlertRule
from alertdrill.linting.conditions import Threshold, find_threshold
from alertdrill.linting.finding import Severity
from alertdrill.linting.likeness import is_filtered, is_same
from alertdrill.linting.surroundings import Known, LintedRule, Remark, once

SEVERITY: Severity = "information"
_Key = tuple[str, str, float, float, str | None]


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find alerts on some of the series that another alert with that threshold is about."""
    threshold = find_threshold(rule.expr)
    if rule.alert is None or threshold is None or threshold.vector.kind != "selector":
        return
    for other, wider in _find_alike(rule.known).get(_describe(rule.alert, threshold), ()):
        if other.name == rule.alert.name or is_same(threshold.vector, wider.vector):
            continue
        if is_filtered(threshold.vector, wider.vector):
            yield Remark(
                at="alert",
                happens=(
                    f"Where this fires, {other.name} at {other.source} fires, too: both notify of one thing."
                ),
                instead=(
                    f"Take these series out of {other.name}, or let Alertmanager inhibit one by the other."
                ),
            )


def _describe(alert: AlertRule, threshold: Threshold) -> _Key:
    """Return what two alerts have to share."""
    return (
        threshold.vector.name,
        threshold.operator,
        threshold.value,
        alert.for_s,
        alert.labels.get("severity"),
    )


@once
def _find_alike(known: Known) -> Mapping[_Key, list[tuple[AlertRule, Threshold]]]:
    found: dict[_Key, list[tuple[AlertRule, Threshold]]] = {}
    for one in known.rules:
        threshold = find_threshold(one.expr)
        if one.alert is not None and threshold is not None and threshold.vector.kind == "selector":
            found.setdefault(_describe(one.alert, threshold), []).append((one.alert, threshold))
    return found
