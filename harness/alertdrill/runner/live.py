"""Hold drills: the whole story on one page.

The stack is started, traffic is sent by a Locust process, and the first seconds of it, at negative rule
time, are the calibration: they show how late scrapes, arrivals and the gateway are on this machine just now.
If that is more than the verdicts can bear, the stack is started again at the highest speed that fits. Then
the drills are held, what happened is read from Prometheus and the pager, and judged.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from alertdrill.alertmanager.calendar import Calendar, write_zones
from alertdrill.alertmanager.watching import make_page_events
from alertdrill.core.clock import Clock, find_origin
from alertdrill.core.drill import LoadProfile, Placement
from alertdrill.core.timeline import Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.errors import ClockDoubted
from alertdrill.judging.began_active import doubt_active, find_longest_for_s
from alertdrill.judging.could_not_tell import weigh
from alertdrill.judging.judge import find_unexpected, judge, select_for_drill
from alertdrill.judging.standstill import doubt_clock
from alertdrill.recording.prometheus import read_panels
from alertdrill.recording.store import open_store
from alertdrill.reports import RunRecord
from alertdrill.reports.progress import BoardState
from alertdrill.runner.alignment import find_alignment
from alertdrill.runner.beginning import Beginning, begin_clock
from alertdrill.runner.calibration import TooFast, find_calibration_wall_s, find_lead_wall_s
from alertdrill.runner.evaluations import Count
from alertdrill.runner.evidence import (
    describe_watch,
    describe_workers,
    find_asked,
    find_pauses_wall_s,
    gather,
    read_stalls,
)
from alertdrill.runner.faults.outages import list_outage_steps, list_windows
from alertdrill.runner.faults.paging import list_fault_steps, list_silence_steps
from alertdrill.runner.faults.performing import Injector
from alertdrill.runner.late_samples import describe
from alertdrill.runner.live_board import Watch
from alertdrill.runner.measurements import (
    describe_fidelity,
    find_missed_scrapes,
    measure,
    read_system_scrapes,
)
from alertdrill.runner.observation import LiveRun, await_store, look_again, observe, watch_pages
from alertdrill.runner.order import RECORDING, Order, describe_unfit, make_order_at, make_setup
from alertdrill.runner.probe import (
    SETTLE_S,
    Window,
    list_drilled_profiles,
    make_calibration,
    make_own_calibration,
    make_probe,
    make_warm_up,
)
from alertdrill.runner.refused_warm_up import list_warm_up
from alertdrill.runner.replay_check import record_and_confirm
from alertdrill.runner.schedule import find_calendar, place
from alertdrill.runner.silent_parts import SilentParts, name_the_dead
from alertdrill.runner.traffic import Traffic, TrafficReport, plan
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.part_watch import PartWatch
from alertdrill.runtime.process import inherit_environment
from alertdrill.stacks import Setup, Stack

POLL_WALL_S = 0.2
DRAIN_WALL_S = 10.0

Show = Callable[[BoardState], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """A run that is over: its record, and the stack, which still stands to be asked."""

    record: RunRecord
    stack: Stack
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """How and when a run began: `speed`, and the `reason` for it."""

    speed: float
    reason: str
    at: datetime
    monotonic_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """What became of the traffic, and what was seen meanwhile of the parts and the faults."""

    report: TrafficReport
    parts: PartWatch
    silent: SilentParts
    injector: Injector
    outages: tuple[Window, ...]
    count_evaluations: Callable[[], Count] | None
    """Counts those since the first drill began; None where Prometheus was silent from then on."""


def hold(order: Order, show: Show) -> RunRecord:
    """Hold the drills, end the stack, and return what became of them; see `hold_open`."""
    with hold_open(order, show) as held:
        return held.record


@contextmanager
def hold_open(order: Order, show: Show) -> Iterator[FinishedRun]:
    """Hold the drills, and let the stack stand for as long as the `with` block takes.

    `show` is given the state of the run several times a second. Raises BadRules for rules that cannot be
    dilated, CouldNotTell when the stack broke or when no speed fits this machine.
    """
    placements = tuple(place(order.drills, rests_s=order.rests_s))
    speed: float | None = order.speed or order.speeds[0]
    reason = "as asked for" if order.speed else "the highest"
    with ExitStack() as resources:
        while speed is not None:
            try:
                held = resources.enter_context(_hold_at(order, placements, speed, reason, show))
            except TooFast as too_fast:
                speed, reason = too_fast.slower, too_fast.reason
            else:
                yield held
                return
    who = "this machine is" if order.site.subject.keeps_rule_time else "the gateway, or this machine, is"
    raise ClockDoubted(f"{who} too slow to hold drills even at speed {order.speeds[-1]:g}: {reason}")


@contextmanager
def _hold_at(
    order: Order, placements: tuple[Placement, ...], speed: float, reason: str, show: Show
) -> Iterator[FinishedRun]:
    """Hold the drills at one speed; raises TooFast when calibration may choose another and must."""
    order = make_order_at(order, speed)
    start = _Start(speed=speed, reason=reason, at=datetime.now(UTC), monotonic_s=time.monotonic())
    until_s = max(placement.end_s for placement in placements) + SETTLE_S
    calendar = Calendar(origin=order.calendar or find_calendar(placements, start.at))
    setup = make_setup(order, speed, calendar, until_s)
    lead_wall = find_lead_wall_s(order, speed)
    state = BoardState(
        drills=len(placements),
        stack=order.site.name,
        speed=speed,
        until_s=until_s,
        now_rule_s=-lead_wall * speed,
        components=dict.fromkeys(order.site.subject.parts, "starting"),
        placements=placements,
        rules=order.alerts,
    )
    show(replace(state, message=f"starting the stack at speed {speed:g} ({reason})"))
    with order.site.open(setup) as stack, name_the_dead(stack):
        if order.store is not None:
            # What is wrong with it is better known before there is traffic.
            open_store(order.store, speed)
        pager = Api("pager", stack.endpoints.pager, stack.endpoints.pager_token)
        prometheus = stack.endpoints.open_prometheus()
        clock = begin_clock(
            pager,
            prometheus,
            lambda: Clock(speed=speed, origin_s=find_origin(time.time() + lead_wall, speed)),
            stack.check,
        )
        run = LiveRun(
            order=order,
            placements=placements,
            stack=stack,
            clock=clock,
            path=watch_pages(order, stack, pager, clock),
            prometheus=prometheus,
            until_s=until_s,
        )
        if setup.zones:
            stack.set_zones(write_zones(order.alertmanager.document, clock, calendar, until_s))
        state = replace(
            state,
            components=dict.fromkeys((*order.site.subject.parts, "locust"), "up"),
            engines=stack.versions,
        )
        sent = _send(run, start, state, show)
        stack.check()
        with sent.silent.bear("pager"):
            run.path.look(clock.rule_s(time.time()))
        sent.silent.await_answer("prometheus", run.prometheus, "/-/ready")
        stack.save_logs()
        state = replace(state, now_rule_s=until_s, wall_s=time.monotonic() - start.monotonic_s)
        record = _conclude(run, start, sent, setup, lambda doing: show(replace(state, message=doing)))
        yield FinishedRun(record=record, stack=stack, clock=clock)


def _send(run: LiveRun, start: _Start, state: BoardState, show: Show) -> _Sent:
    """Send the traffic, carry out the faults and watch, until the last drill is over; may raise TooFast."""
    order, clock, stack, until_s = run.order, run.clock, run.stack, run.until_s
    lead_s = find_calibration_wall_s(order, clock.speed) * clock.speed
    outages = list_windows(run.placements, clock.speed)
    profiles = _list_profiles(run, lead_s, outages)
    injector = _make_injector(run)
    watch = Watch(
        placements=run.placements,
        profiles=profiles,
        for_s=find_longest_for_s(order.alerts),
        prometheus=run.prometheus,
        clock=clock,
        quiet_lead_s=order.quiet_lead_s,
        quiet_lead_why=order.quiet_lead_why,
    )
    parts = PartWatch(
        stack.endpoints.health, stack.endpoints.certificates, find_pauses_wall_s(order, clock.speed)
    )
    silent = SilentParts(clock=clock)
    beginning = Beginning(
        run=run,
        silent=silent,
        lead_s=lead_s,
        is_calibrated=order.speed is not None,
        is_at_rest=order.site.subject.keeps_rule_time,
        warm_up=list_warm_up(profiles),
        alignment=find_alignment(run),
    )
    with _start_traffic(order, profiles, stack, clock) as traffic, parts:
        while (now_s := clock.rule_s(time.time())) < until_s:
            injector.carry_out()
            stack.check()
            traffic.poll()
            beginning.go_on(now_s, traffic.report)
            with silent.bear("pager"):
                run.path.look(now_s, injector.out)
            state = replace(state, wall_s=time.monotonic() - start.monotonic_s)
            with silent.bear("prometheus"):
                told = run.path.notifications
                seen = watch.look(state, now_s, make_page_events(told))
                show(replace(seen, notifications=told))
            _rest(clock, injector.next_s)
        show(replace(state, now_rule_s=until_s, message="reading what happened"))
        report = silent.await_end(traffic, DRAIN_WALL_S)
    return _Sent(
        report=report,
        parts=parts,
        silent=silent,
        injector=injector,
        outages=tuple(outages),
        count_evaluations=beginning.count_evaluations,
    )


def _conclude(
    run: LiveRun, start: _Start, sent: _Sent, setup: Setup, tell: Callable[[str], None]
) -> RunRecord:
    """Read what happened, judge it, and replay the rules on what was recorded."""
    order, clock, placements, until_s = run.order, run.clock, run.placements, run.until_s
    store, notes = await_store(run)
    silent = read_stalls(sent.parts, placements, sent.report, clock)
    subject = order.site.subject
    scrapes = read_system_scrapes(store, clock, subject.jobs, 0.0, until_s, sent.outages)
    fidelity = replace(
        measure(
            run.prometheus,
            clock,
            sent.report,
            scrapes,
            0.0,
            until_s,
            store,
            silent,
            is_probed=subject.keeps_rule_time,
            counted=sent.count_evaluations and sent.count_evaluations(),
        ),
        outage_lateness_s=sent.injector.lateness_s,
    )
    timeline = observe(run, store)
    judged = judge_all(placements, timeline, find_longest_for_s(order.alerts))
    unseen = look_again(run, store, judged)
    stalls = (*silent, *sent.injector.moved, *unseen, *find_missed_scrapes(scrapes))
    timeline = replace(timeline, stalls=stalls)
    asked = find_asked(order, run.stack.endpoints.health)
    verdicts = weigh(judged, placements, gather(order, sent.report, stalls, start.speed, asked))
    tell("recording, and replaying the recording")
    recorded = record_and_confirm(
        run.prometheus,
        order.rules,
        clock,
        timeline,
        placements,
        order.recording or order.out / RECORDING,
        order.promtool,
        order.out / "logs",
        recorded=order.recorded,
    )
    return RunRecord(
        placements=placements,
        timeline=timeline,
        verdicts=recorded.doubt(verdicts, placements, order.rules, order.promtool),
        rules=order.alerts,
        panels=read_panels(store, clock, order.dashboards, 0.0, until_s),
        doubts=(
            *sent.silent.doubts,
            *doubt_clock(fidelity, order.bounds, stalls, start.speed, asked),
            *recorded.doubts,
        ),
        agreement=recorded.agreement,
        unwritten=recorded.unwritten,
        wall_s=time.monotonic() - start.monotonic_s,
        started_at=start.at,
        notes={
            "speed": f"{start.speed:g} ({start.reason})",
            **notes,
            **recorded.notes,
            **describe_fidelity(fidelity, order.bounds),
            **describe_watch(sent.parts, silent, start.speed, find_pauses_wall_s(order, start.speed)),
            **(describe(unseen, start.speed) if order.store is not None else {}),
            **describe_workers(sent.report),
            **describe_unfit(order, start.speed),
        },
        logs=tuple(sorted(f"logs/{path.name}" for path in setup.logs.iterdir())),
    )


def judge_all(
    placements: Sequence[Placement], timeline: Timeline, for_s: Mapping[str, float]
) -> tuple[Verdict, ...]:
    """Judge every drill on its own part of the timeline, and what happened unexpectedly.

    `for_s` is how long each alert is pending before it fires. In a quiet drill, what was active before it
    belongs to the drill before, or else is unexpected.
    """
    verdicts = []
    for placement in placements:
        verdict = judge(placement.drill, select_for_drill(placement, placements, timeline))
        if placement.drill.expects:
            verdict = doubt_active(verdict, placement, timeline, for_s)
        verdicts.append(verdict)
    unexpected = find_unexpected(placements, timeline)
    return tuple(verdicts) if unexpected is None else (*verdicts, unexpected)


def _rest(clock: Clock, next_s: float | None) -> None:
    """Sleep until it is time to look again, or for the next step of an outage."""
    ahead_wall_s = math.inf if next_s is None else clock.wall_s(next_s) - time.time()
    time.sleep(max(0.0, min(POLL_WALL_S, ahead_wall_s)))


def _make_injector(run: LiveRun) -> Injector:
    placements, path, clock = run.placements, run.path, run.clock
    steps = (
        *list_outage_steps(placements, run.stack),
        *list_fault_steps(placements, path.pager),
        *list_silence_steps(placements, path.alertmanagers, clock),
    )
    return Injector(steps, lambda: clock.rule_s(time.time()))


def _list_profiles(run: LiveRun, lead_s: float, outages: Sequence[Window]) -> tuple[LoadProfile, ...]:
    """Return all traffic of a run, in the run's time; calibration takes `lead_s`."""
    order, placements = run.order, run.placements
    if order.site.subject.keeps_rule_time:
        own = make_calibration(lead_s), make_probe(run.until_s, outages)
        return *own, *list_drilled_profiles(placements, has_prefixes=True)
    drilled = list_drilled_profiles(placements, has_prefixes=False)
    if order.warm_up_wall_s:
        before_s = -order.quiet_lead_s - lead_s
        drilled = (*make_warm_up(placements, order.warm_up_wall_s * run.clock.speed, before_s), *drilled)
    if order.speed is not None:
        return drilled
    return *make_own_calibration(placements, lead_s, order.quiet_lead_s), *drilled


def _start_traffic(order: Order, profiles: Sequence[LoadProfile], stack: Stack, clock: Clock) -> Traffic:
    logs = order.out / "logs"
    controls, told = stack.endpoints.controls, logs / "traffic.json"
    return Traffic(
        plan(profiles, clock=clock, seed=order.seed, controls=controls, report=told, target=order.target),
        host=stack.endpoints.gateway,
        plan_path=logs / "traffic-plan.json",
        log_path=logs / "locust.log",
        env=inherit_environment(
            {
                "ALERTDRILL_ADMIN_TOKEN": stack.endpoints.admin_token,
                "ALERTDRILL_CONTROL_TOKEN": stack.endpoints.control_token,
                **(order.target.list_variables() if order.target is not None else {}),
            }
        ),
        workers=order.workers,
        files=order.scenario_files,
    )
