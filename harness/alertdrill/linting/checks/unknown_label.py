"""A label that a metric does not have.

What happens: A matcher of a label that no series has compares with the empty text: it selects nothing, or
everything if the empty text is accepted. Grouping by it puts all series into one group. Labels are known of
the metrics given by `--metrics`; those that a scrape adds, such as `job` and `namespace`, are not taken for
unknown unless Prometheus's own series are given. A value that no series was seen with is told as
information: there may be one later.

Instead: The label that the metric has.

Wrong:

    expr: sum(rate(http_requests_total{status_code=~"5.."}[5m])) > 1

Right:

    expr: sum(rate(http_requests_total{status=~"5.."}[5m])) > 1

With metrics:

    # TYPE http_requests_total counter
    http_requests_total{method="GET",status="200"} 3
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.shapes import SELECTING, TARGET_LABELS
from alertdrill.linting.surroundings import Remark, Stated
from alertdrill.project.drafting.metrics import Metrics
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.promql.matchers import accepts

SEVERITY: Severity = "error"


def check(rule: Stated) -> Iterator[Remark]:
    """Find matchers and groupings by labels that a metric lacks."""
    metrics = rule.known.metrics
    if metrics is None:
        return
    for part in rule.parts:
        if part.kind == "selector":
            yield from _check_selector(part, metrics, rule)
        elif part.kind == "aggregation" and part.keeps and part.name not in SELECTING:
            yield from _check_grouping(part, metrics, rule)


def _list_labels(name: str, metrics: Metrics, rule: Stated) -> frozenset[str] | None:
    """Return the labels of a metric; None where they are not known."""
    if name in rule.known.recorded or not metrics.values.get(name):
        return None
    seen = frozenset(metrics.values[name]) | {"__name__"}
    return seen if metrics.is_stored else seen | TARGET_LABELS


def _check_selector(part: Part, metrics: Metrics, rule: Stated) -> Iterator[Remark]:
    labels = _list_labels(part.name, metrics, rule)
    for label, operator, value in part.matchers if labels is not None else ():
        if labels is None or accepts(operator, value, ""):
            continue
        if label in labels:
            yield from _check_value(part, label, metrics, (operator, value))
            continue
        known = sorted(metrics.values[part.name])
        yield Remark(
            part=part,
            happens=f"{part.name} has no label {label!r} in {metrics.source}, so this selects nothing.",
            instead=(
                f"Name one of its labels{say_nearest(label, known)} (it has {', '.join(known) or 'none'})."
            ),
        )


def _check_value(part: Part, label: str, metrics: Metrics, asked: tuple[str, str]) -> Iterator[Remark]:
    """Find values that no series was seen with; there may be some later."""
    operator, wanted = asked
    values = metrics.list_values(part.name, label)
    if operator != "=" or not values or wanted in values:
        return
    yield Remark(
        part=part,
        severity="information",
        happens=f"No series of {part.name} in {metrics.source} has {label}={wanted!r} yet.",
        instead=f"Look whether it can be{say_nearest(wanted, sorted(values)) or '.'}",
    )


def _check_grouping(part: Part, metrics: Metrics, rule: Stated) -> Iterator[Remark]:
    """Find labels of a grouping of one metric that nothing below it has or makes."""
    if any(
        below.kind == "call" and below.name in {"label_replace", "label_join", "info"}
        for below in part.walk()
    ):
        return
    selectors = part.children[0].list_selectors()
    found = [_list_labels(one.name, metrics, rule) for one in selectors]
    known: frozenset[str] = frozenset().union(*(one for one in found if one is not None))
    if not found or None in found:
        return
    for label in part.labels:
        if label not in known and not any(below.name == "count_values" for below in part.walk()):
            near = say_nearest(label, sorted(known - TARGET_LABELS))
            yield Remark(
                part=part,
                severity="warning",
                happens=(
                    f"No metric that is grouped here has a label {label!r} in {metrics.source}: all series "
                    "are one group."
                ),
                instead=f"Group by labels that are there{near or '.'}",
            )
