"""Which labels the series of an expression have: for certain, perhaps, and never. Pure.

As Prometheus's engine makes the labels of results: aggregations keep or drop, one-to-one matching keeps
what is matched, the side with many series keeps all of its own. A recording rule's series have the labels
of its expression and its own; those of metrics that were looked at have what was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from alertdrill.linting.parts import SET_OPERATORS, Part
from alertdrill.linting.surroundings import Known
from alertdrill.rules.promql.matchers import accepts

MAX_DEPTH = 10
"""Of recording rules that read each other."""
SELECTING = {"topk", "bottomk", "limitk", "limit_ratio"}
"""Aggregations that choose among series, and leave them as they are."""
TARGET_LABELS = frozenset(
    {
        *("job", "instance", "cluster", "namespace", "pod", "service", "container", "endpoint", "node"),
        *("region", "zone", "az", "datacenter", "dc", "env", "environment", "stage", "replica", "prometheus"),
        *("host", "hostname", "nodename", "app", "component", "team", "tenant", "project", "group"),
        *("exported_job", "exported_instance", "target", "name", "metrics_path", "site", "stack"),
    }
)
"""Labels that a scrape may add to what a target shows; which they are, a target cannot tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The labels of a result. `possible` None: nobody knows which; `values` are those with one value."""

    certain: frozenset[str] = frozenset()
    possible: frozenset[str] | None = None
    never: frozenset[str] = frozenset()
    values: Mapping[str, str] = field(default_factory=dict)

    def may_have(self, label: str) -> bool:
        """Say whether a series may have a label."""
        return label not in self.never and (self.possible is None or label in self.possible)


NOTHING = Shape(possible=frozenset())


def find_shape(part: Part, known: Known, depth: int = 0) -> Shape:
    """Return the labels of an expression's series; of a scalar there are none."""
    return known.work_out(("shape", part), lambda: _find(part, known, depth))


def _find(part: Part, known: Known, depth: int) -> Shape:
    match part.kind:
        case "selector":
            return _read_selector(part, known, depth)
        case "range" | "subquery" | "unary":
            return find_shape(part.children[0], known, depth)
        case "call":
            return _read_call(part, known, depth)
        case "aggregation":
            return _aggregate(part, find_shape(part.children[0], known, depth))
        case "binary":
            return _combine(part, known, depth)
        case _:
            return NOTHING


def _read_selector(part: Part, known: Known, depth: int) -> Shape:
    shape = _find_source(part.name, known, depth)
    certain, never, values = set(shape.certain), set(shape.never), dict(shape.values)
    for label, operator, value in part.matchers:
        if label == "__name__":
            continue
        if operator == "=" and value:
            values[label] = value
        if not accepts(operator, value, ""):
            certain.add(label)
        elif operator == "=":
            never.add(label)
            values.pop(label, None)
    possible = shape.possible
    return Shape(certain=frozenset(certain - never), possible=possible, never=frozenset(never), values=values)


def _find_source(name: str, known: Known, depth: int) -> Shape:
    """Return the labels of a metric, or of what recording rules make by that name."""
    rules = known.recorded.get(name, ())
    if rules and depth < MAX_DEPTH:
        shapes = []
        for one in rules:
            shape = find_shape(one.expr, known, depth + 1)
            for label, value in one.rule.labels.items():
                shape = _set_label(shape, label, value)
            shapes.append(shape)
        return _unite(shapes)
    metrics = known.metrics
    if metrics is None or rules or not metrics.values.get(name):
        return Shape()
    seen = frozenset(metrics.values[name]) - {"__name__"}
    added = frozenset() if metrics.is_stored else TARGET_LABELS
    return Shape(certain=metrics.always.get(name, frozenset()) - {"__name__"}, possible=seen | added)


def _set_label(shape: Shape, label: str, value: str) -> Shape:
    possible = None if shape.possible is None else shape.possible | {label}
    if not value:
        values = {name: text for name, text in shape.values.items() if name != label}
        return replace(shape, certain=shape.certain - {label}, never=shape.never | {label}, values=values)
    return Shape(
        certain=shape.certain | {label},
        possible=possible,
        never=shape.never - {label},
        values={**shape.values, label: value},
    )


def _unite(shapes: list[Shape]) -> Shape:
    """Return the labels of series of which each has one of these shapes."""
    first, *others = shapes
    for other in others:
        both = None
        if first.possible is not None and other.possible is not None:
            both = first.possible | other.possible
        values = {name: text for name, text in first.values.items() if other.values.get(name) == text}
        first = Shape(
            certain=first.certain & other.certain,
            possible=both,
            never=frozenset(
                name
                for name in first.never | other.never
                if not (first.may_have(name) or other.may_have(name))
            ),
            values=values,
        )
    return first


def _read_call(part: Part, known: Known, depth: int) -> Shape:
    match part.name:
        case "absent" | "absent_over_time":
            return _read_absent(part.children[0])
        case "vector" | "scalar" | "time" | "pi":
            return NOTHING
        case "info":
            return Shape()
        case "label_replace" | "label_join":
            shape = find_shape(part.children[0], known, depth)
            label = part.children[1].string
            return Shape(
                certain=shape.certain - {label},
                possible=None if shape.possible is None else shape.possible | {label},
                never=shape.never - {label},
                values={name: text for name, text in shape.values.items() if name != label},
            )
        case "histogram_quantile" | "histogram_fraction" | "histogram_quantiles":
            shape = find_shape(
                part.children[-1] if part.name != "histogram_quantiles" else part.children[0], known, depth
            )
            return _drop(shape, frozenset({"le"}))
        case _:
            vectors = [child for child in part.children if not child.is_scalar]
            return find_shape(vectors[0], known, depth) if vectors else NOTHING


def _read_absent(part: Part) -> Shape:
    """Return the labels that `absent` gives its result: those that a selector asks for by one value."""
    selector = part.children[0] if part.kind == "range" else part
    if selector.kind != "selector":
        return NOTHING
    asked = [label for label, _, _ in selector.matchers]
    values = {
        label: value
        for label, operator, value in selector.matchers
        if operator == "=" and value and label != "__name__" and asked.count(label) == 1
    }
    return Shape(certain=frozenset(values), possible=frozenset(values), values=values)


def _aggregate(part: Part, shape: Shape) -> Shape:
    if part.name in SELECTING:
        return shape
    if part.keeps is None:
        kept = NOTHING
    elif part.keeps:
        kept = _keep(shape, frozenset(part.labels))
    else:
        kept = _drop(shape, frozenset(part.labels))
    if part.name == "count_values" and part.parameter is not None:
        label = part.parameter.string
        possible = None if kept.possible is None else kept.possible | {label}
        return replace(kept, certain=kept.certain | {label}, possible=possible)
    return kept


def _keep(shape: Shape, labels: frozenset[str]) -> Shape:
    return Shape(
        certain=shape.certain & labels,
        possible=frozenset(label for label in labels if shape.may_have(label)),
        values={name: text for name, text in shape.values.items() if name in labels},
    )


def _drop(shape: Shape, labels: frozenset[str]) -> Shape:
    return Shape(
        certain=shape.certain - labels,
        possible=None if shape.possible is None else shape.possible - labels,
        never=shape.never | labels,
        values={name: text for name, text in shape.values.items() if name not in labels},
    )


def _combine(part: Part, known: Known, depth: int) -> Shape:
    left, right = part.children
    if left.is_scalar or right.is_scalar:
        vector = right if left.is_scalar else left
        return NOTHING if vector.is_scalar else find_shape(vector, known, depth)
    shapes = find_shape(left, known, depth), find_shape(right, known, depth)
    if part.name == "or":
        return _unite(list(shapes))
    if part.name in SET_OPERATORS:
        return shapes[0]
    if part.group is not None:
        many, one = shapes if part.group == "left" else shapes[::-1]
        for label in part.group_labels:
            many = _take_over(many, one, label)
        return many
    if part.keeps:
        return _keep(shapes[0], frozenset(part.labels))
    if part.keeps is False:
        return _drop(shapes[0], frozenset(part.labels))
    return _match_all(*shapes)


def _take_over(many: Shape, one: Shape, label: str) -> Shape:
    """Return the labels of the side with many series, with a label that it takes of the other."""
    if not one.may_have(label):
        return _drop(many, frozenset({label}))
    values = {name: text for name, text in many.values.items() if name != label}
    if label in one.values:
        values[label] = one.values[label]
    certain = many.certain - {label}
    return Shape(
        certain=certain | {label} if label in one.certain else certain,
        possible=None if many.possible is None else many.possible | {label},
        never=many.never - {label},
        values=values,
    )


def _match_all(left: Shape, right: Shape) -> Shape:
    """Return the labels of pairs whose labels are all the same."""
    possible = left.possible if right.possible is None else right.possible
    if left.possible is not None and right.possible is not None:
        possible = left.possible & right.possible
    return Shape(
        certain=left.certain | right.certain,
        possible=possible,
        never=left.never | right.never,
        values={**right.values, **left.values},
    )
