"""What rules were evaluated without: samples that were taken by then, and that the store showed only later.

Who evaluates reads a store that may show samples late, by wall time. VictoriaMetrics shows a new series up to
ten seconds late, which is ten minutes of rule time at speed 60. So every rule is asked for once more when the
run is over, in the evaluator's own language and at the instants of the run. Where it would have been active
then and was not, or the other way round, the evaluator did not see what there was; nobody can tell what it
would have done. With a Prometheus, replays show as much.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from alertdrill.core.clock import Clock
from alertdrill.core.drill import Placement
from alertdrill.core.rule import AlertRule, Labels
from alertdrill.core.timeline import Stall
from alertdrill.core.verdict import Verdict
from alertdrill.judging.kinds import find_kind
from alertdrill.judging.needs import STALE, UNSEEN
from alertdrill.recording.prometheus import MAX_POINTS, read_range, read_samples
from alertdrill.runner.probe import SETTLE_S
from alertdrill.runtime.http_client import Api

SHOWS_WITHIN_WALL_S = 12.0
"""How long a store may take to show a series: VictoriaMetrics looks for new ones about every ten seconds."""
ROUNDING_S = 1.0
"""Rule time: whole milliseconds of wall time, at any speed."""

Span = tuple[float, float]
"""From when to when a rule was active, rule time."""
Spans = Sequence[tuple[Labels, Sequence[Span]]]
"""When an alert was active, by its labels."""


def hangs_on_the_unseen(verdicts: Iterable[Verdict], placements: Iterable[Placement]) -> bool:
    """Return whether more than what was seen may decide: something is not met, or was to stay unseen."""
    return any(verdict.outcome != "met" for verdict in verdicts) or any(
        not place.drill.expects or any(find_kind(one).must_stay_unseen for one in place.drill.expects)
        for place in placements
    )


def find_unseen(
    evaluator: Api,
    store: Api,
    clock: Clock,
    rules: Iterable[AlertRule],
    until_s: float,
    out: Sequence[Stall] = (),
) -> tuple[Stall, ...]:
    """Return when each rule of a run was evaluated without what the evaluator has of that time by now.

    What was active in the run is read from the store. The part of such a stall is `UNSEEN`, or `STALE` where
    the rule was active and would not have been, and the alert.
    What reaches into a time when the evaluator was `out` is left out: nothing was evaluated then.
    """
    alerts = read_samples(store, clock, "ALERTS", 0.0, until_s)
    named: dict[str, list[tuple[AlertRule, Spans, Spans]]] = {}
    for rule in rules:
        instants = [
            (labels, [at_s for at_s, _ in samples])
            for labels, samples in alerts
            if labels.get("alertname") == rule.name
        ]
        # The groups of an evaluator stand at instants of their own.
        phase_s = min((at_s % rule.interval_s for _, own in instants for at_s in own), default=0.0)
        step_s = max(rule.interval_s, until_s / MAX_POINTS)
        asked = read_range(evaluator, clock, rule.expr, phase_s, until_s, step_s)
        now = [
            (labels, join([at_s for at_s, value in points if not math.isnan(value)], step_s))
            for labels, points in asked
        ]
        then = [(labels, join(sorted(own), step_s)) for labels, own in instants]
        named.setdefault(rule.name, []).append((rule, now, then))
    found = [
        stall
        for own in named.values()
        for rule, now, then in own
        for stall in compare(
            rule,
            now,
            then,
            until_s - SETTLE_S,
            [(other, spans) for other, spans, _ in own if other is not rule],
        )
    ]
    found = [one for one in found if all(one.until_s < was.from_s or one.from_s > was.until_s for was in out)]
    return tuple(sorted(found, key=lambda stall: (stall.from_s, stall.part)))


def compare(
    rule: AlertRule,
    now: Spans,
    then: Spans,
    until_s: float,
    namesakes: Sequence[tuple[AlertRule, Spans]] = (),
) -> list[Stall]:
    """Return where a rule is active `now`, asked for in hindsight, and was not `then`, or the reverse. Pure.

    Of what was active `then`, some may have been so by other rules of that name, the `namesakes`, each with
    when it is active now.

    To see what there is one evaluation later is what evaluations are. A break within a span counts from the
    span's begin, since `for` begins anew after it.
    """
    unseen: list[Span] = []
    stale: list[Span] = []
    least_s = rule.interval_s + ROUNDING_S
    bare = _strip(rule, now)
    for labels, spans in bare:
        seen = _unite(own for other, found in then if labels.items() <= other.items() for own in found)
        for span in spans:
            for from_s, to_s in _subtract(span, seen):
                is_break = span[0] + ROUNDING_S < from_s and to_s < span[1] - ROUNDING_S
                since_s = span[0] if is_break else from_s
                if to_s - since_s > least_s:
                    unseen.append((since_s, to_s))
    for other, spans in then:
        due = _unite(
            (from_s, to_s + one.keep_firing_for_s)
            for one, own in ((rule, bare), *((one, _strip(one, own)) for one, own in namesakes))
            for labels, found in own
            if labels.items() <= other.items()
            for from_s, to_s in found
        )
        stale += [gap for span in spans for gap in _subtract(span, due) if gap[1] - gap[0] > least_s]
    return [
        Stall(part=kind + rule.name, from_s=from_s, until_s=min(to_s, until_s))
        for kind, spans in ((UNSEEN, unseen), (STALE, stale))
        for from_s, to_s in _unite(spans)
        if from_s < until_s
    ]


def _strip(rule: AlertRule, spans: Spans) -> Spans:
    """Return spans by the labels that an alert of a rule has of its expression."""
    # The rule's own labels win over those of the expression, and may be templates.
    lost = {"__name__", "alertname", *rule.labels}
    return [({name: labels[name] for name in labels.keys() - lost}, own) for labels, own in spans]


def describe(unseen: Sequence[Stall], speed: float) -> Mapping[str, str]:
    """Say for the notes of a run which rule saw what there was latest, and how late."""
    longest = max(unseen, key=lambda stall: stall.lasted_s, default=None)
    if longest is None:
        return {"seen late": "nothing: every rule, asked for again, was active when it had been"}
    alert = longest.part.partition(":")[2]
    return {
        "seen late": f"{alert}, by {longest.lasted_s:.0f} s ({longest.lasted_s / speed:.1f} s wall), which a "
        "lower speed makes less"
    }


def join(instants: Sequence[float], step_s: float) -> list[Span]:
    """Return the spans of evaluations that follow one another; each lasts until the next one is due."""
    spans: list[Span] = []
    for at_s in instants:
        if spans and at_s - spans[-1][1] <= step_s / 2:
            spans[-1] = (spans[-1][0], at_s + step_s)
        else:
            spans.append((at_s, at_s + step_s))
    return spans


def _unite(spans: Iterable[Span]) -> list[Span]:
    united: list[Span] = []
    for from_s, to_s in sorted(spans):
        if united and from_s <= united[-1][1] + ROUNDING_S:
            united[-1] = (united[-1][0], max(united[-1][1], to_s))
        else:
            united.append((from_s, to_s))
    return united


def _subtract(span: Span, others: Sequence[Span]) -> list[Span]:
    """Return what is left of a span without others, which are in order and apart."""
    left, at_s = [], span[0]
    for from_s, to_s in others:
        if from_s > at_s:
            left.append((at_s, min(from_s, span[1])))
        at_s = max(at_s, to_s)
        if at_s >= span[1]:
            return [one for one in left if one[1] > one[0]]
    return [one for one in [*left, (at_s, span[1])] if one[1] > one[0]]
