"""A run without a stack: what a page is told of it at any instant, of a record of how it went."""

from __future__ import annotations

from dataclasses import replace

from alertdrill.core.timeline import NotifiedAlert
from alertdrill.reports import RunRecord
from alertdrill.reports.progress import AlertRow, BoardState, ProfileRow
from support.paging_records import notify


def look(record: RunRecord, now_s: float) -> BoardState:
    """Return what is known at an instant of rule time."""
    timeline = record.timeline
    seen = [event for event in timeline.events if event.at_s <= now_s]
    pages = [event for event in seen if event.kind in {"paged", "page_resolved"}]
    return BoardState(
        drills=len(record.placements),
        stack="embedded",
        speed=timeline.speed,
        until_s=timeline.until_s,
        now_rule_s=now_s,
        wall_s=now_s / timeline.speed,
        engines=timeline.engines,
        components={"prometheus": "up", "gateway": "up"},
        profiles=(ProfileRow(name="slow-openai", scenario="burst", rate_per_s=3.0),),
        alerts=tuple(
            AlertRow(alert=event.alert, labels=event.labels, state="firing", since_s=event.at_s)
            for event in seen[-1:]
            if event.kind == "firing"
        ),
        placements=record.placements,
        rules=record.rules,
        events=tuple(event for event in seen if event not in pages),
        notifications=tuple(
            replace(
                notify(
                    *(number, event.at_s),
                    receiver=event.receiver or "",
                    title=f"{event.alert} {event.kind}",
                    incident=f"{event.alert} {sorted(event.labels.items())}",
                    effect="opened" if event.kind == "paged" else "closed",
                ),
                alerts=(
                    NotifiedAlert(
                        alert=event.alert,
                        labels=event.labels,
                        status="firing" if event.kind == "paged" else "resolved",
                    ),
                ),
            )
            for number, event in enumerate(pages, 1)
        ),
    )
