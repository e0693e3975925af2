"""A quantile of something that is no rate of buckets.

What happens: `histogram_quantile` takes a quantile from 0 to 1 of the buckets of a histogram, told apart by
their label `le`. Without `rate` buckets count since the start of the process, so after a day a slow hour is
not seen. Where an aggregation drops `le` there is no value at all. A quantile of 95 is infinite.

Instead: `histogram_quantile(0.95, sum by (le) (rate(NAME_bucket[5m])))`.

Wrong:

    expr: histogram_quantile(0.95, sum by (job) (rate(latency_seconds_bucket[5m]))) > 1

Right:

    expr: histogram_quantile(0.95, sum by (job, le) (rate(latency_seconds_bucket[5m]))) > 1
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.shapes import find_shape
from alertdrill.linting.surroundings import LintedRule, Remark

SEVERITY: Severity = "error"
CHANGING = {"rate", "increase", "irate", "delta", "idelta", "deriv"}


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find quantiles out of range, without `le`, and of buckets since the start."""
    for part in rule.joining_parts:
        if part.kind == "call" and part.name == "histogram_quantile":
            yield from _check_call(part, rule)


def _check_call(part: Part, rule: LintedRule) -> Iterator[Remark]:
    quantile, buckets = part.children
    if quantile.value is not None and not 0 <= quantile.value <= 1:
        yield Remark(
            part=quantile,
            happens=(
                f"The quantile {quantile.value:g} is not between 0 and 1, so the result is always infinite."
            ),
            instead=f"Write {quantile.value / 100:g}."
            if quantile.value > 1
            else "Write a number between 0 and 1.",
        )
    names = [one.name for one in buckets.list_selectors()]
    classic = [name for name in names if name.endswith("_bucket")]
    if not names or classic != names:
        yield from _check_native(part, names, rule)
        return
    if not find_shape(buckets, rule.known).may_have("le"):
        yield Remark(
            part=buckets,
            happens="The label le is dropped here, so no bucket is left, and the quantile never has a value.",
            instead="Add le to the labels that are kept.",
        )
    if not any(below.kind == "call" and below.name in CHANGING for below in buckets.walk()):
        recorded = any(name in rule.known.recorded for name in names)
        if not recorded and not any(below.kind in {"range", "subquery"} for below in buckets.walk()):
            yield Remark(
                part=buckets,
                happens=(
                    "Buckets count since the start of the process, so this is the quantile of all "
                    "that ever was: "
                    "what changes now is hardly seen, and what was slow stays."
                ),
                instead=f"Take the rate of them: rate({names[0]}[5m]).",
            )


def _check_native(part: Part, names: list[str], rule: LintedRule) -> Iterator[Remark]:
    """Find names of which the metrics say that they have classic buckets."""
    metrics = rule.known.metrics
    for name in names:
        if metrics is not None and metrics.lacks(name) and metrics.has(f"{name}_bucket"):
            yield Remark(
                part=part,
                happens=f"There is no metric {name!r}: the histogram's buckets are {name}_bucket.",
                instead=f"Read {name}_bucket.",
            )
