"""A panel that turns red elsewhere than the alert on the same expression fires.

What happens: The panel is green while the alert fires, or red while it does not: who is paged and looks
there does not see why. A panel of `--dashboard` is compared with each alert of the rules that compares the
same expression, or a multiple of it, with a constant. A panel may have more colours than there are alerts,
or alerts more thresholds than the panel.

Instead: The alert's threshold among those of the panel.

Wrong:

    {"title": "Queue", "type": "stat", "targets": [{"expr": "max(queue)"}], "fieldConfig": {"defaults":
      {"thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": null},
        {"color": "red", "value": 50}]}}}}

Right:

    {"title": "Queue", "type": "stat", "targets": [{"expr": "max(queue)"}], "fieldConfig": {"defaults":
      {"thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": null},
        {"color": "red", "value": 80}]}}}}

With rules:

    groups:
    - name: queue
      rules:
      - alert: QueueLong
        expr: max(queue) > 80
        for: 5m
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from alertdrill.linting.conditions import Threshold, list_thresholds
from alertdrill.linting.finding import Severity
from alertdrill.linting.likeness import is_same, split_factor
from alertdrill.linting.surroundings import Known, LintedQuery, Remark, once

SEVERITY: Severity = "warning"
Fires = tuple[str, str, float]
"""An alert, how it compares, and its threshold in the unit of a panel."""


def check_query(query: LintedQuery) -> Iterator[Remark]:
    """Find the alerts on a query whose thresholds its panel does not show, though it shows others."""
    own = list(_list_firing(query))
    if not own or not query.panel.steps:
        return
    all_firing = [one for of in query.known.list_queries(query.panel) for one in _list_firing(of)]
    steps = query.panel.steps
    others = [step for step in steps if not any(_shows(step, one) for one in all_firing)]
    for alert, operator, value in own:
        if others and not any(_shows(step, (alert, operator, value)) for step in steps):
            yield Remark(
                part=query.expr,
                happens=(
                    f"Its colour changes at {' and '.join(f'{step:g}' for step in others)}; {alert} fires at "
                    f"{operator} {value:g} of the same."
                ),
                instead=f"Let the colour change at {value:g}, or mend the alert.",
            )


def _list_firing(query: LintedQuery) -> Iterator[Fires]:
    scale, asked = split_factor(query.followed)
    for alert, threshold in _list_alerts(query.known):
        factor, compared = split_factor(threshold.vector)
        if factor and is_same(asked, compared):
            yield alert, threshold.operator, float(f"{threshold.value * scale / factor:.12g}")


@once
def _list_alerts(known: Known) -> tuple[tuple[str, Threshold], ...]:
    return tuple(
        (rule.alert.name, threshold)
        for rule in known.rules
        if rule.alert is not None
        for threshold in list_thresholds(rule.followed)
    )


def _shows(step: float, fires: Fires) -> bool:
    """Say whether a colour that begins at a step is that of an alert; counts are one apart."""
    _, operator, value = fires
    if math.isclose(step, value, rel_tol=1e-9, abs_tol=1e-12):
        return True
    if operator in {">", "<="} and value == 0:
        return 0 < step <= 1
    is_next = step.is_integer() and value.is_integer() and step == value + 1
    return is_next and operator in {">", "<=", "==", "!="}
