"""A recording and what rules did over it, as a unit test that promtool runs without us.

promtool's `alert_rule_test` sees only alerts that fire and ignores those that it does not name, so pending
alerts, and that nothing else fires, are said by queries of ALERTS: all of it at the instants that matter,
and over the whole how many evaluations each state lasted and how often it began anew. Together they leave no
room: an alert that paused or appeared between two instants would have begun once more, which changes the
value of ALERTS_FOR_STATE.
Format: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/. Instants are
milliseconds of promtool's time, which starts at 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal, TypeVar

from alertdrill.core.rule import AlertRule, Labels
from alertdrill.errors import BadInput
from alertdrill.recording.replay.activity import Activity
from alertdrill.recording.replay.notation import write_series
from alertdrill.rules.files import RecordingRule, RuleFile
from alertdrill.rules.promql.expressions import format_duration, format_number, quote

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
State = Literal["pending", "firing"]
Look = tuple[int, str]
"""An instant, and the name of the alerts that are looked at then."""

MAX_EXPECTED = 100_000
"""Alerts that one test may expect, over all the instants that it looks at."""
MAX_COUNTED = 5000
"""Evaluations that are counted by one query."""

_PLAIN_KEY = re.compile(r"[a-z][A-Za-z0-9_]*")
# What YAML 1.1 reads as something else than text.
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """For how long an alert was in one state: from its first evaluation until the first that ended it."""

    alert: str
    labels: Labels
    state: State
    from_ms: int
    until_ms: int

    @property
    def sample(self) -> str:
        """The labels that ALERTS has of it, in promtool's notation."""
        return write_series({**self.labels, "alertname": self.alert, "alertstate": self.state})


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotated:
    """A firing alert with its annotations, as they were rendered at one instant."""

    labels: Labels
    annotations: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A query that counts over many evaluations, and what it comes to at an instant."""

    expr: str
    at_ms: int
    samples: Sequence[tuple[Labels, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTest:
    """All that a unit test states; `preface` are the lines of its comment.

    `groups` are the groups' names in the order of their evaluation, `series` names and values in promtool's
    notation, a value every `step_ms`. The rules are evaluated every `interval_ms` until `last_ms`. `looks`
    are the firing alerts to be found at some instants, `counts` those of `list_counts`. Where `alerts` is
    given, other alerts are in the series, and only those of these names are the rules' own. What rules make
    is stamped `offset_ms` before their evaluation.
    """

    name: str
    preface: Sequence[str]
    rule_files: Sequence[str]
    groups: Sequence[str]
    series: Sequence[tuple[str, str]]
    step_ms: int
    interval_ms: int
    last_ms: int
    spans: Sequence[Span]
    looks: Mapping[Look, Sequence[Annotated]]
    counts: Sequence[Count]
    alerts: Sequence[str] | None = None
    offset_ms: int = 0


def find_spans(activities: Iterable[Activity], interval_ms: int) -> tuple[Span, ...]:
    """Return how long each alert was in each state, in the order of labels and time."""
    spans = [
        Span(
            alert=activity.alert,
            labels=activity.labels,
            state=state,
            from_ms=begin * interval_ms,
            until_ms=end * interval_ms,
        )
        for activity in activities
        for state, mask in _list_masks(activity)
        for begin, end in _list_stretches(mask)
    ]
    return tuple(sorted(spans, key=lambda span: (span.sample, span.from_ms)))


def _list_masks(activity: Activity) -> tuple[tuple[State, int], ...]:
    return ("pending", activity.pending), ("firing", activity.firing)


def list_counts(
    interval_ms: int, last_ms: int, alerts: Sequence[str] | None = None, offset_ms: int = 0
) -> list[tuple[str, int]]:
    """Return the queries that count evaluations and activations, and when each is asked.

    One of each would do, but promtool reads no more than 10,000 samples of a series at once. Whether the
    beginning of a window is in it differs by version, so no evaluation is there.
    """
    counts = []
    own, now = _choose(alerts), _write_offset(offset_ms)
    for first_ms in range(0, last_ms + interval_ms, MAX_COUNTED * interval_ms):
        at_ms = min(first_ms + MAX_COUNTED * interval_ms, last_ms + interval_ms) - interval_ms
        before_ms = interval_ms // 2 if first_ms else interval_ms
        window = _write_instant(at_ms - first_ms + before_ms)
        counts += [
            (f"count_over_time(ALERTS{own}[{window}]{now})", at_ms),
            (f"changes(ALERTS_FOR_STATE{own}[{window}]{now})", at_ms),
        ]
    return counts


def _choose(alerts: Sequence[str] | None) -> str:
    return "" if alerts is None else f"{{alertname=~{quote('|'.join(map(re.escape, alerts)))}}}"


def _write_offset(milliseconds: int) -> str:
    return f" offset {_write_instant(milliseconds)}" if milliseconds else ""


def _list_stretches(mask: int) -> Iterator[tuple[int, int]]:
    """Yield where bits that are set begin, and where they end, from the lowest on."""
    at = 0
    for bit, stretch in groupby(reversed(f"{mask:b}")):
        length = len(list(stretch))
        if bit == "1":
            yield at, at + length
        at += length


def list_looks(spans: Iterable[Span], interval_ms: int, last_ms: int) -> list[Look]:
    """Return when which alerts are looked at with their annotations: where one begins or ends to fire."""
    return sorted(
        {
            (at_ms, span.alert)
            for span in spans
            if span.state == "firing"
            for at_ms in _list_edges([span], interval_ms, last_ms)
        }
    )


def _list_edges(spans: Iterable[Span], interval_ms: int, last_ms: int) -> list[int]:
    """Return the instants at which a state begins or ends, and the evaluation before each."""
    edges = {at_ms for span in spans for at_ms in (span.from_ms, span.until_ms)}
    edges |= {at_ms - interval_ms for at_ms in edges}
    return sorted(at_ms for at_ms in edges if 0 <= at_ms <= last_ms)


def render_test(test: UnitTest) -> str:
    """Return the text of a unit test, the same for the same test. Raises BadInput where it grew too long."""
    active = _find_active(test)
    return "\n".join(
        [
            *(f"# {_escape(line)}".rstrip() for line in test.preface),
            *_list_items("rule_files", test.rule_files),
            f"evaluation_interval: {_write_instant(test.interval_ms)}",
            *(_list_items("group_eval_order", test.groups) if len(test.groups) > 1 else ()),
            "tests:",
            f"  - name: {_write_text(test.name)}",
            f"    interval: {_write_instant(test.step_ms)}",
            *_render_series(test.series),
            "    promql_expr_test:",
            *_render_queries(test, active),
            *_render_looks(test),
            "",
        ]
    )


def render_rules(file: RuleFile) -> str:
    """Return the text of a plain rule file with a file's rules, for what promtool does not read as it is."""
    lines = [
        f"# A plain copy of {_escape(Path(file.name).name)} for promtool, by alertdrill export.",
        "groups:",
    ]
    for group in file.groups:
        lines += [
            f"  - name: {_write_text(group.name)}",
            f"    interval: {format_duration(group.interval_s)}",
        ]
        if group.query_offset_s:
            lines.append(f"    query_offset: {format_duration(group.query_offset_s)}")
        if group.limit:
            lines.append(f"    limit: {group.limit}")
        lines.append("    rules:" if group.rules else "    rules: []")
        for rule in group.rules:
            lines += _render_rule(rule)
    return "\n".join([*lines, ""])


def _render_rule(rule: AlertRule | RecordingRule) -> Iterator[str]:
    yield f"      - {'alert' if isinstance(rule, AlertRule) else 'record'}: {_write_text(rule.name)}"
    yield f"        expr: {_write_text(rule.expr)}"
    maps = {"labels": rule.labels}
    if isinstance(rule, AlertRule):
        if rule.for_s:
            yield f"        for: {format_duration(rule.for_s)}"
        if rule.keep_firing_for_s:
            yield f"        keep_firing_for: {format_duration(rule.keep_firing_for_s)}"
        maps["annotations"] = rule.annotations
    for key, texts in maps.items():
        if texts:
            yield f"        {key}:"
            yield from (f"          {_write_key(name)}: {_write_text(text)}" for name, text in texts.items())


def _list_items(key: str, texts: Sequence[str]) -> list[str]:
    return [f"{key}:", *(f"  - {_write_text(text)}" for text in texts)]


def _render_series(series: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield "    input_series:" if series else "    input_series: []"
    for name, values in series:
        yield f"      - series: {_write_text(name)}"
        yield f"        values: {_write_text(values)}"


def _render_queries(test: UnitTest, active: Mapping[int, Sequence[Span]]) -> Iterator[str]:
    """Yield the queries: ALERTS at each instant, and its counts over the whole."""
    own, now = _choose(test.alerts), _write_offset(test.offset_ms)
    told = _describe_instants(test.spans)
    for at_ms, spans in active.items():
        what = told.get(at_ms, "the end" if at_ms == test.last_ms else "the evaluation before")
        yield f"      # {_write_instant(at_ms)}: {_escape(what)}"
        yield from _render_query(f"ALERTS{own}{now}", at_ms, [("ALERTS" + span.sample, 1) for span in spans])
    yield "      # Over the whole: how many evaluations each state lasted, and how often an alert began anew."
    for count in test.counts:
        yield from _render_query(
            count.expr, count.at_ms, [(write_series(labels), value) for labels, value in count.samples]
        )


def _render_query(expr: str, at_ms: int, samples: Sequence[tuple[str, float]]) -> Iterator[str]:
    yield f"      - expr: {_write_text(expr)}"
    yield f"        eval_time: {_write_instant(at_ms)}"
    yield "        exp_samples:" if samples else "        exp_samples: []"
    for labels, value in sorted(samples):
        yield f"          - labels: {_write_text(labels)}"
        yield f"            value: {format_number(value)}"


def _find_active(test: UnitTest) -> dict[int, list[Span]]:
    """Return what is pending or firing, at each instant that the test looks at. Raises BadInput."""
    begun = _group(test.spans, lambda span: span.from_ms)
    active: dict[int, list[Span]] = {}
    current: list[Span] = []
    expected = sum(map(len, test.looks.values()))
    for at_ms in sorted({*_list_edges(test.spans, test.interval_ms, test.last_ms), test.last_ms}):
        current = [span for span in current if span.until_ms > at_ms] + begun.get(at_ms, [])
        active[at_ms] = sorted(current, key=lambda span: span.sample)
        expected += len(current)
        if expected > MAX_EXPECTED:
            raise BadInput(
                f"{test.name}: a test of it would expect more than {MAX_EXPECTED:,} alerts: export fewer "
                "rules, or a shorter recording"
            )
    return active


def _describe_instants(spans: Iterable[Span]) -> dict[int, str]:
    """Say in words what happens when."""
    told: dict[int, dict[str, None]] = {}
    for of_alert in _group(spans, lambda span: (span.alert, frozenset(span.labels.items()))).values():
        begins = {span.from_ms for span in of_alert}
        for span in of_alert:
            is_firing = span.state == "firing"
            begun = f"{span.alert} {'fires' if is_firing else 'is pending'}"
            told.setdefault(span.from_ms, {})[begun] = None
            if span.until_ms not in begins:
                ended = f"{span.alert} {'resolves' if is_firing else 'is pending no more'}"
                told.setdefault(span.until_ms, {})[ended] = None
    return {at_ms: ", ".join(sorted(sentences)) for at_ms, sentences in told.items()}


def _group(values: Iterable[Value], key: Callable[[Value], Key]) -> dict[Key, list[Value]]:
    groups: dict[Key, list[Value]] = {}
    for value in values:
        groups.setdefault(key(value), []).append(value)
    return groups


def _render_looks(test: UnitTest) -> Iterator[str]:
    if test.looks:
        yield "    alert_rule_test:"
    for (at_ms, alert), found in sorted(test.looks.items()):
        yield f"      - eval_time: {_write_instant(at_ms)}"
        yield f"        alertname: {_write_text(alert)}"
        yield "        exp_alerts:" if found else "        exp_alerts: []"
        for one in sorted(found, key=lambda one: sorted(one.labels.items())):
            lead = "          - "
            for key, texts in (("exp_labels", one.labels), ("exp_annotations", one.annotations)):
                if not texts:
                    continue
                yield f"{lead}{key}:"
                yield from (
                    f"              {_write_key(name)}: {_write_text(text)}"
                    for name, text in sorted(texts.items())
                )
                lead = "            "
            if not one.labels and not one.annotations:
                yield f"{lead}exp_labels: {{}}"


def _write_instant(milliseconds: int) -> str:
    return format_duration(milliseconds / 1000)


def _write_key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) and name not in _WORDS else _write_text(name)


def _write_text(text: str) -> str:
    """Return a YAML scalar that is read as this text, whatever is in it."""
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + _escape(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _escape(text: str) -> str:
    """Return text in which what cannot be printed is escaped, as YAML's double quotes have it."""
    return "".join(char if char.isprintable() else _escape_char(char) for char in text)


def _escape_char(char: str) -> str:
    code = ord(char)
    if char == "\n":
        return "\\n"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
