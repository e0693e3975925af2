"""What is read of a run when all drills are held: its timeline, and what rules were evaluated without."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from alertdrill.alertmanager.groups import Groups
from alertdrill.alertmanager.recorder import FILE_NAME, read_steps
from alertdrill.alertmanager.routes import parse_routes
from alertdrill.alertmanager.unplayed import find_unplayed_receivers
from alertdrill.alertmanager.watching import PathWatch, make_page_events, read_log, read_troubles
from alertdrill.core.clock import Clock
from alertdrill.core.drill import Placement
from alertdrill.core.timeline import Stall, Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.recording.prometheus import read_alert_events, read_curves, read_recorded_curves
from alertdrill.recording.store import Store, await_samples, open_store
from alertdrill.rules.heartbeats import find_heartbeats
from alertdrill.rules.inhibitors import find_inhibitors
from alertdrill.runner.faults.outages import list_outages
from alertdrill.runner.late_samples import SHOWS_WITHIN_WALL_S, find_unseen, hangs_on_the_unseen
from alertdrill.runner.order import Order
from alertdrill.runtime.http_client import Api
from alertdrill.stacks import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRun:
    """A run on a stack: what is held, where, by which clock, until when; `path` watches the pages."""

    order: Order
    placements: tuple[Placement, ...]
    stack: Stack
    clock: Clock
    path: PathWatch
    prometheus: Api
    until_s: float


def watch_pages(order: Order, stack: Stack, pager: Api, clock: Clock) -> PathWatch:
    """Return what looks at the paging path of a run."""
    return PathWatch(
        pager=pager,
        alertmanagers=stack.endpoints.open_alertmanagers(),
        clock=clock,
        groups=Groups(parse_routes(order.alertmanager.document)),
    )


def await_store(run: LiveRun) -> tuple[Api, dict[str, str]]:
    """Return the API to read the run from, once it shows all of it, and what the record says of that."""
    store = run.order.store
    if store is None:
        return run.prometheus, {}
    api = open_store(store, run.clock.speed)
    jobs = [job.name for job in run.order.site.subject.jobs]
    waited_wall_s = await_samples(api, run.prometheus, run.clock, jobs, run.until_s)
    return api, {"read from": f"{store.url}, which showed the whole run {waited_wall_s:.0f} s after its end"}


def observe(run: LiveRun, store: Api) -> Timeline:
    """Read the timeline of the run from Prometheus, or another store, and the paging path from its watch."""
    order, path, clock = run.order, run.path, run.clock
    read = read_curves if order.store is None else read_recorded_curves
    intervals_s = {rule.name: rule.interval_s for rule in order.alerts}
    subject = order.site.subject
    # What else somebody's own servers know of is nobody's business here, nor what they counted before.
    events = read_alert_events(
        store, clock, 0.0, run.until_s, intervals_s if "prometheus" in subject.runs_already else None
    )
    asked = [run.prometheus, *path.alertmanagers.values()] if not subject.runs_already else []
    logs = [read_log(order.out / "logs" / f"{part}.log") for part in path.alertmanagers]
    log = [line for lines in logs for line in lines]
    paging = path.read(events, log, read_troubles(asked, log))
    recorded = read_steps(read_log(order.out / "logs" / FILE_NAME), clock)
    # While the stack is starting, Prometheus may scrape a gateway that is not there yet, and page for it.
    pages = tuple(
        page
        for page in make_page_events(paging.notifications)
        if page.at_s >= 0 and (not subject.runs_already or page.alert in intervals_s)
    )
    return Timeline(
        mode=order.site.name,
        speed=clock.speed,
        until_s=run.until_s,
        observed=frozenset({"pending", "firing", "resolved", "paged", "page_resolved"}),
        events=tuple(sorted((*events, *pages), key=lambda event: event.at_s)),
        heartbeats=find_heartbeats(order.alerts),
        inhibitors=find_inhibitors(order.alerts),
        curves=read(store, clock, order.alerts, 0.0, run.until_s),
        engines=run.stack.versions,
        receivers=subject.receivers,
        paging=replace(
            paging,
            recorded=recorded,
            unplayed=find_unplayed_receivers(order.alertmanager.document),
            notifications=tuple(
                notification for notification in paging.notifications if notification.at_s >= 0
            ),
        ),
    )


def look_again(run: LiveRun, store: Api, judged: Iterable[Verdict]) -> tuple[Stall, ...]:
    """Return what rules were evaluated without, by a server that may be another one than Prometheus.

    Where a verdict may hang on what was never seen, the server is given the time to show what it has.
    """
    order, clock = run.order, run.clock
    if order.store is None:
        return ()
    if hangs_on_the_unseen(judged, run.placements):
        time.sleep(max(0.0, clock.wall_s(run.until_s) + SHOWS_WITHIN_WALL_S - time.time()))
    evaluator = open_store(Store(url=run.stack.endpoints.prometheus), clock.speed)
    out = [one for one in list_outages(run.placements, clock.speed) if one.part == "prometheus"]
    return find_unseen(evaluator, store, clock, order.alerts, run.until_s, out)
