"""What the live board shows of a run: what Prometheus and the pager say just now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from alertdrill.core.clock import Clock
from alertdrill.core.drill import LoadProfile, Placement
from alertdrill.core.expectation import Expected
from alertdrill.core.rule import Labels
from alertdrill.core.timeline import Event
from alertdrill.judging.judge import matches
from alertdrill.recording.prometheus import ActiveAlert, read_active_alerts
from alertdrill.reports.progress import AlertRow, BoardState, ProfileRow
from alertdrill.runner.alert_log import AlertLog
from alertdrill.runtime.http_client import Api


@dataclass(slots=True, kw_only=True)
class Watch:
    """Looks at a running run. `for_s` has each alert's `for`: how long it is pending before it fires.

    For `quiet_lead_s` before the first drill nothing is sent; `quiet_lead_why` says why it is so long.
    """

    placements: Sequence[Placement]
    profiles: Sequence[LoadProfile]
    for_s: Mapping[str, float]
    prometheus: Api
    clock: Clock
    quiet_lead_s: float = 0.0
    quiet_lead_why: str = ""
    log: AlertLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = AlertLog(clock=self.clock, for_s=self.for_s)

    def look(self, state: BoardState, now_s: float, pages: Sequence[Event]) -> BoardState:
        """Return the state at rule time `now_s`: the load profiles that send traffic, and the alerts.

        A row for each alert that a drill now held looks at, and for each that is active and unexpected.
        `pages` are those of the run so far.
        """
        left = list(read_active_alerts(self.prometheus))
        self.log.look(left, now_s)
        rows = []
        for placement in self.placements:
            if not placement.start_s <= now_s < placement.end_s:
                continue
            for expectation in placement.drill.expects:
                row = _make_row(expectation, [page for page in pages if page.at_s >= placement.start_s])
                found = next((a for a in left if matches(expectation, a.name, a.labels)), None)
                if found is not None:
                    left.remove(found)
                    row = replace(row, state=found.state, since_s=self._find_since(found))
                rows.append(row)
        rows.extend(
            AlertRow(
                alert=found.name, labels=found.labels, state=found.state, since_s=self._find_since(found)
            )
            for found in left
        )
        rates = [(profile, _find_rate(profile, now_s - profile.start_s)) for profile in self.profiles]
        return replace(
            state,
            now_rule_s=now_s,
            profiles=tuple(
                ProfileRow(name=profile.name, scenario=profile.scenario, rate_per_s=rate)
                for profile, rate in rates
                if rate > 0
            ),
            alerts=tuple(rows),
            events=self.log.events,
            message=say_stage(now_s, self.quiet_lead_s, self.quiet_lead_why),
        )

    def _find_since(self, found: ActiveAlert) -> float:
        waited_s = self.for_s.get(found.name, 0.0) if found.state == "firing" else 0.0
        return self.clock.rule_s(found.active_at_s) + waited_s


def say_stage(now_s: float, quiet_lead_s: float, why: str = "") -> str:
    """Say what goes on before the first drill; nothing once it has begun."""
    if now_s >= 0:
        return ""
    if now_s < -quiet_lead_s:
        return "calibrating"
    return f"quiet lead: no alert may be active before the drills{f', and {why}' if why else ''}"


def _find_rate(profile: LoadProfile, since_start_s: float) -> float:
    end_s = 0.0
    for stage in profile.stages:
        end_s += stage.duration_s
        if 0 <= since_start_s < end_s:
            return stage.rate_per_s
    return 0.0


def _make_row(expectation: Expected, pages: Sequence[Event]) -> AlertRow:
    mine = [page for page in pages if matches(expectation, page.alert, page.labels)]
    paged = [page for page in mine if page.kind == "paged"]
    closed = [page for page in mine if page.kind == "page_resolved"]
    return AlertRow(
        alert=expectation.alert,
        labels=_shorten(expectation.labels),
        paged_s=paged[0].at_s if paged else None,
        page_closed_s=closed[0].at_s if closed else None,
        receiver=paged[0].receiver if paged else None,
    )


def _shorten(labels: Labels) -> Labels:
    return {name: value for name, value in labels.items() if name != "system"}
