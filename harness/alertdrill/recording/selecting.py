"""What rules read: selectors, and which of them a recording was not asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

import promql_parser as ast

from alertdrill.core.rule import AlertRule, Labels
from alertdrill.errors import BadInput
from alertdrill.recording.recording import Recording
from alertdrill.rules.files import RecordingRule, RuleFile
from alertdrill.rules.promql.expressions import metric_name, parse, quote, render_selector, selectors
from alertdrill.rules.promql.matchers import Matcher, accepts, list_matchers, may_read_any

UP = "up"
MAX_SAID = 20
"""Lines on what a recording lacks."""
STATES = {"ALERTS", "ALERTS_FOR_STATE"}

_STRING = r"""("(?:\\.|[^"\\])*"|`[^`]*`)"""
_ACTION = re.compile(rf"""\{{\{{((?:{_STRING}|[^"`}}]|\}}(?!\}}))*)\}}\}}""", re.DOTALL)
_QUERIED = (
    re.compile(rf"\bquery\s+{_STRING}"),
    re.compile(rf"\bquery\s*\(\s*printf\s+{_STRING}"),
    re.compile(rf"""{_STRING}[^|"`]*\|\s*query\b"""),
)
_VERB = re.compile(r"%[sqvd]")
"""What printf fills in."""


def read_selector(text: str) -> ast.VectorSelector:
    """Return the selector that a text is; raises BadInput unless it is one, without range, offset or @."""
    expr = parse(text)
    if not isinstance(expr, ast.VectorSelector) or expr.offset is not None or expr.at is not None:
        raise BadInput(f'{text!r} is not a selector such as up or up{{job="gateway"}}')
    return expr


def list_selectors(files: Sequence[RuleFile]) -> tuple[str, ...]:
    """Return what rules read, as PromQL, sorted, and `up`.

    What the rules themselves record is not among it, nor are the states of their own alerts.
    """
    return tuple(sorted({UP} | {selector for _, selector in _list_reads(files)}))


def widen(texts: Iterable[str]) -> tuple[str, ...]:
    """Return selectors without their matchers where they ask for a name; states of alerts stay as is."""
    widened = set()
    for text in texts:
        name = metric_name(read_selector(text))
        widened.add(text if name is None or name in STATES else name)
    return tuple(sorted(widened))


def say_unrecorded(missing: Iterable[tuple[str, str, str]], recording: str = "the recording") -> list[str]:
    """Return a line for each of what `find_unrecorded` found; of many, the last one counts the rest."""
    lacks = f"which {recording} lacks"
    lines = [f"{source}: {rule}: reads {selector}, {lacks}" for source, rule, selector in missing]
    rest = len(lines) - MAX_SAID
    return [*lines[:MAX_SAID], f"and {rest:,} more"] if rest > 0 else lines


def find_unrecorded(recording: Recording, files: Sequence[RuleFile]) -> tuple[tuple[str, str, str], ...]:
    """Return what rules read and the recording was not asked for, as (`file:line`, rule, selector).

    Where it is not known what a recording was asked for, it is the names that it has. A selector by a pattern
    of names is satisfied by any series there that it selects, or that the rules record. Raises BadInput,
    naming the recording, where it was asked for what is no selector.
    """
    if recording.selectors:
        try:
            had = [list_matchers(read_selector(text)) for text in recording.selectors]
        except BadInput as error:
            raise BadInput(f"{recording.name}: a selector that it was asked for: {error}") from error
    else:
        names = {one.labels["__name__"] for one in recording.series}
        had = [frozenset({("__name__", "=", name)}) for name in names]
    recorded = {rule.name for file in files for rule in file.rules if isinstance(rule, RecordingRule)}
    missing = []
    for rule, text in _list_reads(files):
        selector = read_selector(text)
        is_there = any(_covers(one, list_matchers(selector)) for one in had)
        if not is_there and metric_name(selector) is None:
            is_there = may_read_any(selector, recorded) or (
                not recording.selectors and any(selects(selector, one.labels) for one in recording.series)
            )
        if not is_there:
            missing.append((rule.source, rule.name, text))
    return tuple(missing)


def narrow(asked: Sequence[str], had: Sequence[str]) -> tuple[str, ...]:
    """Return what was recorded, when `asked` was read from what is a recording itself, asked for `had`."""
    pairs = [
        (one, other, list_matchers(read_selector(one)), list_matchers(read_selector(other)))
        for one in asked
        for other in had
    ]
    both = {other for _, other, wide, close in pairs if _covers(wide, close)}
    both |= {one for one, _, close, wide in pairs if _covers(wide, close)}
    return tuple(sorted(both))


def selects(selector: ast.VectorSelector, labels: Labels) -> bool:
    """Tell whether a series with these labels, its name as `__name__`, is one that a selector asks for."""
    return all(
        accepts(operator, expected, labels.get(label, ""))
        for label, operator, expected in list_matchers(selector)
    )


def _list_reads(files: Sequence[RuleFile]) -> Iterator[tuple[AlertRule | RecordingRule, str]]:
    """Yield each selector that is read from what is not the rules' own, with its rule."""
    rules = [rule for file in files for group in file.groups for rule in group.rules]
    recorded = {rule.name for rule in rules if isinstance(rule, RecordingRule)}
    alerts = {rule.name for rule in rules if isinstance(rule, AlertRule)}
    for rule in rules:
        found = {}
        for selector in list_in_rule(rule):
            name = metric_name(selector)
            is_own = name in recorded or (name in STATES and _reads_any(selector, alerts))
            if not is_own:
                found[render_selector(selector)] = True
        for text in found:
            yield rule, text


def list_in_rule(rule: AlertRule | RecordingRule) -> Iterator[ast.VectorSelector]:
    """Yield the selectors in a rule's expression and in the queries of its templates."""
    yield from selectors(parse(rule.expr))
    annotations = rule.annotations if isinstance(rule, AlertRule) else {}
    for template in (*rule.labels.values(), *annotations.values()):
        for text in _list_queries(template):
            # A query that cannot be read shows an error in place of its value, whatever was recorded.
            with suppress(BadInput):
                yield from map(_drop_filled, selectors(parse(text)))


def _drop_filled(selector: ast.VectorSelector) -> ast.VectorSelector:
    """Return a selector without the matchers whose values a template fills in."""
    filled = [matcher.name for matcher in selector.matchers.matchers if _VERB.search(matcher.value)]
    if not filled:
        return selector
    kept = [
        f"{label}{operator}{quote(value)}"
        for label, operator, value in sorted(list_matchers(selector))
        if label not in filled and label != "__name__"
    ]
    return read_selector(f"{metric_name(selector) or ''}{{{', '.join(kept)}}}")


def _list_queries(template: str) -> Iterator[str]:
    """Yield the expressions that a template queries, with printf's verbs where it fills something in."""
    for action in _ACTION.finditer(template):
        for pattern in _QUERIED:
            for match in pattern.finditer(action.group()):
                try:
                    # Go templates and PromQL write string literals alike.
                    literal = parse(match[1])
                except BadInput:
                    continue
                if isinstance(literal, ast.StringLiteral):
                    yield literal.val.replace("%q", '"%s"') if "printf" in action.group() else literal.val


def _reads_any(selector: ast.VectorSelector, alerts: Iterable[str]) -> bool:
    """Tell whether a selector of states may read those of one of these alerts."""
    matchers = [matcher for matcher in list_matchers(selector) if matcher[0] == "alertname"]
    return any(all(accepts(op, expected, name) for _, op, expected in matchers) for name in alerts)


def _covers(wide: frozenset[Matcher], close: frozenset[Matcher]) -> bool:
    """Tell whether every series that `close` asks for is one that `wide` asks for, if that is evident."""
    equal = {label: value for label, operator, value in close if operator == "="}
    return all(
        matcher in close or (matcher[0] in equal and accepts(matcher[1], matcher[2], equal[matcher[0]]))
        for matcher in wide
    )
