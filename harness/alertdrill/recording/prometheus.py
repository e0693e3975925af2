"""What Prometheus saw, as events, curves and measurements on rule time.

The instants of alerts are those of Prometheus's own evaluations, read from the samples of `ALERTS` and
`ALERTS_FOR_STATE` that each evaluation writes (Prometheus documentation, "Alerting rules", "Inspecting
alerts during runtime"); nothing is polled for them. The value of `ALERTS_FOR_STATE` is the second in which
the alert became active, so it tells one activation from the next.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal

from prometheus_client.parser import text_string_to_metric_families

from alertdrill.core.clock import Clock
from alertdrill.core.curves import mark_gaps
from alertdrill.core.rule import AlertRule, Labels, take_alert_labels
from alertdrill.core.timeline import Curve, Event, EventKind
from alertdrill.errors import BadInput, ComponentFailed
from alertdrill.rules.dilation.files import dilate_expr
from alertdrill.rules.files import EVALUATION_INTERVAL_S
from alertdrill.rules.panels import Dashboard, Panel, PanelCurve, PanelCurves
from alertdrill.rules.promql.expressions import split_threshold
from alertdrill.rules.threshold_rules import EVALUATION, RULE, RULE_NAN, RULE_VALUE
from alertdrill.runtime.http_client import Api, Sample, Series

MAX_POINTS = 10_000
"""Prometheus answers at most 11,000 points a series."""
PANEL_POINTS = 300
PANEL_CURVES = 6
"""Of each query of a panel, the series with the largest values are kept: as many as a small chart shows."""
PANEL_BUCKETS = 30
"""Of each query of a heatmap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveAlert:
    """An alert that is active now, since an instant in epoch seconds."""

    name: str
    labels: Labels
    state: Literal["pending", "firing"]
    active_at_s: float


def read_alert_events(
    prometheus: Api,
    clock: Clock,
    since_s: float,
    until_s: float,
    intervals_s: Mapping[str, float] | None = None,
) -> tuple[Event, ...]:
    """Return when each alert was pending, firing and resolved between two rule times, in order.

    With `intervals_s`, only of the alerts that it has, by name, each with how often its rule is evaluated.
    """
    events: list[Event] = []
    for labels, spans in _read_activations(prometheus, clock, since_s, until_s):
        if intervals_s is None:
            events.extend(_describe_activation(labels, spans, until_s))
        elif (name := labels["alertname"]) in intervals_s:
            events.extend(_describe_activation(labels, spans, until_s, intervals_s[name]))
    return tuple(sorted(events, key=lambda event: event.at_s))


def read_pendings(
    prometheus: Api, clock: Clock, since_s: float, until_s: float
) -> dict[tuple[str, tuple[tuple[str, str], ...], float], float]:
    """Return how long each activation that never fired was pending, from the first evaluation to the last.

    The key is the alert's name, its labels, sorted, and when it was first pending.
    """
    pendings = {}
    for labels, spans in _read_activations(prometheus, clock, since_s, until_s):
        if set(spans) == {"pending"}:
            alert = labels.pop("alertname")
            first_s, last_s = min(spans["pending"]), max(spans["pending"])
            pendings[alert, tuple(sorted(labels.items())), first_s] = last_s - first_s
    return pendings


def _read_activations(
    prometheus: Api, clock: Clock, since_s: float, until_s: float
) -> Iterator[tuple[dict[str, str], Mapping[str, list[float]]]]:
    """Yield the labels of each activation, with its alert's name, and its evaluations by state."""
    states = read_samples(prometheus, clock, "ALERTS", since_s, until_s)
    actives = read_samples(prometheus, clock, "ALERTS_FOR_STATE", since_s, until_s)
    active_since: dict[tuple[Any, ...], dict[float, float]] = {
        _identify(labels): dict(samples) for labels, samples in actives
    }
    evaluations: dict[tuple[Any, ...], list[tuple[float, float, str]]] = defaultdict(list)
    for labels, samples in states:
        identity = _identify(labels)
        for at_s, _ in samples:
            since = active_since.get(identity, {}).get(at_s)
            if since is not None:
                evaluations[identity].append((at_s, since, labels["alertstate"]))
    for identity, found in evaluations.items():
        for spans in _split_activations(sorted(found), clock):
            yield take_alert_labels(dict(identity)), spans


def _split_activations(
    evaluations: Sequence[tuple[float, float, str]], clock: Clock
) -> list[dict[str, list[float]]]:
    """Return the evaluations of each activation by state, of one alert's in order with their `since`.

    `since` has whole seconds, and of wall time, in which an alert can go and come again. An evaluation that
    Prometheus left out makes a gap, too, but hardly in the very second in which the alert became active.
    """
    interval_s = min((b[0] - a[0] for a, b in pairwise(evaluations)), default=math.inf)
    activations: list[dict[str, list[float]]] = []
    before_s, since_before = -math.inf, math.nan
    for at_s, since, state in evaluations:
        is_gap = at_s - before_s > 1.5 * interval_s
        # Instants are whole milliseconds; on rule time and back, they are a little off.
        if since != since_before or (is_gap and math.floor(round(clock.wall_s(at_s), 3)) == since):
            activations.append({})
        activations[-1].setdefault(state, []).append(at_s)
        before_s, since_before = at_s, since
    return activations


def count_samples(prometheus: Api, clock: Clock, since_s: float, until_s: float) -> int:
    """Return how many samples there are of what a run is judged by; one that came twice is one."""
    names = "|".join(("up", "ALERTS", "ALERTS_FOR_STATE", RULE_VALUE, RULE_NAN, EVALUATION))
    series = read_samples(prometheus, clock, f'{{__name__=~"{names}"}}', since_s, until_s)
    return sum(len({at_s for at_s, _ in samples}) for _, samples in series)


def _identify(labels: Labels) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted((name, value) for name, value in labels.items() if name not in {"__name__", "alertstate"})
    )


def _describe_activation(
    labels: dict[str, str],
    spans: Mapping[str, list[float]],
    until_s: float,
    interval_s: float = EVALUATION_INTERVAL_S,
) -> list[Event]:
    """Turn one activation's evaluations, by state, into its events."""
    alert = labels.pop("alertname")
    kinds: tuple[EventKind, ...] = ("pending", "firing")
    events = [
        Event(at_s=min(spans[kind]), kind=kind, alert=alert, labels=labels) for kind in kinds if kind in spans
    ]
    if "firing" in spans:
        # The evaluation after the last one that fired found it gone.
        resolved_s = max(spans["firing"]) + interval_s
        if resolved_s + interval_s < until_s:
            events.append(Event(at_s=resolved_s, kind="resolved", alert=alert, labels=labels))
    return events


def read_curves(
    prometheus: Api, clock: Clock, rules: Iterable[AlertRule], since_s: float, until_s: float
) -> tuple[Curve, ...]:
    """Return each rule's value, at its evaluation interval, for every label set it had a value for.

    A stretch without a value is marked by one NaN. Rules that are not a comparison with a number have none.
    """
    curves = []
    for rule in rules:
        split = split_threshold(rule.expr)
        if split is None:
            continue
        value, op, threshold = split
        step_s = max(rule.interval_s, (until_s - since_s) / MAX_POINTS)
        for labels, points in read_range(prometheus, clock, value, since_s, until_s, step_s):
            # As an alert has them: the rule's labels win over those of the expression's result.
            merged = {**labels, **rule.labels}
            curves.append(
                Curve(
                    alert=rule.name,
                    labels=merged,
                    op=op,
                    threshold=threshold,
                    points=points,
                    source=rule.source,
                )
            )
    return tuple(curves)


def read_recorded_curves(
    store: Api, clock: Clock, rules: Sequence[AlertRule], since_s: float, until_s: float
) -> tuple[Curve, ...]:
    """Return what `read_curves` does, each value at its own evaluation, as `rule_values` had it recorded."""
    recorded: dict[tuple[int, tuple[tuple[str, str], ...]], list[Sample]] = defaultdict(list)
    selector = f'{{__name__=~"{RULE_VALUE}|{RULE_NAN}"}}'
    for labels, samples in read_samples(store, clock, selector, since_s, until_s):
        own = tuple((name, value) for name, value in labels.items() if name not in {"__name__", RULE})
        is_nan = labels["__name__"] == RULE_NAN
        recorded[int(labels[RULE]), own] += [(at_s, math.nan if is_nan else value) for at_s, value in samples]
    curves = []
    for (number, own), points in recorded.items():
        rule = rules[number]
        split = split_threshold(rule.expr)
        if split is not None:
            _, op, threshold = split
            curves.append(
                Curve(
                    alert=rule.name,
                    labels={**dict(own), **rule.labels},
                    op=op,
                    threshold=threshold,
                    points=mark_gaps(sorted(points), rule.interval_s),
                    source=rule.source,
                )
            )
    return tuple(curves)


def read_range(
    prometheus: Api, clock: Clock, expr: str, since_s: float, until_s: float, step_s: float
) -> list[Series]:
    """Return an expression's values every `step_s` between two rule times, for every label set that has any.

    A stretch without a value is marked by one NaN. Raises BadInput for what cannot be dilated.
    """
    series = prometheus.query(
        "/api/v1/query_range",
        query=dilate_expr(expr, clock.speed),
        start=f"{clock.wall_s(since_s):.3f}",
        end=f"{clock.wall_s(until_s):.3f}",
        step=f"{step_s / clock.speed:.6f}",
    )
    return [
        (labels, mark_gaps([(clock.rule_s(at), number) for at, number in samples], step_s))
        for labels, samples in series
    ]


def read_panels(
    prometheus: Api, clock: Clock, dashboards: Iterable[Dashboard], since_s: float, until_s: float
) -> tuple[PanelCurves, ...]:
    """Return what every panel showed between two rule times, in at most `PANEL_POINTS` points a series.

    A panel that cannot be asked says why instead: the run was judged without it.
    """
    step_s = EVALUATION_INTERVAL_S * math.ceil((until_s - since_s) / PANEL_POINTS / EVALUATION_INTERVAL_S)
    read = []
    for dashboard in dashboards:
        for panel in dashboard.panels:
            try:
                curves, left_out = _read_panel(prometheus, clock, panel, since_s, until_s, step_s)
            except (BadInput, ComponentFailed) as error:
                read.append(PanelCurves(dashboard=dashboard, panel=panel, curves=(), trouble=str(error)))
            else:
                read.append(
                    PanelCurves(dashboard=dashboard, panel=panel, curves=tuple(curves), left_out=left_out)
                )
    return tuple(read)


def _read_panel(
    prometheus: Api, clock: Clock, panel: Panel, since_s: float, until_s: float, step_s: float
) -> tuple[list[PanelCurve], int]:
    curves: list[PanelCurve] = []
    left_out = 0
    for query in panel.queries:
        series = read_range(prometheus, clock, query.expr, since_s, until_s, step_s)
        series.sort(key=lambda one: _find_highest(one[1]), reverse=True)
        most = PANEL_BUCKETS if panel.kind == "heatmap" else PANEL_CURVES
        left_out += len(series[most:])
        names = query.name_series([labels for labels, _ in series])
        curves += [
            PanelCurve(legend=name, points=points)
            for name, (_, points) in list(zip(names, series, strict=True))[:most]
        ]
    return curves, left_out


def _find_highest(points: Sequence[Sample]) -> float:
    return max((value for _, value in points if not math.isnan(value)), default=-math.inf)


def count_evaluations(prometheus: Api, groups: Collection[str] | None = None) -> tuple[int, int]:
    """Return how many evaluations of rule groups there were since the start, and how many were left out.

    With `groups`, only of the groups of these names.
    """
    totals = {"prometheus_rule_group_iterations": 0.0, "prometheus_rule_group_iterations_missed": 0.0}
    for family in text_string_to_metric_families(prometheus.get("/metrics").text):
        if family.name in totals:
            totals[family.name] = sum(
                sample.value
                for sample in family.samples
                if not sample.name.endswith("_created")
                and (groups is None or _name_group(sample.labels) in groups)
            )
    done, missed = totals.values()
    return int(done), int(missed)


def _name_group(labels: Labels) -> str:
    """Return the name of the rule group that Prometheus counts for: its label has `FILE;NAME`."""
    return labels.get("rule_group", "").rpartition(";")[2]


def count_recorded_evaluations(store: Api, clock: Clock, since_s: float, until_s: float) -> tuple[int, int]:
    """Return how many evaluations `rule_values` recorded between two rule times, and how many are missing.

    For who evaluates without being a Prometheus that counts its evaluations itself. Of several that have one
    instant, since it is given in whole seconds of wall time, all but one are missing.
    """
    due = math.floor((until_s - since_s) / EVALUATION_INTERVAL_S)
    done = missed = 0
    for _, samples in read_samples(store, clock, EVALUATION, since_s, until_s):
        instants = [since_s, *sorted({at_s for at_s, _ in samples}), until_s]
        done += len(instants) - 2
        gaps = sum(max(0, round((b - a) / EVALUATION_INTERVAL_S) - 1) for a, b in pairwise(instants))
        missed += max(gaps, due - (len(instants) - 1))
    return done, missed


def read_active_alerts(prometheus: Api) -> tuple[ActiveAlert, ...]:
    """Return the alerts that are pending or firing now."""
    return tuple(
        ActiveAlert(
            name=alert["labels"]["alertname"],
            labels={name: value for name, value in alert["labels"].items() if name != "alertname"},
            state=alert["state"],
            active_at_s=datetime.fromisoformat(alert["activeAt"]).timestamp(),
        )
        for alert in prometheus.get("/api/v1/alerts").json()["data"]["alerts"]
    )


def read_gauges(prometheus: Api) -> frozenset[str]:
    """Return the names of the metrics that those who are scraped call gauges."""
    known = prometheus.get("/api/v1/metadata").json()["data"]
    return frozenset(name for name, said in known.items() if any(one["type"] == "gauge" for one in said))


def read_samples(
    prometheus: Api, clock: Clock, selector: str, since_s: float, until_s: float
) -> list[Series]:
    """Return the raw samples of a selector between two rule times, on rule time, without those that are NaN.

    VictoriaMetrics has a staleness marker, which ends a series, as a NaN, and no other NaN; Prometheus has
    the others only.
    """
    range_ms = math.ceil((until_s - since_s) / clock.speed * 1000)
    series = prometheus.query(
        "/api/v1/query", query=f"{selector}[{range_ms}ms]", time=f"{clock.wall_s(until_s):.3f}"
    )
    return [
        (
            labels,
            tuple(
                (clock.rule_s(at), value)
                for at, value in samples
                if clock.rule_s(at) >= since_s and not math.isnan(value)
            ),
        )
        for labels, samples in series
    ]
