"""An alert that is grouped by labels which it never has.

What happens: To Alertmanager a label that is not there is empty: all alerts of this rule are in one group
of it, and notified together, however many there are.

Instead: The label among those that the expression keeps, or a route that groups this alert by labels that
it has.

Wrong:

    expr: sum by (job) (rate(errors_total[5m])) > 1
    for: 2m
    labels: {severity: critical}

Right:

    expr: sum by (cluster) (rate(errors_total[5m])) > 1
    for: 2m
    labels: {severity: critical}

With alertmanager.yml:

    route:
      receiver: oncall
      group_by: [alertname, cluster]
    receivers:
    - name: oncall
      webhook_configs: [{url: "http://127.0.0.1:9/"}]
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.alertmanager.routes import ALL_LABELS
from alertdrill.linting.finding import Severity
from alertdrill.linting.routing import find_destinations
from alertdrill.linting.shapes import find_shape
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "information"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find labels of `group_by` that neither the rule nor its series have."""
    config = rule.known.alertmanager
    if rule.alert is None or config is None:
        return
    shape = find_shape(rule.expr, rule.known)
    own = {"alertname", *rule.alert.labels}
    for match in find_destinations(rule):
        labels = () if match.group_by == ALL_LABELS else match.group_by
        missing = [label for label in labels if label not in own and not shape.may_have(label)]
        if missing:
            yield Remark(
                at="alert",
                happens=(
                    f"It is grouped by {', '.join(missing)} ({config.locate(match.pointer)}), which it never "
                    "has: all of its alerts are notified together."
                ),
                instead="Keep the label in the expression, or group this alert by labels that it has.",
            )
            return
