"""A high quantile, or a share, of what may be a few calls.

What happens: Of fewer calls than it needs, a quantile is the slowest of them: below 100 calls in the window
the 99th percentile is one call. A share jumps as far: one bad call of two is a half. A quiet hour, tenant
or model fires for it.

Instead: No value below a number of calls: `histogram_quantile(…) and on (…) sum by (…)
(increase(NAME_count[5m])) >= 100`, or a `for` longer than the window.

Wrong:

    expr: histogram_quantile(0.99, sum by (tenant, le) (rate(latency_seconds_bucket[5m]))) > 2

Right:

    expr: >-
      histogram_quantile(0.99, sum by (tenant, le) (rate(latency_seconds_bucket[5m]))) > 2
      and on (tenant) sum by (tenant) (increase(latency_seconds_count[5m])) >= 100
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from alertdrill.linting.conditions import RATING, Threshold, list_thresholds
from alertdrill.linting.finding import Severity
from alertdrill.linting.likeness import is_counted
from alertdrill.linting.parts import Part
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "information"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find high quantiles that no number of calls guards, and whose window outlasts `for`."""
    if rule.alert is None or any(
        part.kind == "binary" and part.name == "and" for part in rule.followed_parts
    ):
        return
    for threshold in list_thresholds(rule.followed):
        part = threshold.vector
        yield from _check_share(threshold)
        if threshold.operator not in {">", ">="} or part.kind != "call" or part.name != "histogram_quantile":
            continue
        quantile = part.children[0].value
        windows = [below.window_s for below in part.walk() if below.kind == "range"]
        if quantile is None or not 0.5 < quantile < 1 or not windows or rule.alert.for_s >= max(windows):
            continue
        needed = math.ceil(round(1 / (1 - quantile), 6))
        yield Remark(
            part=part,
            happens=(
                f"With fewer than {needed} calls in the window this quantile is the slowest call: one call "
                "can fire it."
            ),
            instead=f"Ask for a number of calls, too: `and on (…) … increase(NAME_count[…]) >= {needed}`.",
        )


def _check_share(threshold: Threshold) -> Iterator[Remark]:
    """Find shares of what comes by name, such as a model or a tenant, that few calls decide."""
    part = threshold.vector
    if part.kind != "binary" or part.name != "/" or threshold.operator not in {">", ">="}:
        return
    under = part.children[1]
    is_by_name = under.kind == "aggregation" and under.keeps and set(under.labels) - {"job", "cluster"}
    is_of_rates = all(_is_sum_of_rates(side) for side in part.children)
    if not is_by_name or not is_of_rates or not 0 < threshold.value < 1:
        return
    shown = " and ".join(under.labels)
    yield Remark(
        part=part,
        happens=(
            f"Where one {shown} has few calls in the window, one bad call is more than {threshold.value:g} "
            "of them."
        ),
        instead="If one call is not to fire it, ask for a number of calls, too: `and on (…) … >= …`.",
    )


def _is_sum_of_rates(part: Part) -> bool:
    calls = [below for below in part.walk() if below.kind == "call"]
    return is_counted(part) and bool(calls) and all(call.name in RATING for call in calls)
