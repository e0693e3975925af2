"""Builds what a run of 18 drills on 4 rules leaves behind, as a run really does: 70 minutes at speed 60."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from alertdrill.core.drill import Drill, LoadProfile, LoadStage, Placement
from alertdrill.core.expectation import Expectation, NearMiss
from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import Curve, Event, EventKind, Timeline
from alertdrill.core.verdict import Finding, Outcome, Verdict
from alertdrill.reports import RunRecord

UNTIL_S = 4200.0
STEP_S = 15.0
RULES = tuple(
    AlertRule(
        name=name,
        expr=expr,
        for_s=for_s,
        keep_firing_for_s=0.0,
        labels={"severity": severity, "component": "metis-gateway"},
        annotations={"summary": summary, "runbook_url": f"runbook.md#{name.lower()}"},
        group="metis",
        interval_s=15.0,
        source=f"harness/alertdrill/systems/metis/rules.yml:{line}",
    )
    for name, for_s, severity, line, summary, expr in (
        (
            "MetisLLMCallLatencyP99High",
            300.0,
            "ticket",
            4,
            "p99 of {{ $labels.provider }}/{{ $labels.model }} above 30 s",
            "histogram_quantile(0.99,\n  sum by (provider, model, le) "
            "(rate(metis_llm_call_latency_seconds_bucket[5m]))\n) > 30",
        ),
        (
            "MetisLLMErrorRateHigh",
            600.0,
            "page",
            17,
            "{{ $labels.provider }}/{{ $labels.model }} fails more than 5 % of its calls",
            "sum by (provider, model) (rate(metis_llm_call_errors_total[10m]))\n/\n"
            "sum by (provider, model) (rate(metis_llm_calls_total[10m])) > 0.05",
        ),
        (
            "MetisGatewayAuthFailureRateHigh",
            300.0,
            "page",
            30,
            "Authentication is rejected more than 0.1 times a second",
            "sum(rate(metis_gateway_auth_failures_total[5m])) > 0.1",
        ),
        (
            "MetisGatewayKeyCostSpike",
            600.0,
            "ticket",
            41,
            "Key {{ $labels.gateway_key_id }} burns more than $10 an hour",
            "sum by (gateway_key_id) (\n  rate(metis_gateway_key_cost_usd_total"
            '{gateway_key_id!="null"}[20m]) * 3600\n) > 10',
        ),
    )
)
THRESHOLDS = dict(zip((rule.name for rule in RULES), (30.0, 0.05, 0.1, 10.0), strict=True))
WINDOWS_S = dict(zip((rule.name for rule in RULES), (300.0, 600.0, 300.0, 1200.0), strict=True))
LATENCY, ERRORS, AUTH, COST = THRESHOLDS
BROKE_AT: dict[Outcome, EventKind] = {"late": "resolved", "missing": "firing", "mismatched": "paged"}
"""Which hop is to blame in the exercises below that are not met."""


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """A drill in short: the value its traffic brings the rule to, for how long, and how it came out."""

    name: str
    alert: str
    start_s: float
    value: float
    for_s: float
    labels: tuple[tuple[str, str], ...] = ()
    resolves_within_s: float = 2400
    outcome: Outcome = "met"
    evidence: str = "fired, paged, resolved and closed in time"
    silent: bool = False


def _model(provider: str, model: str) -> tuple[tuple[str, str], ...]:
    return (("provider", provider), ("model", model))


def _key(key: str) -> tuple[tuple[str, str], ...]:
    return (("gateway_key_id", key),)


EXERCISES = (
    Exercise(
        name="metis-latency-fires",
        alert=LATENCY,
        start_s=0,
        value=44,
        for_s=900,
        labels=_model("openai", "gpt-4.1"),
    ),
    Exercise(
        name="metis-latency-off-the-scale",
        alert=LATENCY,
        start_s=1500,
        value=math.inf,
        for_s=700,
        labels=_model("anthropic", "claude-haiku-4-5"),
    ),
    Exercise(
        name="metis-latency-spike-too-short",
        alert=LATENCY,
        start_s=300,
        value=52,
        for_s=180,
        silent=True,
        labels=_model("anthropic", "claude-sonnet-4-5"),
        evidence="silent; over the threshold for 225 s",
    ),
    Exercise(
        name="metis-latency-just-below",
        alert=LATENCY,
        start_s=600,
        value=26,
        for_s=1200,
        silent=True,
        labels=_model("ollama", "llama-3.3"),
        evidence="silent; the rule's value reached 87% of its threshold",
    ),
    Exercise(
        name="metis-latency-two-models",
        alert=LATENCY,
        start_s=2100,
        value=61,
        for_s=900,
        outcome="late",
        labels=_model("openai", "gpt-4.1-mini"),
        evidence="resolved at 18:30, after 15:00",
        resolves_within_s=900,
    ),
    Exercise(
        name="metis-errors-fire",
        alert=ERRORS,
        start_s=0,
        value=0.2,
        for_s=1200,
        labels=_model("openai", "gpt-4.1"),
    ),
    Exercise(
        name="metis-errors-outage",
        alert=ERRORS,
        start_s=900,
        value=1.0,
        for_s=1000,
        labels=_model("anthropic", "claude-haiku-4-5"),
    ),
    Exercise(
        name="metis-errors-canary-blip",
        alert=ERRORS,
        start_s=200,
        value=0.4,
        for_s=120,
        silent=True,
        labels=_model("ollama", "llama-3.3"),
        evidence="silent; over the threshold for 540 s",
    ),
    Exercise(
        name="metis-errors-four-percent",
        alert=ERRORS,
        start_s=1200,
        value=0.04,
        for_s=1500,
        silent=True,
        labels=_model("openai", "gpt-4.1-mini"),
        evidence="silent; the rule's value reached 80% of its threshold",
    ),
    Exercise(
        name="metis-errors-rate-limited",
        alert=ERRORS,
        start_s=2400,
        value=0.35,
        for_s=800,
        outcome="unobserved",
        labels=_model("anthropic", "claude-sonnet-4-5"),
        evidence="it was not observed whether it was paged",
    ),
    Exercise(name="metis-auth-scan-fires", alert=AUTH, start_s=0, value=0.6, for_s=720),
    Exercise(
        name="metis-auth-rotation",
        alert=AUTH,
        start_s=1500,
        value=0.13,
        for_s=420,
        silent=True,
        evidence="silent; over the threshold for 285 s",
    ),
    Exercise(
        name="metis-auth-slow-scan",
        alert=AUTH,
        start_s=2700,
        value=0.09,
        for_s=900,
        outcome="missing",
        evidence="never fired; the rule's value reached 90% of its threshold",
    ),
    Exercise(
        name="metis-cost-runaway-fires", alert=COST, start_s=0, value=30, for_s=1100, labels=_key("runaway")
    ),
    Exercise(
        name="metis-cost-bulk-load",
        alert=COST,
        start_s=600,
        value=40,
        for_s=600,
        labels=_key("bulk"),
        outcome="mismatched",
        evidence="paged metis-page instead of metis-ticket",
    ),
    Exercise(
        name="metis-cost-nine-dollars",
        alert=COST,
        start_s=300,
        value=8.9,
        for_s=1600,
        silent=True,
        labels=_key("steady"),
        evidence="silent; the rule's value reached 89% of its threshold",
    ),
    Exercise(
        name="metis-cost-second-key", alert=COST, start_s=1500, value=18, for_s=900, labels=_key("batch")
    ),
)


def build_record() -> RunRecord:
    """Return the record: 12 drills met, 4 unmet, 1 not fully seen, and a quiet one."""
    noise = random.Random(7)  # noqa: S311 - makes curves look lived-in, secures nothing
    placements, verdicts, curves, events = [], [], [], []
    for exercise in EXERCISES:
        rule = next(rule for rule in RULES if rule.name == exercise.alert)
        points = tuple(_follow(exercise, noise))
        seen = [] if exercise.outcome == "missing" else list(_react(exercise, rule, points))
        curves.append(
            Curve(
                alert=rule.name,
                labels=dict(exercise.labels),
                op=">",
                threshold=THRESHOLDS[rule.name],
                points=points,
            )
        )
        events += seen
        placement = Placement(drill=_drill(exercise), start_s=exercise.start_s)
        placements.append(placement)
        verdicts.append(_verdict(exercise, placement, seen))
    quiet = Drill(
        name="metis-quiet-day",
        system="metis",
        traffic=(_profile("office-hours", "steady", 0, 4000, 3.0),),
        expects=(),
        why="Ordinary traffic must not wake anybody.",
        lasts_s=4200,
    )
    placements.append(Placement(drill=quiet, start_s=0))
    verdicts.append(Verdict(drill=quiet.name, findings=()))
    return RunRecord(
        placements=tuple(placements),
        timeline=Timeline(
            mode="live",
            speed=60.0,
            until_s=UNTIL_S,
            observed=frozenset({"pending", "firing", "resolved", "paged", "page_resolved"}),
            events=tuple(sorted(events, key=lambda event: event.at_s)),
            curves=(*_merge(curves), *_background(noise)),
            engines={
                "prometheus": "3.5.0",
                "alertmanager": "0.28.1",
                "promtool": "3.5.0",
                "locust": "2.40.1",
            },
        ),
        verdicts=tuple(verdicts),
        rules=RULES,
        wall_s=78.4,
        started_at=datetime(2025, 11, 3, 9, 41, 7, tzinfo=UTC),
        notes={
            "speed": "60, the fastest at which calibration kept every bound",
            "arrivals": "4,212 sent, 0.1% more than 15 s late, the latest 18 s",
            "scrapes": "840, the longest gap 17 s",
            "overhead": "0.6 s at the 95th percentile",
        },
        logs=("logs/prometheus.log", "logs/alertmanager.log", "logs/gateway.log", "logs/locust.log"),
    )


def change_timeline(record: RunRecord, change: Callable[[Timeline], Timeline]) -> RunRecord:
    """Return the record with another timeline."""
    return replace(record, timeline=change(record.timeline))


def _profile(name: str, scenario: str, start_s: float, duration_s: float, rate_per_s: float) -> LoadProfile:
    return LoadProfile(
        name=name,
        scenario=scenario,
        start_s=start_s,
        stages=(LoadStage(duration_s=duration_s, rate_per_s=rate_per_s),),
    )


def _drill(exercise: Exercise) -> Drill:
    labels = dict(exercise.labels)
    expectation: Expectation | NearMiss = Expectation(
        alert=exercise.alert,
        labels=labels,
        fires_within_s=1200,
        fires_after_s=60,
        resolves_within_s=exercise.resolves_within_s,
        receiver=_receiver(exercise.alert),
    )
    if exercise.silent:
        over = exercise.value > THRESHOLDS[exercise.alert] and exercise.alert != COST
        expectation = NearMiss(
            alert=exercise.alert,
            labels=labels,
            reaches=0.7,
            pending=over,
            pending_within_s=(120, 600) if over else None,
        )
    quiet_first_s = 120.0
    return Drill(
        name=exercise.name,
        system="metis",
        traffic=(
            _profile("warm-up", "steady", -60, 60 + quiet_first_s, 0.5),
            _profile(exercise.name.removeprefix("metis-"), "burst", quiet_first_s, exercise.for_s, 2.0),
        ),
        expects=(expectation,),
        why=f"{exercise.alert} must tell a real incident on its label set from a passing one.",
        lasts_s=min(exercise.for_s + 1500, UNTIL_S - exercise.start_s),
        uses=frozenset({exercise.alert}),
    )


def _receiver(alert: str) -> str:
    return "metis-ticket" if alert in {LATENCY, COST} else "metis-page"


def _follow(exercise: Exercise, noise: random.Random) -> Iterator[tuple[float, float]]:
    """Follow the rule's value while and after the traffic: quantiles jump, windowed rates rise and fall."""
    window_s = WINDOWS_S[exercise.alert]
    begin_s, end_s = exercise.start_s + 120, exercise.start_s + 120 + exercise.for_s
    for step in range(int(UNTIL_S / STEP_S) + 1):
        at_s = step * STEP_S
        if exercise.alert == LATENCY:
            if at_s < exercise.start_s:
                yield at_s, math.nan
            else:
                slow = begin_s + 30 < at_s < end_s + 90
                yield (
                    at_s,
                    exercise.value
                    if slow and math.isinf(exercise.value)
                    else (exercise.value if slow else 1.4) * noise.uniform(0.97, 1.03),
                )
        else:
            overlap_s = max(0.0, min(at_s, end_s) - max(at_s - window_s, begin_s))
            yield at_s, exercise.value * overlap_s / window_s


def _react(exercise: Exercise, rule: AlertRule, points: tuple[tuple[float, float], ...]) -> Iterator[Event]:
    labels = {**dict(exercise.labels), **rule.labels}
    since_s: float | None = None
    fired = False
    for at_s, value in points:
        if value > THRESHOLDS[rule.name]:
            if since_s is None:
                since_s = at_s
                yield Event(at_s=at_s, kind="pending", alert=rule.name, labels=labels)
            elif not fired and at_s - since_s >= rule.for_s:
                fired = True
                yield Event(at_s=at_s, kind="firing", alert=rule.name, labels=labels)
                if exercise.outcome != "unobserved":
                    receiver = "metis-page" if exercise.outcome == "mismatched" else _receiver(rule.name)
                    yield Event(
                        at_s=at_s + 41, kind="paged", alert=rule.name, labels=labels, receiver=receiver
                    )
        elif since_s is not None:
            if fired:
                yield Event(at_s=at_s, kind="resolved", alert=rule.name, labels=labels)
                if exercise.outcome != "unobserved":
                    receiver = "metis-page" if exercise.outcome == "mismatched" else _receiver(rule.name)
                    yield Event(
                        at_s=at_s + 52,
                        kind="page_resolved",
                        alert=rule.name,
                        labels=labels,
                        receiver=receiver,
                    )
            since_s, fired = None, False


def _verdict(exercise: Exercise, placement: Placement, seen: list[Event]) -> Verdict:
    observed = {event.kind: event.at_s - placement.start_s for event in reversed(seen)}
    finding = Finding(
        outcome=exercise.outcome,
        alert=exercise.alert,
        labels=dict(exercise.labels),
        expectation=placement.drill.expects[0],
        observed=dict(observed),
        evidence=exercise.evidence,
        broke_at=BROKE_AT.get(exercise.outcome),
    )
    return Verdict(drill=exercise.name, findings=(finding,))


def _merge(curves: list[Curve]) -> list[Curve]:
    """One curve per label set: what several drills did to it adds up."""
    merged: dict[tuple[str, tuple[tuple[str, str], ...]], Curve] = {}
    for curve in curves:
        key = (curve.alert, tuple(curve.labels.items()))
        if key in merged:
            points = zip(merged[key].points, curve.points, strict=True)
            curve = replace(curve, points=tuple((at_s, one + two) for (at_s, one), (_, two) in points))
        merged[key] = curve
    return list(merged.values())


def _background(noise: random.Random) -> Iterator[Curve]:
    """Models that nobody drills: more of them than a plot can show."""
    for number in range(11):
        points = tuple((step * STEP_S, noise.uniform(0.6, 2.2)) for step in range(int(UNTIL_S / STEP_S) + 1))
        yield Curve(
            alert=LATENCY,
            labels=dict(_model("openrouter", f"model-{number:02}")),
            op=">",
            threshold=30.0,
            points=points,
        )
