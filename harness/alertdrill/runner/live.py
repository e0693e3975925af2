"""Hold drills: the whole story on one page.

The stack is started, traffic is sent by a Locust process, and the first seconds of it, at negative rule
time, are the calibration: they show how late scrapes, arrivals and the gateway are on this machine just now.
If that is more than the verdicts can bear, the stack is started again at the highest speed that fits. Then
the drills are held, what happened is read from Prometheus and the pager, and judged.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from alertdrill.alertmanager.calendar import Calendar, write_zones
from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.alertmanager.watching import PathWatch, make_page_events, read_log, read_troubles
from alertdrill.core.clock import Clock, find_origin
from alertdrill.core.drill import BehaviourChange, Drill, LoadProfile, LoadStage, Placement
from alertdrill.core.parts import PARTS
from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import Stall, Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.errors import ClockDoubted, ComponentFailed
from alertdrill.judging.clock_fidelity import (
    Bounds,
    Fidelity,
    doubt,
    find_fitting_speed,
    find_overhead,
)
from alertdrill.judging.doubts import weigh
from alertdrill.judging.judge import find_unexpected, judge, share
from alertdrill.recording.prometheus import (
    count_evaluations,
    count_recorded_evaluations,
    measure_gaps,
    read_alert_events,
    read_curves,
    read_panels,
    read_recorded_curves,
    read_scrapes,
    split_scrapes,
)
from alertdrill.recording.store import Store, await_samples, open_store
from alertdrill.reports import RunRecord
from alertdrill.reports.terminal import BoardState
from alertdrill.rules.files import RuleFile
from alertdrill.rules.panels import Dashboard
from alertdrill.rules.rule_values import make_value_rules
from alertdrill.runner.confirmation import record_and_confirm
from alertdrill.runner.evidence import (
    count_unanswered,
    describe_watch,
    find_missed_scrapes,
    find_stalls,
    gather,
)
from alertdrill.runner.faults.outages import interrupt, list_outage_steps, list_outages, list_windows
from alertdrill.runner.faults.paging import list_fault_steps, list_silence_steps
from alertdrill.runner.faults.performing import Injector
from alertdrill.runner.hindsight import SHOWS_WITHIN_WALL_S, describe, find_unseen, hangs_on_the_unseen
from alertdrill.runner.live_board import Watch
from alertdrill.runner.schedule import find_calendar, place
from alertdrill.runner.traffic import Traffic, TrafficReport, lead_wall_s, plan
from alertdrill.runtime.http_client import Api
from alertdrill.runtime.part_watch import PartWatch
from alertdrill.runtime.process import inherit_environment
from alertdrill.stacks import Setup, Site, Stack
from alertdrill.systems import find_served

SPEEDS = (60.0, 50.0, 40.0, 30.0, 25.0, 20.0, 15.0, 12.0, 10.0)
"""What calibration chooses from; at each, 15 s of rule time is a whole number of milliseconds."""

CALIBRATION_WALL_S = 3.5
CALIBRATION_TRAFFIC_SHARE = 0.65
"""The rest of the calibration is silent, so that what was sent is answered, scraped and reported."""
POLL_WALL_S = 0.2
BURIAL_WALL_S = 2.0
"""How long a process or a container that does not answer may take to be seen dead."""
SETTLE_S = 45.0
"""Rule time after the last drill, so that what its last instant caused is scraped, evaluated and seen."""
DRAIN_WALL_S = 10.0
RECORDING = "recording.om.gz"
"""What a run recorded, in the folder of its reports."""

PROBE_PREFIX = "aside"
"""The gateway's prefix that no system hears."""
PROBE_PROVIDER = "openai"
PROBE_MODEL = "gpt-5-mini"
PROBE_LATENCY_S = 1.0
PROBE_RATE_PER_S = 0.2
CALIBRATION_RATE_PER_S = 1.0
CALIBRATION_PROFILE = "calibration"
PROBE_PROFILE = "probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to hold, where and with what; without a `speed`, calibration finds it.

    The `dashboards` are asked what they showed, for the report. With `workers`, that many processes send the
    traffic; otherwise one does.
    """

    drills: tuple[Drill, ...]
    rules: tuple[RuleFile, ...]
    dashboards: tuple[Dashboard, ...] = ()
    site: Site
    alertmanager: AlertmanagerConfig
    out: Path
    """The folder that has `logs`, and the recording unless `recording` says where it is written."""
    recording: Path | None = None
    speed: float | None = None
    seed: int = 1
    workers: int = 0
    bounds: Bounds = field(default_factory=Bounds)
    promtool: Path | None = None
    """What replays the run's recording; without it the recording is only made."""
    store: Store | None = None
    """Where to read what happened, instead of from the stack's Prometheus."""
    calendar: datetime | None = None
    """What the calendar of Alertmanager's time intervals shows at rule time 0; see `find_calendar`."""


Show = Callable[[BoardState], None]
Window = tuple[float, float]
"""From when to when, rule time."""


class _TooFast(Exception):
    """Calibration found that a lower speed is needed."""

    def __init__(self, fidelity: Fidelity) -> None:
        self.fidelity = fidelity


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A run that is over: its record, and the stack, which still stands to be asked."""

    record: RunRecord
    stack: Stack
    clock: Clock


def hold(order: Order, show: Show) -> RunRecord:
    """Hold the drills, end the stack, and return what became of them; see `hold_open`."""
    with hold_open(order, show) as held:
        return held.record


@contextmanager
def hold_open(order: Order, show: Show) -> Iterator[Suppression]:
    """Hold the drills, and let the stack stand for as long as the `with` block takes.

    `show` is given the state of the run several times a second. Raises BadRules for rules that cannot be
    dilated, CouldNotTell when the stack broke or when no speed fits this machine.
    """
    placements = place(order.drills)
    speed: float | None = order.speed or SPEEDS[0]
    reason = "as asked for" if order.speed else "the highest"
    with ExitStack() as resources:
        while speed is not None:
            try:
                held = resources.enter_context(_hold_at(order, placements, speed, reason, show))
            except _TooFast as too_fast:
                reason = f"at {speed:g}, {doubt(too_fast.fidelity, order.bounds)[0]}"
                speed = find_fitting_speed(too_fast.fidelity, order.bounds, speed, SPEEDS)
            else:
                yield held
                return
    raise ClockDoubted(f"this machine is too slow to hold drills even at speed {SPEEDS[-1]:g}: {reason}")


@contextmanager
def _hold_at(
    order: Order, placements: Sequence[Placement], speed: float, reason: str, show: Show
) -> Iterator[Suppression]:
    """Hold the drills at one speed; raises _TooFast when calibration may choose another and must."""
    started_at = datetime.now(UTC)
    started_s = time.monotonic()
    until_s = max(placement.end_s for placement in placements) + SETTLE_S
    calendar = Calendar(origin=order.calendar or find_calendar(placements, started_at))
    setup = make_setup(order, speed, calendar, until_s)
    state = BoardState(
        drills=len(placements),
        stack=order.site.name,
        speed=speed,
        until_s=until_s,
        components=dict.fromkeys(PARTS, "starting"),
    )
    show(replace(state, message=f"starting the stack at speed {speed:g} ({reason})"))
    with order.site.open(setup) as stack, _name_the_dead(stack):
        if order.store is not None:
            # What is wrong with it is better known before there is traffic.
            open_store(order.store, speed)
        earliest_s = time.time() + lead_wall_s(order.workers) + CALIBRATION_WALL_S
        clock = Clock(speed=speed, origin_s=find_origin(earliest_s, speed))
        outages = list_windows(placements, speed)
        profiles = list_profiles(placements, until_s, speed, outages)
        prometheus = Api("prometheus", stack.endpoints.prometheus)
        path = _watch_path(stack, clock)
        if setup.zones:
            stack.set_zones(write_zones(order.alertmanager.document, clock, calendar, until_s))
        injector = _make_injector(placements, stack, path, clock)
        watch = Watch(
            placements=placements,
            profiles=profiles,
            for_s={rule.name: rule.for_s for rule in _list_alerts(order)},
            prometheus=prometheus,
            clock=clock,
        )
        state = replace(state, components=dict.fromkeys((*PARTS, "locust"), "up"), engines=stack.versions)
        parts = PartWatch(stack.endpoints.health)
        with _start_traffic(order, profiles, stack, clock) as traffic, parts:
            is_calibrated = order.speed is not None
            while (now_s := clock.rule_s(time.time())) < until_s:
                injector.carry_out()
                stack.check()
                traffic.poll()
                if now_s >= 0 and not is_calibrated:
                    _calibrate(order, prometheus, clock, traffic.report())
                    is_calibrated = True
                path.look(now_s, injector.out)
                state = replace(state, wall_s=time.monotonic() - started_s)
                show(watch.look(state, now_s, make_page_events(path.notifications)))
                _rest(clock, injector.next_s)
            show(replace(state, now_rule_s=until_s, message="reading what happened"))
            report = traffic.wait(DRAIN_WALL_S)
        stack.check()
        path.look(clock.rule_s(time.time()))
        stack.save_logs()
        store, notes = _await_store(order.store, prometheus, clock, until_s)
        silent = find_stalls(parts, placements, report, clock)
        fidelity = replace(
            measure(prometheus, clock, report, 0.0, until_s, outages, store, silent),
            outage_lateness_s=injector.lateness_s,
        )
        timeline = observe(order, stack, store, path, clock, until_s)
        judged = judge_all(placements, timeline)
        unseen = _look_again(order, stack, store, clock, placements, judged, until_s)
        missed = find_missed_scrapes(store or prometheus, clock, until_s, outages)
        stalls = (*silent, *unseen, *missed)
        timeline = replace(timeline, stalls=stalls)
        verdicts = weigh(judged, placements, gather(order.rules, report, stalls))
        show(replace(state, now_rule_s=until_s, message="recording, and replaying the recording"))
        recorded = record_and_confirm(
            prometheus,
            order.rules,
            clock,
            timeline,
            placements,
            order.recording or order.out / RECORDING,
            order.promtool,
            order.out / "logs",
        )
        record = RunRecord(
            placements=tuple(placements),
            timeline=timeline,
            verdicts=verdicts,
            rules=tuple(_list_alerts(order)),
            panels=read_panels(store, clock, order.dashboards, 0.0, until_s),
            doubts=(
                *doubt(fidelity, order.bounds),
                *recorded.doubts,
            ),
            agreement=recorded.agreement,
            unwritten=recorded.unwritten,
            wall_s=time.monotonic() - started_s,
            started_at=started_at,
            notes={
                "speed": f"{speed:g} ({reason})",
                **notes,
                **recorded.notes,
                **_describe_fidelity(fidelity, order.bounds),
                **describe_watch(parts, silent, speed),
                **(describe(unseen, speed) if order.store is not None else {}),
                **_describe_workers(report),
            },
            logs=tuple(sorted(f"logs/{path.name}" for path in setup.logs.iterdir())),
        )
        yield Suppression(record=record, stack=stack, clock=clock)


@contextmanager
def _name_the_dead(stack: Stack) -> Iterator[None]:
    """When a part cannot be reached, rather say that it has died, if it has: that names its log."""
    try:
        yield
    except ComponentFailed:
        give_up_at = time.monotonic() + BURIAL_WALL_S
        while time.monotonic() < give_up_at:
            stack.check()
            time.sleep(POLL_WALL_S)
        raise


def _rest(clock: Clock, next_s: float | None) -> None:
    """Sleep until it is time to look again, or for the next step of an outage."""
    ahead_wall_s = math.inf if next_s is None else clock.wall_s(next_s) - time.time()
    time.sleep(max(0.0, min(POLL_WALL_S, ahead_wall_s)))


def make_setup(order: Order, speed: float, calendar: Calendar, until_s: float) -> Setup:
    """Return what the stack is made of at this speed; raises BadRules for rules that cannot be dilated.

    As long as the run's origin is not known, its calendar begins now.
    """
    return Setup(
        speed=speed,
        rules=order.rules if order.store is None else (*order.rules, make_value_rules(_list_alerts(order))),
        alertmanager=order.alertmanager,
        logs=order.out / "logs",
        zones=write_zones(
            order.alertmanager.document, Clock(speed=speed, origin_s=time.time()), calendar, until_s
        ),
    )


def _watch_path(stack: Stack, clock: Clock) -> PathWatch:
    """Tell the pager the run's clock, and return who watches it and every Alertmanager."""
    pager = Api("pager", stack.endpoints.pager, stack.endpoints.pager_token)
    pager.put("/control/clock", {"speed": clock.speed, "origin_s": clock.origin_s})
    apis = {part: Api(part, url) for part, url in stack.endpoints.alertmanagers.items()}
    return PathWatch(pager=pager, alertmanagers=apis, clock=clock)


def _make_injector(placements: Sequence[Placement], stack: Stack, path: PathWatch, clock: Clock) -> Injector:
    steps = (
        *list_outage_steps(placements, stack),
        *list_fault_steps(placements, path.pager),
        *list_silence_steps(placements, path.alertmanagers["alertmanager"], clock),
    )
    return Injector(steps, lambda: clock.rule_s(time.time()))


def _list_alerts(order: Order) -> list[AlertRule]:
    return [rule for file in order.rules for rule in file.alerts]


def _await_store(
    store: Store | None, prometheus: Api, clock: Clock, until_s: float
) -> tuple[Api, dict[str, str]]:
    """Return the API to read the run from, once it shows all of it, and what the record says of that."""
    if store is None:
        return prometheus, {}
    api = open_store(store, clock.speed)
    waited_wall_s = await_samples(api, prometheus, clock, [system.job for system in find_served()], until_s)
    return api, {"read from": f"{store.url}, which showed the whole run {waited_wall_s:.0f} s after its end"}


def _look_again(
    order: Order,
    stack: Stack,
    store: Api,
    clock: Clock,
    placements: Sequence[Placement],
    judged: Iterable[Verdict],
    until_s: float,
) -> tuple[Stall, ...]:
    """Return what rules were evaluated without, by a server that may be another one than Prometheus.

    Where a verdict may hang on what was never seen, the server is given the time to show what it has.
    """
    if order.store is None:
        return ()
    if hangs_on_the_unseen(judged, placements):
        time.sleep(max(0.0, clock.wall_s(until_s) + SHOWS_WITHIN_WALL_S - time.time()))
    evaluator = open_store(Store(url=stack.endpoints.prometheus), clock.speed)
    out = [one for one in list_outages(placements, clock.speed) if one.part == "prometheus"]
    return find_unseen(evaluator, store, clock, _list_alerts(order), until_s, out)


def _start_traffic(order: Order, profiles: Sequence[LoadProfile], stack: Stack, clock: Clock) -> Traffic:
    logs = order.out / "logs"
    controls = stack.endpoints.controls
    return Traffic(
        plan(profiles, clock=clock, seed=order.seed, controls=controls, report=logs / "traffic.json"),
        host=stack.endpoints.gateway,
        plan_path=logs / "traffic-plan.json",
        log_path=logs / "locust.log",
        env=inherit_environment(
            {
                "ALERTDRILL_ADMIN_TOKEN": stack.endpoints.admin_token,
                "ALERTDRILL_CONTROL_TOKEN": stack.endpoints.control_token,
            }
        ),
        workers=order.workers,
    )


def list_profiles(
    placements: Sequence[Placement], until_s: float, speed: float, outages: Sequence[Window]
) -> tuple[LoadProfile, ...]:
    """Return all traffic of the run, in the run's time: calibration, the probe, the drills' load profiles.

    The probe is one model with a constant latency, called through the whole run; what it takes longer than
    that is the overhead of gateway and client. It is silent while an outage makes it wait.
    """
    lead_s = CALIBRATION_WALL_S * speed
    changes = (
        BehaviourChange(
            at_s=0.0,
            provider=PROBE_PROVIDER,
            model=PROBE_MODEL,
            behaviour={"latency": {"kind": "constant", "s": PROBE_LATENCY_S}},
        ),
    )
    options = {"models": [f"{PROBE_PROVIDER}:{PROBE_MODEL}"], "key": "alertdrill-probe"}
    calibration = LoadProfile(
        name=CALIBRATION_PROFILE,
        scenario="steady",
        start_s=-lead_s,
        stages=(LoadStage(duration_s=lead_s * CALIBRATION_TRAFFIC_SHARE, rate_per_s=CALIBRATION_RATE_PER_S),),
        changes=changes,
        options=options,
        prefix=PROBE_PREFIX,
    )
    probe = LoadProfile(
        name=PROBE_PROFILE,
        scenario="steady",
        start_s=0.0,
        stages=(LoadStage(duration_s=until_s - SETTLE_S, rate_per_s=PROBE_RATE_PER_S),),
        options=options,
        prefix=PROBE_PREFIX,
    )
    drills = (
        replace(profile, start_s=placement.start_s + profile.start_s, prefix=placement.drill.system)
        for placement in placements
        for profile in placement.drill.traffic
    )
    return calibration, interrupt(probe, outages), *drills


def measure(
    prometheus: Api,
    clock: Clock,
    traffic: TrafficReport,
    since_s: float,
    until_s: float,
    outages: Sequence[Window] = (),
    store: Api | None = None,
    stalls: Sequence[Stall] = (),
) -> Fidelity:
    """Measure how late scrapes, evaluations, arrivals and the gateway were between two rule times.

    Scrapes are those that the store has, if there is one; evaluations are counted by who makes them.
    Scrapes during outages are left out: that they fail then is what the outage is for. What the probe's own
    provider was silent for, by the `stalls`, is nobody's overhead: who depends on it is doubted for it.
    """
    gaps = []
    scrapes = failed = 0
    for system in find_served():
        seen = read_scrapes(store or prometheus, clock, system.job, since_s, until_s)
        stretches = split_scrapes(seen, outages)
        for number, stretch in enumerate(stretches, 1):
            scrapes += len(stretch)
            failed += sum(not is_good for _, is_good in stretch)
            gaps.append(measure_gaps(stretch, until_s if number == len(stretches) else None))
    evaluations, missed = count_evaluations(prometheus)
    if store is not None and not evaluations:
        evaluations, missed = count_recorded_evaluations(store, clock, since_s, until_s)
    profiles = {
        name: profile
        for name, profile in traffic.profiles.items()
        if (name == CALIBRATION_PROFILE) == (since_s < 0)
    }
    probe = profiles.get(CALIBRATION_PROFILE if since_s < 0 else PROBE_PROFILE)
    silent_s = max((one.lasted_s for one in stalls if one.part == f"provider-{PROBE_PROVIDER}"), default=0.0)
    return Fidelity(
        scrapes=scrapes,
        scrape_gap_s=max((gap for gap, _ in gaps if gap is not None), default=None),
        scrapes_off=sum(off for _, off in gaps),
        scrapes_failed=failed,
        evaluations=evaluations,
        evaluations_missed=missed,
        arrivals=sum(profile.planned for profile in profiles.values()),
        arrivals_late=sum(profile.late + profile.planned - profile.sent for profile in profiles.values()),
        arrival_lateness_s=max((profile.lateness_max_s or 0.0 for profile in profiles.values()), default=0.0),
        overhead_s=find_overhead(probe.latency_p99_s, probe.slowest_s, PROBE_LATENCY_S, silent_s)
        if probe
        else None,
        probes=probe.sent if probe else 0,
        # No lower speed would mend that, so calibration does not look at it.
        probes_lost=count_unanswered(probe) if probe and since_s >= 0 else 0,
    )


def observe(
    order: Order, stack: Stack, store: Api, path: PathWatch, clock: Clock, until_s: float
) -> Timeline:
    """Read the timeline of the run from Prometheus, or another store, and the paging path from its watch."""
    read = read_curves if order.store is None else read_recorded_curves
    events = read_alert_events(store, clock, 0.0, until_s)
    logs = [read_log(order.out / "logs" / f"{part}.log") for part in path.alertmanagers]
    log = [line for lines in logs for line in lines]
    prometheus = Api("prometheus", stack.endpoints.prometheus)
    paging = path.read(events, log, read_troubles([prometheus, *path.alertmanagers.values()], log))
    # While the stack is starting, Prometheus may scrape a gateway that is not there yet, and page for it.
    pages = tuple(page for page in make_page_events(paging.notifications) if page.at_s >= 0)
    return Timeline(
        mode=order.site.name,
        speed=clock.speed,
        until_s=until_s,
        observed=frozenset({"pending", "firing", "resolved", "paged", "page_resolved"}),
        events=tuple(sorted((*events, *pages), key=lambda event: event.at_s)),
        curves=read(store, clock, _list_alerts(order), 0.0, until_s),
        engines=stack.versions,
        paging=replace(
            paging,
            notifications=tuple(
                notification for notification in paging.notifications if notification.at_s >= 0
            ),
        ),
    )


def judge_all(placements: Sequence[Placement], timeline: Timeline) -> tuple[Verdict, ...]:
    """Judge every drill on its own part of the timeline, and what happened unexpectedly."""
    verdicts = [judge(placement.drill, share(placement, placements, timeline)) for placement in placements]
    unexpected = find_unexpected(placements, timeline)
    return tuple(verdicts) if unexpected is None else (*verdicts, unexpected)


def _calibrate(order: Order, prometheus: Api, clock: Clock, traffic: TrafficReport) -> None:
    fidelity = measure(prometheus, clock, traffic, -CALIBRATION_WALL_S * clock.speed, 0.0)
    if doubt(fidelity, order.bounds):
        raise _TooFast(fidelity)


def _describe_fidelity(fidelity: Fidelity, bounds: Bounds) -> dict[str, str]:
    gap = "none seen" if fidelity.scrape_gap_s is None else f"{fidelity.scrape_gap_s:.1f} s"
    overhead = "not measured" if fidelity.overhead_s is None else f"{fidelity.overhead_s:.2f} s"
    notes = {
        "scrapes": f"{fidelity.scrapes}, {fidelity.scrapes_failed} failed, the longest gap {gap} "
        f"(bound {bounds.scrape_gap_s:g} s)",
        "evaluations": f"{fidelity.evaluations}, {fidelity.evaluations_missed} left out",
        "arrivals": f"{fidelity.arrivals}, {fidelity.arrivals_late} more than 15 s late, "
        f"the latest by {fidelity.arrival_lateness_s:.1f} s (bound {bounds.arrival_lateness_s:g} s)",
        "overhead of gateway and client (p99)": f"{overhead} (bound {bounds.overhead_s:g} s)",
    }
    if fidelity.outage_lateness_s is not None:
        notes["outages"] = (
            f"the latest by {fidelity.outage_lateness_s:.1f} s (bound {bounds.outage_lateness_s:g} s)"
        )
    return notes


def _describe_workers(report: TrafficReport) -> dict[str, str]:
    if not report.workers:
        return {}
    stays = len({worker.id for worker in report.workers})
    return {"load workers": "; ".join((f"{stays}", *report.losses))}
