"""What promtool is asked of one stage of a replay, and what its answers mean."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from alertdrill.core.clock import format_s
from alertdrill.core.curves import mark_gaps
from alertdrill.core.rule import AlertRule, Labels, take_alert_labels
from alertdrill.core.timeline import Curve, Event
from alertdrill.errors import AlertdrillError, BadRules, CouldNotTell
from alertdrill.recording.recording import RecordedSeries, Recording
from alertdrill.recording.replay.activity import (
    MASK_SIZES,
    Activity,
    Evaluations,
    list_events,
    list_pendings,
    write_alert_series,
    write_recorded,
)
from alertdrill.recording.replay.answers import Answers, Complaint
from alertdrill.recording.replay.grid import MAX_ITEMS, choose_grid
from alertdrill.recording.replay.plan import Plan, PlannedStage, fit_expr, to_ms
from alertdrill.recording.replay.promtool import AlertQuestion, Question, Trial
from alertdrill.recording.replay.stages import ALERTS, FOR_STATE
from alertdrill.rules.files import RuleGroup
from alertdrill.rules.promql.expressions import format_duration, quote, split_threshold

Activation = tuple[str, tuple[tuple[str, str], ...], float]
"""An alert, its labels in order, and when it began to fire, or was first seen."""

TOO_MANY = "too many samples"
"""What Prometheus says of a query over more samples than it may read at once: 10,000, in promtool."""

_FAILED_AT = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?")
_UNKNOWN = re.compile(r"field (\w+) not found in type")
_REFUSED = re.compile(r'group "g(\d+)", rule (\d+), "(?:\\.|[^"\\])*": (.*?)(?= \S+\.rules: group "g|$)')


class NotEvaluated(CouldNotTell):
    """A rule that Prometheus cannot evaluate on the recording, such as one that matches many to many.

    `rule` is its name.
    """

    def __init__(self, message: str, *, rule: str) -> None:
        super().__init__(message)
        self.rule = rule


def identify(event: Event) -> Activation:
    """Return what tells the activation that a `firing` event begins from all others."""
    return event.alert, tuple(sorted(event.labels.items())), event.at_s


@dataclass(slots=True)
class _Questions:
    """The questions of a trial, and what each is about, by its number."""

    asked: list[Question] = field(default_factory=list)
    masks: dict[int, tuple[int, int]] = field(default_factory=dict)
    """The first evaluation, and how much older than evaluations samples are."""
    values: dict[int, tuple[int, int]] = field(default_factory=dict)
    """The evaluation, and the same."""
    heights: dict[int, tuple[int, AlertRule]] = field(default_factory=dict)
    """The evaluation, and the rule whose left side is asked for."""

    def add(self, expr: str, at_ms: int) -> int:
        """Add a question and return its number."""
        self.asked.append(Question(expr=expr, at_ms=at_ms))
        return len(self.asked) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A stage's trial, and what its answers mean; instants of events count from `origin_ms` (rule time)."""

    planned: PlannedStage
    evaluations: Evaluations
    origin_ms: int
    trial: Trial
    questions: _Questions

    def is_too_much(self, answers: Answers) -> bool:
        """Tell whether masks were too large for promtool, and nothing else is wrong."""
        return bool(answers.failed) and all(
            number in self.questions.masks and TOO_MANY in said for number, said in answers.failed.items()
        )

    def list_activities(self, answers: Answers) -> list[tuple[Activity, int]]:
        """Return what each alert did, and how much older than its evaluations its samples are.

        Raises Complaint if any question could not be answered.
        """
        for said in answers.failed.values():
            raise Complaint(said)
        activities: dict[tuple[int, frozenset[tuple[str, str]]], Activity] = {}
        for number, (first, offset_ms) in self.questions.masks.items():
            for labels, value in answers.samples.get(number, ()):
                own = {name: text for name, text in labels.items() if name != "alertstate"}
                key = offset_ms, frozenset(own.items())
                if key not in activities:
                    activities[key] = Activity(alert=own.pop("alertname"), labels=own)
                mask = int(value) << first
                if labels["alertstate"] == "firing":
                    activities[key].firing |= mask
                else:
                    activities[key].pending |= mask
        return [(activity, offset_ms) for (offset_ms, _), activity in activities.items()]

    def list_events(self, activities: Iterable[tuple[Activity, int]]) -> list[Event]:
        """Return what the alerts did, alert by alert."""
        return [
            replace(event, labels=take_alert_labels(event.labels))
            for activity, _ in activities
            for event in list_events(activity, self.evaluations, self.origin_ms)
        ]

    def list_pendings(self, activities: Iterable[tuple[Activity, int]]) -> dict[Activation, float]:
        """Return how long activations that never fired were seen to be pending."""
        return {
            (activity.alert, tuple(sorted(take_alert_labels(activity.labels).items())), at_s): lasted_s
            for activity, _ in activities
            for at_s, lasted_s in list_pendings(activity, self.evaluations, self.origin_ms)
        }

    def list_handed_on(
        self, answers: Answers, activities: Iterable[tuple[Activity, int]]
    ) -> list[RecordedSeries]:
        """Return the series that the stage makes and a later one reads."""
        series: list[RecordedSeries] = []
        if {ALERTS, FOR_STATE} & set(self.planned.hands_on):
            for activity, offset_ms in activities:
                series += write_alert_series(activity, self.evaluations, offset_ms)
        recorded: dict[tuple[int, frozenset[tuple[str, str]]], dict[int, float]] = defaultdict(dict)
        for number, (evaluation, offset_ms) in self.questions.values.items():
            for labels, value in answers.samples.get(number, ()):
                recorded[offset_ms, frozenset(labels.items())][evaluation] = value
        for (offset_ms, named), values in recorded.items():
            series.append(write_recorded(dict(named), values, self.evaluations, offset_ms))
        return series

    def list_curves(self, answers: Answers) -> list[Curve]:
        """Return the values of the alerts' expressions that were asked for, as `observe.read_curves` does."""
        points: dict[tuple[str, frozenset[tuple[str, str]]], list[tuple[float, float]]] = defaultdict(list)
        rules = {}
        for number, (evaluation, rule) in self.questions.heights.items():
            rules[rule.source] = rule
            at_s = (self.evaluations.at_ms(evaluation) - self.origin_ms) / 1000
            for labels, value in answers.samples.get(number, ()):
                points[rule.source, frozenset(labels.items())].append((at_s, value))
        curves = []
        for (source, labelled), found in points.items():
            rule = rules[source]
            _, op, threshold = split_threshold(rule.expr) or ("", "==", 0.0)
            curves.append(
                Curve(
                    alert=rule.name,
                    # As an alert has them: the rule's labels win over those of the expression's result.
                    labels={**dict(labelled), **rule.labels},
                    op=op,
                    threshold=threshold,
                    points=mark_gaps(found, rule.interval_s),
                    source=source,
                )
            )
        return curves

    def ask_annotations(self, firing: Iterable[Event]) -> Trial:
        """Return the trial that asks for the annotations of alerts as they began to fire."""
        start_ms = self.trial.grid.start_ms
        asked = {(event.alert, round(event.at_s * 1000) + self.origin_ms - start_ms) for event in firing}
        questions = [AlertQuestion(alert=alert, at_ms=at_ms) for alert, at_ms in sorted(asked)]
        return replace(self.trial, questions=(), alert_questions=questions)

    def list_annotations(self, answers: Answers, firing: Iterable[Event]) -> dict[Activation, Labels]:
        """Return the annotations of alerts as they began to fire."""
        start_ms = self.trial.grid.start_ms
        rendered = {
            # An alert's own label of this name is not seen in its series, whose state it gives.
            (at_ms, frozenset(item for item in labels.items() if item[0] != "alertstate")): annotations
            for (_, at_ms), alerts in answers.rendered.items()
            for labels, annotations in alerts
        }
        found = {}
        for event in firing:
            at_ms = round(event.at_s * 1000) + self.origin_ms - start_ms
            named = frozenset({**event.labels, "alertname": event.alert}.items())
            if (at_ms, named) not in rendered:
                raise CouldNotTell(f"promtool did not render the annotations of {event.alert}")
            found[identify(event)] = rendered[at_ms, named]
        return found

    def explain(self, complaint: Complaint) -> AlertdrillError:
        """Return the error that says which rule a complaint is about."""
        refused = _REFUSED.search(complaint.said)
        groups = self.planned.stage.groups
        if refused is not None:
            rule = groups[int(refused[1])].rules[int(refused[2]) - 1]
            return BadRules(f"{rule.source}: {rule.name}: promtool does not take the rule: {refused[3]}")
        unknown = _UNKNOWN.search(complaint.said)
        if unknown is not None:
            has_it = [group for group in groups if unknown[1] == "query_offset" and group.query_offset_s]
            where = (has_it or groups)[0].source
            return BadRules(f"{where}: this promtool is too old to know the field {unknown[1]}")
        rules = [rule for group in groups for rule in group.rules if rule.name == complaint.rule]
        if not rules:
            return complaint
        where = ", ".join(rule.source for rule in rules)
        hours, minutes, seconds = (_FAILED_AT.fullmatch(complaint.at) or _FAILED_AT.match("")).groups("0")  # type: ignore[union-attr] # the pattern matches nothing, too
        at_s = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        at_s += (self.trial.grid.start_ms - self.origin_ms) / 1000
        cannot = f"{where}: {complaint.rule}: cannot be evaluated {format_s(at_s)} into the recording:"
        if TOO_MANY in complaint.said:
            most = "10,000 samples at once that promtool can"
            return CouldNotTell(f"{cannot} it reads more than the {most}: record fewer series")
        why = f"{complaint.said}; Prometheus goes on without the rule, a replay cannot"
        return NotEvaluated(f"{cannot} {why}", rule=rules[0].name)


def make_inquiry(
    planned: PlannedStage,
    plan: Plan,
    recording: Recording,
    series: Sequence[RecordedSeries],
    curves: Iterable[AlertRule],
    default_interval_s: float,
    mask_size: int = MASK_SIZES[0],
    max_items: int = MAX_ITEMS,
) -> Inquiry:
    """Return what promtool is asked of a stage, whose rules read `series`; see `activity.MASK_SIZES`."""
    stage = planned.stage
    evaluations = Evaluations(
        start_ms=plan.start_ms,
        interval_ms=planned.interval_ms,
        count=(recording.end_ms - plan.start_ms) // planned.interval_ms + 1,
    )
    questions = _Questions()
    has_others = any(_is_alerts(one) for one in series)
    _ask_states(questions, stage.groups, evaluations, mask_size, has_others=has_others)
    recorded = [name for name in planned.hands_on if name not in {ALERTS, FOR_STATE}]
    if recorded:
        _ask_recorded(questions, stage.groups, evaluations, recorded)
    for group in stage.groups:
        for rule in curves:
            if rule in group.rules:
                _ask_heights(questions, rule, group, evaluations, default_interval_s)
    return Inquiry(
        planned=planned,
        evaluations=evaluations,
        origin_ms=recording.start_ms,
        questions=questions,
        trial=Trial(
            rules=planned.rules,
            annotated=planned.annotated,
            groups=planned.names,
            interval_ms=planned.interval_ms,
            grid=choose_grid(
                series, plan.start_ms, plan.windows_ms, name=recording.name, max_items=max_items
            ),
            end_ms=recording.end_ms,
            series=series,
            questions=questions.asked,
            evaluations=evaluations.count * sum(len(group.rules) for group in stage.groups),
        ),
    )


def _is_alerts(series: RecordedSeries) -> bool:
    return series.labels["__name__"] == ALERTS


def _ask_states(
    questions: _Questions,
    groups: Iterable[RuleGroup],
    evaluations: Evaluations,
    mask_size: int,
    *,
    has_others: bool,
) -> None:
    """Ask in which evaluations the stage's alerts were pending and firing, and not others that it reads."""
    alerts: dict[int, set[str]] = defaultdict(set)
    for group in groups:
        names = {rule.name for rule in group.rules if isinstance(rule, AlertRule)}
        if names:
            alerts[to_ms(group.query_offset_s)] |= names
    interval_s = evaluations.interval_ms / 1000
    step = format_duration(interval_s)
    for offset_ms, names in alerts.items():
        selector = f"ALERTS{_write_choice('alertname', names)}" if has_others or len(alerts) > 1 else "ALERTS"
        for first in range(0, evaluations.count, mask_size):
            last = min(first + mask_size, evaluations.count) - 1
            begin_s = first * interval_s
            # Longer than it need be by half a step: whether a window has its left end differs by version.
            window = format_duration(((last - first) * 2 + 1) * evaluations.interval_ms // 2 / 1000)
            bit = f"scalar(2 ^ round(vector(time() - {begin_s:.3f}) / {interval_s:.3f}))"
            number = questions.add(
                f"sum_over_time(({selector}{_write_offset(offset_ms)} * {bit})[{window}:{step}])",
                last * evaluations.interval_ms,
            )
            questions.masks[number] = first, offset_ms


def _ask_recorded(
    questions: _Questions, groups: Iterable[RuleGroup], evaluations: Evaluations, recorded: Sequence[str]
) -> None:
    """Ask at each evaluation for what was recorded then."""
    names: dict[int, set[str]] = defaultdict(set)
    for group in groups:
        names[to_ms(group.query_offset_s)] |= {rule.name for rule in group.rules} & set(recorded)
    for offset_ms, chosen in names.items():
        if not chosen:
            continue
        expr = _write_choice("__name__", chosen) + _write_offset(offset_ms)
        for evaluation in range(evaluations.count):
            number = questions.add(expr, evaluation * evaluations.interval_ms)
            questions.values[number] = evaluation, offset_ms


def _ask_heights(
    questions: _Questions,
    rule: AlertRule,
    group: RuleGroup,
    evaluations: Evaluations,
    default_interval_s: float,
) -> None:
    """Ask at each evaluation for the left side of an alert's expression, if it is compared with a number."""
    split = split_threshold(rule.expr)
    if split is None:
        return
    expr = fit_expr(split[0], rule.interval_s, evaluations.start_ms, default_interval_s)
    offset_ms = to_ms(group.query_offset_s)
    for evaluation in range(evaluations.count):
        at_ms = evaluation * evaluations.interval_ms - offset_ms
        if at_ms >= 0:
            questions.heights[questions.add(expr, at_ms)] = evaluation, rule


def _write_choice(label: str, values: Iterable[str]) -> str:
    """Return the matcher of a label that must have one of these values, none with a meaning as a pattern."""
    pattern = "|".join(re.escape(value) for value in sorted(values))
    return f"{{{label}=~{quote(pattern)}}}"


def _write_offset(offset_ms: int) -> str:
    return f" offset {format_duration(offset_ms / 1000)}" if offset_ms else ""
