"""An alert that no route asks for.

What happens: No route of the Alertmanager config takes it, so it goes to the root's receiver with all else
that nobody asked for. If that receiver has no integration, nobody is notified. Labels that the series bring
along are not known, so only alerts are told that no route can take whatever these are.

Instead: A route for it, or the label that the route asks for.

Wrong:

    expr: sum(rate(errors_total[5m])) > 1
    for: 5m
    labels: {severity: page}

Right:

    expr: sum(rate(errors_total[5m])) > 1
    for: 5m
    labels: {severity: critical}

With alertmanager.yml:

    route:
      receiver: everything
      routes:
      - matchers: [severity="critical"]
        receiver: oncall
    receivers:
    - name: everything
    - name: oncall
      webhook_configs: [{url: "http://127.0.0.1:9/"}]
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.routing import find_destinations, has_integration
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "warning"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find alerts that only the root can take, or whose receivers have no integration."""
    config = rule.known.alertmanager
    if rule.alert is None or config is None:
        return
    found = find_destinations(rule)
    silent = sorted({one.receiver for one in found if not has_integration(config, one.receiver)})
    ends = {one.pointer for one in found}
    if len(silent) == len({one.receiver for one in found}):
        shown = ", ".join(map(repr, silent))
        yield Remark(
            at="labels/severity",
            # A route that leads there was written on purpose.
            severity="error" if ends == {"/route"} else "information",
            happens=f"Nobody is notified: it goes to the receiver {shown}, which has no integration.",
            instead=f"Give it the labels that a route asks for, or a route of its own ({config.source}).",
        )
    elif ends == {"/route"} and config.document["route"].get("routes"):
        yield Remark(
            at="labels/severity",
            happens=f"No route takes it: it goes to the default receiver {found[0].receiver!r}.",
            instead=f"Give it the labels that a route asks for, or a route of its own ({config.source}).",
        )
