"""What a run of all drills is asked afterwards: Prometheus what fired, the pager's journal who was told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.expectation import BlindRule, Expectation, Expected, Grouped
from alertdrill.judging.incidents import Incident, list_incidents
from alertdrill.judging.judge import matches
from alertdrill.reports import RunRecord
from alertdrill.runner.live import FinishedRun
from alertdrill.runtime.http_client import Api


def find_placement(record: RunRecord, drill: Drill) -> Placement:
    """Return when a drill was held."""
    return next(place for place in record.placements if place.drill == drill)


def count_firing(held: FinishedRun, drill: Drill, expected: Expected) -> float:
    """Ask Prometheus for how many evaluations an alert fired while its drill was held.

    A rule that is blind from some instant on may have fired before.
    """
    place = find_placement(held.record, drill)
    labels = {"alertname": expected.alert, "alertstate": "firing", **expected.labels}
    matchers = ",".join(f'{name}="{value}"' for name, value in labels.items())
    since_s = expected.after_s if isinstance(expected, BlindRule) else 0.0
    range_ms = round((drill.lasts_s - since_s) / held.clock.speed * 1000)
    prometheus = Api("prometheus", held.stack.endpoints.prometheus)
    series: list[Any] = prometheus.query(
        "/api/v1/query",
        query=f"sum(count_over_time(ALERTS{{{matchers}}}[{range_ms}ms]))",
        time=f"{held.clock.wall_s(place.end_s):.3f}",
    )
    return float(series[0][1][0][1]) if series else 0.0


def check_drill(held: FinishedRun, drill: Drill) -> None:
    """Hold that a drill is met, and that Prometheus and the pager's journal say so too."""
    verdict = next(verdict for verdict in held.record.verdicts if verdict.drill == drill.name)
    assert [finding.evidence for finding in verdict.findings if finding.outcome != "met"] == []
    for expected in drill.expects:
        fired = count_firing(held, drill, expected)
        assert (fired > 0) == isinstance(expected, Expectation | Grouped)
        check_incidents(held.record, drill, expected)


def check_incidents(record: RunRecord, drill: Drill, expected: Expected) -> None:
    """Hold that each integration opened one incident for each alert of an expectation, and closed it.

    This is read off the journal, without the judge.
    """
    if isinstance(expected, BlindRule):  # it may have fired, and paged, before it is to be blind
        return
    place = find_placement(record, drill)
    opened = [
        incident
        for incident in list_incidents(record.timeline.paging.notifications)
        if place.start_s <= incident.opened_s < place.end_s and find_alerts(incident, expected)
    ]
    if isinstance(expected, Grouped):
        assert len(opened) == expected.incidents
        assert {(one.receiver, one.integration) for one in opened} == {
            (expected.receiver, expected.integration)
        }
        assert all(one.closed_s is not None for one in opened)
        return
    assert {incident.receiver for incident in opened} == find_receivers(expected)
    told = [
        (incident.receiver, incident.integration, labels)
        for incident in opened
        for labels in find_alerts(incident, expected)
    ]
    assert len(told) == len(set(told))
    left_open = {incident.receiver for incident in opened if incident.closed_s is None}
    silent = {delivery.receiver for delivery in find_deliveries(expected) if not delivery.closes}
    assert left_open == silent


def find_receivers(expected: Expected) -> set[str]:
    """Return the receivers that are to open incidents."""
    if not isinstance(expected, Expectation) or is_never_paged(expected):
        return set()
    return {expected.receiver, *(delivery.receiver for delivery in expected.deliveries)}


def find_deliveries(expected: Expected) -> Iterable[Any]:
    """Return what an expectation says of its deliveries."""
    return expected.deliveries if isinstance(expected, Expectation) else ()


def is_never_paged(expected: Expectation) -> bool:
    """Return whether the page is suppressed for good."""
    return expected.suppressed is not None and expected.suppressed.until_s is None


def find_alerts(incident: Incident, expected: Expected) -> set[frozenset[tuple[str, str]]]:
    """Return the labels of the expected alerts that an incident told of."""
    return {
        frozenset(alert.labels.items())
        for notification in incident.pages
        for alert in notification.alerts
        if alert.status == "firing" and matches(expected, alert.alert, alert.labels)
    }
