"""Alerts that are there only to inhibit others, such as kube-prometheus's InfoInhibitor. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from alertdrill.core.rule import AlertRule
from alertdrill.rules.promql.expressions import metric_name, parse, selectors

NO_SEVERITY = "none"
"""As kube-prometheus calls that of alerts that are for nobody."""
ALERTS = "ALERTS"
"""The series in which Prometheus keeps which alerts are pending or firing."""


def find_inhibitors(rules: Iterable[AlertRule]) -> frozenset[str]:
    """Return the names of the alerts of no severity whose rule reads nothing but which alerts there are."""
    return frozenset(
        rule.name
        for rule in rules
        if rule.labels.get("severity") == NO_SEVERITY
        and {metric_name(one) for one in selectors(parse(rule.expr))} == {ALERTS}
    )
