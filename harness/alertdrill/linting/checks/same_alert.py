"""An alert that is stated twice.

What happens: Two rules with one name, one expression, one `for` and the same labels are one alert to
Alertmanager, evaluated twice. Two names for one condition notify twice of one thing.

Instead: One of them.

Wrong:

    expr: queue_depth > 100
    for: 5m

Right:

    expr: queue_depth > 200
    for: 5m

With rules:

    groups:
    - name: others
      rules:
      - alert: QueueDeep
        expr: queue_depth > 100
        for: 5m
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from alertdrill.core.rule import AlertRule
from alertdrill.linting.finding import Severity
from alertdrill.linting.likeness import describe
from alertdrill.linting.surroundings import Known, LintedRule, Remark, once

SEVERITY: Severity = "warning"
_Condition = tuple[object, ...]


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find alerts that an earlier rule states already, by this name or another."""
    if rule.alert is None:
        return
    first = _find_first(rule.known)[_describe(rule, rule.alert)]
    if first.source == rule.alert.source:
        return
    if first.name == rule.alert.name:
        yield Remark(
            at="alert",
            happens=(
                f"The same alert is stated at {first.source}, with the same expression, `for` and labels."
            ),
            instead="Take one of them out.",
        )
    else:
        yield Remark(
            at="alert",
            severity="information",
            happens=(
                f"{first.name} at {first.source} has the same expression, `for` and labels: both notify "
                "at once."
            ),
            instead="Take one of them out, or let Alertmanager inhibit one by the other.",
        )


def _describe(rule: LintedRule, alert: AlertRule) -> _Condition:
    return describe(rule.followed), alert.for_s, frozenset(alert.labels.items())


@once
def _find_first(known: Known) -> Mapping[_Condition, AlertRule]:
    """Return the first alert that states each condition."""
    found: dict[_Condition, AlertRule] = {}
    for one in known.rules:
        if one.alert is not None:
            found.setdefault(_describe(one, one.alert), one.alert)
    return found
