"""Rules that record what each alert rule compares with its threshold, as the rule itself sees it. Pure.

A store need not compute what Prometheus does: MetricsQL's `rate` takes a sample before the window and does
not extrapolate, and a counter's birth counts for it. So the values are computed where the alerts are, and a
store only has to keep them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from alertdrill.core.rule import AlertRule
from alertdrill.rules.files import EVALUATION_INTERVAL_S, RuleFile, parse_rules
from alertdrill.rules.promql.expressions import format_duration, split_threshold

FILE_NAME = "rules that record the values of rules"
RULE_VALUE = "alertdrill:rule_value"
"""The metric; its label `RULE` says the number of the rule."""
RULE_NAN = "alertdrill:rule_value_is_nan"
"""The metric that is there when that value is NaN, which VictoriaMetrics does not keep."""
RULE = "alertdrill_rule"
EVALUATION = "alertdrill:evaluation"
"""The metric that every evaluation of a group of its own leaves, at the usual interval."""


def make_value_rules(rules: Sequence[AlertRule]) -> RuleFile:
    """Return a rule file that records the value of every rule that compares it with a number.

    The rules are told apart by their place in `rules`. Each alert group has a group beside it, with its
    interval. One group more shows that there are evaluations at all.
    """
    groups: dict[tuple[str, float], dict[int, str]] = {}
    for number, rule in enumerate(rules):
        split = split_threshold(rule.expr)
        if split is not None:
            groups.setdefault((rule.group, rule.interval_s), {})[number] = split[0]
    document = {
        "groups": [
            {
                "name": "evaluations",
                "interval": format_duration(EVALUATION_INTERVAL_S),
                "rules": [{"record": EVALUATION, "expr": "vector(1)"}],
            },
            *(
                {
                    # A group's name need be unique in its file only, but several files are behind this one.
                    "name": f"values of {name}, {place}",
                    "interval": format_duration(interval_s),
                    "rules": _record(exprs),
                }
                for place, ((name, interval_s), exprs) in enumerate(groups.items())
            ),
        ]
    }
    return parse_rules(json.dumps(document, indent=2) + "\n", FILE_NAME)


def _record(exprs: Mapping[int, str]) -> list[dict[str, object]]:
    own = f'{RULE_VALUE}{{{RULE}=~"{"|".join(map(str, exprs))}"}}'
    values: list[dict[str, object]] = [
        {"record": RULE_VALUE, "expr": expr, "labels": {RULE: str(number)}} for number, expr in exprs.items()
    ]
    # Only a NaN differs from itself.
    return [*values, {"record": RULE_NAN, "expr": f"({own} != {own}) == bool 0"}]
