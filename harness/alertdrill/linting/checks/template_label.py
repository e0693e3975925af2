"""A text that prints a label which the result does not have.

What happens: The label is empty in the text: "The disk of is full". An aggregation dropped it, or `absent`
never had it.

Instead: The label among those that the aggregation keeps, or a text without it.

Wrong:

    expr: sum by (job) (rate(errors_total[5m])) > 1
    for: 5m
    annotations: {summary: "{{ $labels.instance }} fails."}

Right:

    expr: sum by (job, instance) (rate(errors_total[5m])) > 1
    for: 5m
    annotations: {summary: "{{ $labels.instance }} fails."}
"""

from __future__ import annotations

from collections.abc import Iterator

from alertdrill.linting.finding import Severity
from alertdrill.linting.parts import Part
from alertdrill.linting.shapes import SELECTING, find_shape
from alertdrill.linting.surroundings import LintedRule, Remark
from alertdrill.linting.template_actions import list_labels

SEVERITY: Severity = "warning"


def check(rule: LintedRule) -> Iterator[Remark]:
    """Find labels in annotations and labels that no series of the result has."""
    alert = rule.alert
    if alert is None:
        return
    shape = find_shape(rule.expr, rule.known)
    texts = [(f"annotations/{name}", text) for name, text in alert.annotations.items()]
    texts += [(f"labels/{name}", text) for name, text in alert.labels.items()]
    for at, text in texts:
        for label in list_labels(text):
            if label in {"alertname", "__name__"} or shape.may_have(label):
                continue
            who = _find_dropping(rule.followed, label)
            yield Remark(
                at=at,
                happens=f"The result has no label {label!r}, so it is empty in this text{_say_who(who)}.",
                instead=f"Keep {label!r} in the expression, or write the text without it.",
            )


def _find_dropping(part: Part, label: str) -> Part | None:
    """Return the outermost part that drops a label."""
    if part.kind == "aggregation" and part.name not in SELECTING:
        drops = part.keeps is None or part.keeps != (label in part.labels)
        return part if drops else _find_dropping(part.children[0], label)
    if part.kind == "call" and part.name in {"absent", "absent_over_time", "vector", "scalar"}:
        return part
    children = part.children
    if part.kind == "binary" and part.group == "right":
        children = children[::-1]
    for child in children:
        if not child.is_scalar and (found := _find_dropping(child, label)) is not None:
            return found
    return None


def _say_who(part: Part | None) -> str:
    if part is None:
        return ""
    word = {None: "", True: "by", False: "without"}[part.keeps]
    labels = f" {word} ({', '.join(part.labels)})" if word else ""
    return (
        f": {part.name}{labels} drops it"
        if part.kind == "aggregation"
        else f": {part.name}() does not have it"
    )
