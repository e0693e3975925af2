"""What the live board shows of a run: what Prometheus and the pager say just now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.clock import Clock
from harness.judge import matches
from harness.model import Act, Event, Expectation, Labels, NearMiss, Placement
from harness.observe import ActiveAlert
from harness.reports.terminal import ActRow, AlertRow


def list_running_acts(acts: Iterable[Act], now_s: float) -> tuple[ActRow, ...]:
    """Return the acts that send traffic now, at their present rates."""
    return tuple(
        ActRow(name=act.name, scenario=act.scenario, rate_per_s=rate)
        for act in acts
        if (rate := _find_rate(act, now_s - act.start_s)) > 0
    )


def _find_rate(act: Act, since_start_s: float) -> float:
    end_s = 0.0
    for stage in act.stages:
        end_s += stage.duration_s
        if 0 <= since_start_s < end_s:
            return stage.rate_per_s
    return 0.0


def list_alert_rows(
    placements: Sequence[Placement],
    active: Iterable[ActiveAlert],
    pages: Sequence[Event],
    clock: Clock,
    now_s: float,
) -> tuple[AlertRow, ...]:
    """Return a row for each alert that a drill now held looks at, and for each that is active unasked."""
    left = list(active)
    rows = []
    for placement in placements:
        if not placement.start_s <= now_s < placement.end_s:
            continue
        for expectation in placement.drill.expects:
            found = next((alert for alert in left if matches(expectation, alert.name, alert.labels)), None)
            if found is not None:
                left.remove(found)
            rows.append(_make_row(expectation, placement, found, pages, clock))
    rows.extend(
        AlertRow(
            alert=alert.name, labels=alert.labels, state=alert.state, since_s=clock.rule_s(alert.active_at_s)
        )
        for alert in left
    )
    return tuple(rows)


def _make_row(
    expectation: Expectation | NearMiss,
    placement: Placement,
    found: ActiveAlert | None,
    pages: Sequence[Event],
    clock: Clock,
) -> AlertRow:
    mine = [
        page
        for page in pages
        if page.at_s >= placement.start_s and matches(expectation, page.alert, page.labels)
    ]
    paged = [page for page in mine if page.kind == "paged"]
    closed = [page for page in mine if page.kind == "page_resolved"]
    return AlertRow(
        alert=expectation.alert,
        labels=_shorten(expectation.labels),
        state=found.state if found else "inactive",
        since_s=clock.rule_s(found.active_at_s) if found else None,
        paged_s=paged[0].at_s if paged else None,
        page_closed_s=closed[0].at_s if closed else None,
        receiver=paged[0].receiver if paged else None,
    )


def _shorten(labels: Labels) -> Labels:
    return {name: value for name, value in labels.items() if name != "system"}
