"""Drills of each kind, how they come out when nothing stalls, and what a stall can do to that.

A *world* is one thing that may come of a stall: the timeline that is seen, and what became of the calls.
A part that stalls does what it does at the worst of times: what it should have passed on comes as it goes on
again and one resend later, or never; what it held up makes a rule fire that should not, or none fire.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from alertdrill.alertmanager.watching import make_page_events
from alertdrill.core.drill import Drill, LoadProfile, LoadStage
from alertdrill.core.expectation import Delivery, Expectation, Expected, NearMiss, Suppressed
from alertdrill.core.timeline import (
    Curve,
    Event,
    Notification,
    PagingPath,
    Received,
    SuppressedSpan,
    Timeline,
)
from support.notified import ALERT, GROUP, LABELS, make_notification

SPEED = 60.0
PENDING_S, FIRES_S, RESOLVES_S, ENDS_S = 200.0, 500.0, 1100.0, 1500.0
RESEND_S = 60.0
EXPIRES_S = 240.0
"""After this without news, Alertmanager takes an alert for over."""
RECEIVER = "oncall"
INHIBITOR = {"alertname": "Outage"}
PHASES = {"before firing": FIRES_S - 30, "while firing": 700.0, "at resolve": RESOLVES_S - 10}
TRAFFIC = LoadProfile(
    name="calls",
    scenario="steady",
    start_s=0.0,
    stages=(LoadStage(duration_s=1300.0, rate_per_s=0.2),),
    options={"models": ["anthropic:claude"]},
)
FIRES = Expectation(
    alert=ALERT,
    labels={},
    fires_after_s=300.0,
    fires_within_s=600.0,
    receiver=RECEIVER,
    resolves_within_s=1200.0,
)
KINDS: dict[str, tuple[Expected, ...]] = {
    "fires": (FIRES,),
    "near miss": (NearMiss(alert=ALERT, labels={}, reaches=0.8, pending=False),),
    "paging": (replace(FIRES, deliveries=(Delivery(receiver=RECEIVER, notifications=(1, 1)),)),),
    "inhibited": (replace(FIRES, suppressed=Suppressed(why="inhibited", by=INHIBITOR)),),
    "quiet": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What may be seen of a drill; `lateness_s` is that of its latest call."""

    said: str
    timeline: Timeline
    lateness_s: float = 0.0


def make_drill(kind: str) -> Drill:
    """Return the drill of a kind."""
    return Drill(name=kind, system="metis", traffic=(TRAFFIC,), expects=KINDS[kind], why="", lasts_s=ENDS_S)


def make_good(kind: str) -> Timeline:
    """Return what is seen of a drill of a kind when nothing stalls."""
    if kind in {"near miss", "quiet"}:
        return make_timeline(())
    if kind == "inhibited":
        return make_timeline((FIRES_S, RESOLVES_S), held=True)
    return make_timeline((FIRES_S, RESOLVES_S), (FIRES_S + 35, RESOLVES_S + 40))


def make_timeline(
    fired: tuple[float, float] | tuple[()], *pages: tuple[float, float | None], held: bool = False
) -> Timeline:
    """Return that the alert fired and resolved, and which incidents were opened and closed."""
    events: list[Event] = []
    if fired:
        kinds = zip(("pending", "firing", "resolved"), (PENDING_S, *fired), strict=True)
        events = [Event(at_s=at_s, kind=kind, alert=ALERT, labels=LABELS) for kind, at_s in kinds]
    notifications = [
        notification for number, page in enumerate(pages) for notification in _open_and_close(number, *page)
    ]
    span = SuppressedSpan(
        alert=ALERT, labels=LABELS, why="inhibited", by=INHIBITOR, since_s=FIRES_S, until_s=RESOLVES_S
    )
    return Timeline(
        mode="embedded",
        speed=SPEED,
        until_s=ENDS_S,
        observed=frozenset({"pending", "firing", "resolved", "paged", "page_resolved"}),
        events=tuple(sorted((*events, *make_page_events(notifications)), key=lambda event: event.at_s)),
        curves=(Curve(alert=ALERT, labels=LABELS, op=">", threshold=1.0, points=((600.0, 0.9),)),),
        paging=PagingPath(
            notifications=tuple(notifications),
            received=(Received(alert=ALERT, labels=LABELS, since_s=FIRES_S, receivers=(RECEIVER,)),),
            suppressed=(span,) if held else (),
        ),
    )


def list_worlds(kind: str, part: str, from_s: float, lasts_s: float) -> Iterator[World]:
    """Yield what may come of a stall of a part, the good end among it."""
    yield World(said="nothing came of it", timeline=make_good(kind))
    if part in {"provider-groq", "guard"}:
        return
    if part in {"alertmanager", "pager"}:
        yield from _list_path_worlds(kind, from_s, from_s + lasts_s)
    else:
        yield from _list_traffic_worlds(kind, part, from_s, from_s + lasts_s)


def _list_traffic_worlds(kind: str, part: str, from_s: float, until_s: float) -> Iterator[World]:
    """Yield worlds in which calls, scrapes or evaluations were held up: rules see them later, or others."""
    late_s = until_s - from_s if part == "locust" else 0.0
    if kind in {"near miss", "quiet"}:
        fired_s = until_s + RESEND_S
        timeline = make_timeline((fired_s, fired_s + 100), (fired_s + 35, fired_s + 150))
        yield World(said="it fires", timeline=timeline, lateness_s=late_s)
        if kind == "near miss":
            far = replace(make_good(kind), curves=())
            yield World(said="it never comes near", timeline=far, lateness_s=late_s)
        return
    if until_s < PENDING_S + RESEND_S or from_s > RESOLVES_S + 100:
        return
    if from_s < FIRES_S:
        yield World(said="it never fires", timeline=make_timeline(()), lateness_s=late_s)
        fired_s = max(FIRES_S, until_s) + RESEND_S
        late = make_timeline((fired_s, fired_s + 300), (fired_s + 35, fired_s + 340))
        yield World(said="it fires late", timeline=late, lateness_s=late_s)
    resolved_s = max(RESOLVES_S, until_s) + RESEND_S
    pages = () if kind == "inhibited" else ((FIRES_S + 35, resolved_s + 40),)
    late = make_timeline((FIRES_S, resolved_s), *pages, held=kind == "inhibited")
    yield World(said="it resolves late", timeline=late, lateness_s=late_s)


def _list_path_worlds(kind: str, from_s: float, until_s: float) -> Iterator[World]:
    """Yield worlds in which pages were held up, or an alert that still fires was taken for over."""
    if kind in {"near miss", "quiet"} or until_s < FIRES_S:
        return
    if kind == "inhibited":
        if until_s - from_s > EXPIRES_S and until_s < RESOLVES_S:
            page = (until_s + 30, RESOLVES_S + 40)
            paged = make_timeline((FIRES_S, RESOLVES_S), page, held=True)
            yield World(said="the inhibiting alert is forgotten", timeline=paged)
        if from_s <= FIRES_S + 35:
            unseen = make_timeline((FIRES_S, RESOLVES_S))
            yield World(said="nobody sees it inhibited", timeline=unseen)
        return
    page_s = FIRES_S + 35
    if from_s <= page_s:
        page_s = until_s + RESEND_S
    if page_s > RESOLVES_S:
        yield World(said="no page comes", timeline=make_timeline((FIRES_S, RESOLVES_S)))
        return
    close_s = RESOLVES_S + 40
    if from_s <= close_s <= until_s:
        close_s = until_s + RESEND_S
        yield World(said="it never closes", timeline=make_timeline((FIRES_S, RESOLVES_S), (page_s, None)))
    moved = make_timeline((FIRES_S, RESOLVES_S), (page_s, close_s))
    yield World(said="page or close comes later", timeline=moved)
    if page_s < until_s < RESOLVES_S and until_s - from_s > EXPIRES_S:
        twice = make_timeline((FIRES_S, RESOLVES_S), (page_s, until_s), (until_s + 90, close_s))
        yield World(said="it is taken for two", timeline=twice)


def _open_and_close(number: int, opened_s: float, closed_s: float | None) -> Iterator[Notification]:
    incident = f"i{number}"
    yield make_notification(2 * number + 1, opened_s, "opened", incident=incident, group_labels=GROUP)
    if closed_s is not None:
        yield make_notification(2 * number + 2, closed_s, "closed", incident=incident, group_labels=GROUP)
