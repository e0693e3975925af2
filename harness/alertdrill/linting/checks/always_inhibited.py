"""An alert that another one inhibits for ever.

What happens: An inhibition of the Alertmanager config suppresses this alert while another one fires, and
that one fires always, as one with `vector(1)` does. Nobody is ever notified.

Instead: A source of the inhibition that the watchdog does not match, such as by its alertname.

Wrong:

    expr: sum(rate(errors_total[5m])) > 1
    for: 2m
    labels: {severity: warning}

Right:

    expr: sum(rate(errors_total[5m])) > 1
    for: 2m
    labels: {severity: critical}

With rules:

    groups:
    - name: meta
      rules:
      - alert: Watchdog
        expr: vector(1)
        labels: {severity: critical}

With alertmanager.yml:

    route:
      receiver: oncall
    receivers:
    - name: oncall
      webhook_configs: [{url: "http://127.0.0.1:9/"}]
    inhibit_rules:
    - source_matchers: [severity="critical"]
      target_matchers: [severity="warning"]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alertdrill.linting.checks.absent_of_something import is_always_there
from alertdrill.linting.finding import Severity
from alertdrill.linting.routing import find_value, matches_side
from alertdrill.linting.surroundings import Known, LintedRule, Remark, once

SEVERITY: Severity = "error"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find alerts that are for certain a target of what is for certain a source at all times."""
    config = rule.known.alertmanager
    if rule.alert is None or config is None:
        return
    for index, one in enumerate(config.document.get("inhibit_rules", ())):
        if matches_side(one, "target_", rule) is not True:
            continue
        for source in _list_constant(rule.known):
            if source.rule is not rule.rule and _inhibits(one, source, rule):
                yield Remark(
                    at="alert",
                    happens=(
                        f"{source.rule.name} at {source.rule.source} fires always, and inhibits it "
                        f"({config.locate(f'/inhibit_rules/{index}')}): nobody is ever notified."
                    ),
                    instead="Let the inhibition's source leave that alert out.",
                )
                return


@once
def _list_constant(known: Known) -> tuple[LintedRule, ...]:
    """Return the alerts that fire always."""
    return tuple(one for one in known.rules if one.alert is not None and is_always_there(one.expr))


def _inhibits(inhibition: dict[str, Any], source: LintedRule, target: LintedRule) -> bool:
    """Say whether one alert inhibits another for certain; what is on both sides does not."""
    if matches_side(inhibition, "source_", source) is not True:
        return False
    if matches_side(inhibition, "target_", source) is not False and (
        matches_side(inhibition, "source_", target) is not False
    ):
        return False
    for label in inhibition.get("equal", ()):
        values = find_value(label, source), find_value(label, target)
        if None in values or values[0] != values[1]:
            return False
    return True
