"""The pager's page: what it took, drawn by the code of a live report. Pure.

The page itself is the same for everybody; what it shows, it asks the pager for with a token.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from alertdrill.alertmanager.watching import read_notification
from alertdrill.core.clock import Clock
from alertdrill.core.timeline import Notification, PagingPath, Timeline
from alertdrill.reports.html import draw
from alertdrill.reports.html.document import clean
from alertdrill.reports.html.pages import describe_pages

SHORTEST_S = 60.0
"""Of what is drawn, however soon somebody looks."""
STATES = ("open", "acknowledged", "closed")

Data = dict[str, Any]


def draw_page() -> str:
    """Return the page of a pager before anybody gave it the token."""
    return draw(_make_document("Pager", _make_timeline(1.0, SHORTEST_S)), asks=True)


def describe_page(
    notices: Sequence[Mapping[str, Any]],
    states: Mapping[str, str],
    clock: Clock,
    *,
    is_told: bool,
    now_s: float,
) -> Data:
    """Return what the page shows of notices of the journal, and of the `states` of incidents by their ids.

    `now_s` is a wall instant. Where no run told the clock, instants count from the first notice.
    """
    notifications = tuple(read_notification(one, clock, {}) for one in notices)
    counts = Counter(states.values())
    said = ", ".join(f"{counts[state]} {state}" for state in STATES)
    timeline = _make_timeline(clock.speed, max(SHORTEST_S, clock.rule_s(now_s)), notifications)
    document = _make_document(
        said, timeline, () if is_told else ("instants count from the first notification",)
    )
    for incident in document["pages"]["incidents"]:
        incident["state"] = states.get(incident["id"], "closed")
    return document


def _make_timeline(speed: float, until_s: float, notifications: tuple[Notification, ...] = ()) -> Timeline:
    return Timeline(
        mode="pager",
        speed=speed,
        until_s=until_s,
        observed=frozenset({"paged", "page_resolved"}),
        events=(),
        paging=PagingPath(notifications=notifications),
    )


def _make_document(outcome: str, timeline: Timeline, facts: Sequence[str] = ()) -> Data:
    until_s = round(timeline.until_s, 1)
    document: Data = clean(
        {
            "of": "pager",
            "head": {
                "kind": "running",
                "outcome": outcome,
                "believed": [],
                "doubts": [],
                "doubted": "",
                "facts": ["the pager's incidents", f"speed {timeline.speed:g}", *facts],
                "engines": [],
            },
            "ask": None,
            "live": {"endless": True},
            "timeline": {"speed": timeline.speed, "until": until_s, "now": until_s},
            "drills": [],
            "pages": describe_pages(timeline, goes_on=True),
            "elsewhere": "GET /notices and GET /incidents of the pager have what it took.",
        }
    )
    return document
