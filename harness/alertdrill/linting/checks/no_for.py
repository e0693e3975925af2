"""A gauge or a ratio that fires at once, without a `for`.

What happens: One sample over the threshold fires the alert: a single scrape that fell into a bad moment
notifies somebody, and the next resolves it. A value that goes to and fro around the threshold does so again
and again.

Instead: A `for` of some evaluations, or an average over a window in the expression.

Wrong:

    expr: queue_depth > 100

Right:

    expr: queue_depth > 100
    for: 5m
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alertdrill.linting.conditions import list_conditions, list_thresholds
from alertdrill.linting.counters import is_counter
from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "warning"
LASTING = re.compile(r"timestamp|_time(?:_|$)|since|expir|_info$|created|^ALERTS|uptime|_ttl|_age(?:_|$)")
"""Names, or parts of them, of what is not a level that goes up and down."""


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find thresholds of what is as it is at one scrape."""
    alert = rule.alert
    if (
        alert is None
        or alert.for_s
        or alert.keep_firing_for_s
        or any(part.kind in {"range", "subquery"} for part in rule.followed_parts)
    ):
        return
    conditions = list(list_conditions(rule.followed))
    if any(
        part.kind == "call" and part.name in {"absent", "time", "timestamp"} for part in rule.followed_parts
    ):
        return
    thresholds = [one for one in list_thresholds(rule.followed) if one.part in conditions]
    if not thresholds or any(map(_lasts, rule.followed.list_selectors())):
        return
    if any(part.shift_s or is_counter(part.name, rule.known) for part in rule.followed.list_selectors()):
        return
    if any(part.name in rule.known.recorded or ":" in part.name for part in rule.followed.list_selectors()):
        return  # what is recorded may be an average
    yield Remark(
        part=thresholds[0].part,
        severity="information" if thresholds[0].operator in {"==", "!="} else None,
        happens="One scrape that meets this fires the alert at once, and one that does not resolves it.",
        instead="Give it a `for` of some evaluations, such as 5m.",
    )


def _lasts(part: Part) -> bool:
    return not part.name or LASTING.search(part.name) is not None
