"""What is known of each alert before drafts are made: what it measures, its pace, whom it pages. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import promql_parser as ast

from alertdrill.core.rule import AlertRule, Labels
from alertdrill.errors import BadInput
from alertdrill.project.drafting.measures import find_usd_per_million
from alertdrill.project.drafting.metrics import MODEL_LABEL, Metrics
from alertdrill.project.drafting.recognising import Recognised, Recogniser, Unknown
from alertdrill.project.drafting.timing import Pace
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.files import RecordingRule, RuleFile
from alertdrill.rules.promql.expressions import list_children, metric_name, parse, selectors

SCRAPED_LABELS = {"job", "instance"}
"""Labels that Prometheus gives to what it scrapes."""
OWN_METRICS = {"up", "ALERTS", "ALERTS_FOR_STATE"}
"""Metrics that Prometheus makes itself."""
_STATUS = re.compile(r"status|code|outcome|result|error|reason|type|class|success|exception", re.IGNORECASE)
MAX_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Whom an alert pages, one or more; how long its groups wait at first, and then between notifications.

    `todo` says what there is to decide where nobody would be paged. `intervals` are the time intervals that
    may mute a receiver, by its name.
    """

    receivers: tuple[str, ...]
    wait_s: float = 30.0
    interval_s: float = 60.0
    todo: str = ""
    intervals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An alert that is drilled, and the `drill` that makes it fire.

    `labels` tell its alerts from others of its name. `recognised` is None where `todo` says what there is to
    decide. `reads` is what its expression selects, as it stands there.
    """

    rule: AlertRule
    drill: str
    labels: Labels
    recognised: Recognised | None
    todo: str
    pace: Pace
    paging: Paging
    model: str
    priced: str
    """The model whose price its calls are counted with, where a gateway has other names for models."""
    reads: tuple[ast.VectorSelector, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known besides the rules: the model of ordinary calls, scrapes, metrics and pages."""

    model: str
    scrape_s: float
    metrics: Metrics | None
    find_paging: Callable[[Labels], Paging]


def list_subjects(files: Sequence[RuleFile], around: Surroundings) -> tuple[Subject, ...]:
    """Return what is known of each alert, in the files' order."""
    recorded: dict[str, list[str]] = {}
    for one in (one for file in files for group in file.groups for one in group.rules):
        if isinstance(one, RecordingRule):
            recorded.setdefault(one.name, []).append(one.expr)
    recogniser = Recogniser(recorded, around.metrics)
    rules = [rule for file in files for rule in file.alerts]
    return tuple(
        _find_subject(rule, drill, _tell_apart(rule, rules), recogniser, around)
        for rule, drill in zip(rules, name_drills(rule.name for rule in rules), strict=True)
    )


def name_drills(alerts: Iterable[str]) -> list[str]:
    """Return a name for the drill of each alert: `HighErrorRate` has `high-error-rate`, another `…-2`."""
    named: list[str] = []
    for alert in alerts:
        words = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3-\2\4", alert)
        name = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:80] or "alert"
        if not name[0].isalpha():
            name = f"alert-{name}"
        number = 1
        while (name if number == 1 else f"{name}-{number}") in named:
            number += 1
        named.append(name if number == 1 else f"{name}-{number}")
    return named


def list_read(text: str, recogniser: Recogniser) -> tuple[ast.VectorSelector, ...]:
    """Return the selectors of an expression and of the recording rules that it reads."""
    try:
        return selectors(recogniser.expand(parse(text)))
    except (Unknown, BadInput):
        return selectors(parse(text))


def _find_subject(
    rule: AlertRule, drill: str, labels: Labels, recogniser: Recogniser, around: Surroundings
) -> Subject:
    recognised, todo = None, ""
    read: tuple[ast.VectorSelector, ...] = ()
    try:
        read = list_read(rule.expr, recogniser)
        if around.metrics is not None:
            _check_known(read, around.metrics)
        recognised = recogniser.recognise(rule.expr)
    except Unknown as unknown:
        todo = str(unknown)
    except BadInput as error:
        todo = f"say what makes it fire: {error}"
    model = _find_model(read) or around.model
    if recognised is not None and around.metrics is not None:
        labels = {**labels, **_find_model_label(rule.expr, read, model, around.metrics)}
    paging = around.find_paging({**rule.labels, **labels, "alertname": rule.name})
    pace = Pace(
        window_s=0.0 if recognised is None else recognised.window_s,
        for_s=rule.for_s,
        keep_firing_for_s=rule.keep_firing_for_s,
        interval_s=rule.interval_s,
        scrape_s=around.scrape_s,
    )
    return Subject(
        rule=rule,
        drill=drill,
        labels=labels,
        recognised=recognised,
        todo=todo,
        pace=pace,
        paging=paging,
        model=model,
        priced=model if around.metrics is None else _find_priced(read, model, around.metrics),
        reads=read,
    )


def _tell_apart(rule: AlertRule, rules: Iterable[AlertRule]) -> Labels:
    """Return the labels of a rule that others of its name do not have."""
    others = [one for one in rules if one.name == rule.name and one is not rule]
    return {
        name: value
        for name, value in rule.labels.items()
        if others and "{{" not in value and any(one.labels.get(name) != value for one in others)
    }


def _check_known(read: Sequence[ast.VectorSelector], metrics: Metrics) -> None:
    """Raise Unknown for what is read and was not seen."""
    for node in read:
        name = metric_name(node)
        if name is None or name in OWN_METRICS:
            continue
        if not metrics.has(name):
            near = say_nearest(name, sorted(metrics.values))
            raise Unknown(
                f"send the gateway a call and see whether {name} appears, which is nowhere in "
                f"{metrics.source}, or correct the rule{near}"
            )
        for matcher in node.matchers.matchers:
            if matcher.op != ast.MatchOp.Equal or matcher.name in SCRAPED_LABELS | {"__name__"}:
                continue
            if MODEL_LABEL.fullmatch(matcher.name) or _STATUS.search(matcher.name):
                continue
            values = metrics.list_values(name, matcher.name)
            if values and matcher.value and matcher.value not in values:
                seen = ", ".join(sorted(values)[:MAX_SHOWN])
                what = f'{name}{{{matcher.name}="{matcher.value}"}}'
                raise Unknown(f"say what makes {what}, for so far {matcher.name} is only ever {seen}")


def _find_model(read: Iterable[ast.VectorSelector]) -> str | None:
    """Return the model that a rule is about alone."""
    for node in read:
        for matcher in node.matchers.matchers:
            if MODEL_LABEL.fullmatch(matcher.name) and matcher.op == ast.MatchOp.Equal and matcher.value:
                return matcher.value
    return None


def _find_priced(read: Iterable[ast.VectorSelector], model: str, metrics: Metrics) -> str:
    """Return a model whose price is known: the one that is asked for, or the only one that it is counted as.

    Of series those count that name the model that is asked for; all, where none does.
    """
    if find_usd_per_million(model) is not None:
        return model
    named = [together for node in read for together in metrics.models.get(metric_name(node) or "", ())]
    own = [together for together in named if model in together]
    seen = {name for together in own or named for name in together if find_usd_per_million(name) is not None}
    return seen.pop() if len(seen) == 1 else model


def _find_model_label(text: str, read: Sequence[ast.VectorSelector], model: str, metrics: Metrics) -> Labels:
    """Return the label that names the model, if alerts have it, and its values are models' plain names."""
    for label in _find_grouping(parse(text)):
        if MODEL_LABEL.fullmatch(label) and any(
            model in metrics.list_values(metric_name(node) or "", label) for node in read
        ):
            return {label: model}
    return {}


def _find_grouping(tree: ast.Expr) -> tuple[str, ...]:
    """Return the labels that the outermost aggregation keeps."""
    left = [tree]
    while left:
        node = left.pop(0)
        if isinstance(node, ast.AggregateExpr):
            if node.modifier is None or node.modifier.type != ast.AggModifierType.By:
                return ()
            return tuple(node.modifier.labels)
        left += list_children(node)
    return ()
