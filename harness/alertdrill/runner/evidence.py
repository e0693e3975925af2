"""What a run's findings are weighed by: who stood still, what became of the calls, how far rules look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import urlsplit

from alertdrill.core.clock import Clock, format_s
from alertdrill.core.drill import Placement
from alertdrill.core.parts import SCRAPES
from alertdrill.core.timeline import Stall
from alertdrill.judging.could_not_tell import Calls, Evidence, leave_out_outages, say_part
from alertdrill.judging.needs import LOCUST, STARTING
from alertdrill.runner.faults.outages import USUAL_RESTART_WALL_S, list_outages
from alertdrill.runner.order import Order
from alertdrill.runner.rulebook import find_reaches_s
from alertdrill.runner.speeds import SPEEDS
from alertdrill.runner.traffic import ProfileReport, TrafficReport
from alertdrill.runtime.part_watch import ASK_EVERY_WALL_S, LEAST_WALL_S, PartWatch

GATEWAY = "gateway"
NO_ANSWER = "0"
"""The status of a request without an answer."""
READY_EVERY_S = 10.0
"""Rule time between two questions to a gateway whether it is ready, as a kubelet asks by default."""
TIMED_SLACK_WALL_S = 0.1
"""What gateway and client may add to a call of an unmet drill whose rules read durations in wall time."""


def read_stalls(
    watch: PartWatch, placements: Sequence[Placement], report: TrafficReport, clock: Clock
) -> tuple[Stall, ...]:
    """Return which parts stood still during a run, on rule time, without what drills did to them.

    Locust reports itself what the watch cannot ask it. What is too short to be seen at the highest speed is
    no stall at a lower one either: hiccups of a machine would add up to one. A part that took longer than
    usual to start again after an outage of a drill is called so: see `STARTING`.
    """
    least_s = LEAST_WALL_S * SPEEDS[0]
    silences = [
        *((one.part, clock.rule_s(one.from_s), clock.rule_s(one.until_s)) for one in watch.silences),
        *((LOCUST, *stall) for stall in report.stalls),
    ]
    stalls = [
        Stall(part=part, from_s=from_s, until_s=until_s)
        for part, from_s, until_s in silences
        if until_s > 0 and until_s - from_s >= least_s
    ]
    left = leave_out_outages(stalls, list_outages(placements, clock.speed))
    usual = list_outages(placements, clock.speed, USUAL_RESTART_WALL_S)
    starts = leave_out_outages(leave_out_outages(stalls, usual), left)
    return (*left, *(replace(start, part=STARTING + start.part) for start in starts))


def find_asked(order: Order, health: Mapping[str, str]) -> dict[str, str]:
    """Return what a gateway of somebody's own is asked in a run; `health` is where, by part."""
    if order.site.subject.keeps_rule_time:
        return {}
    ready = {GATEWAY: f"GET {urlsplit(health[GATEWAY]).path or '/'}"} if GATEWAY in health else {}
    scrapes = {SCRAPES + job.system: f"GET {job.path}" for job in order.site.subject.jobs if job.path}
    return ready | scrapes


def gather(
    order: Order,
    report: TrafficReport,
    stalls: tuple[Stall, ...],
    speed: float,
    asked: Mapping[str, str] = MappingProxyType({}),
) -> Evidence:
    """Return what a run's findings are weighed by."""
    subject = order.site.subject
    # Calls that fail are no news of the reference gateway: its drills were all held.
    has_surprises = not subject.keeps_rule_time
    bound_s = order.bounds.overhead_s
    timed_s = min(bound_s, TIMED_SLACK_WALL_S * speed)
    return Evidence(
        stalls=stalls,
        calls={
            name: _count_calls(profile, report.refusals.get(name, {}), has_surprises=has_surprises)
            for name, profile in report.profiles.items()
        },
        reaches_s=find_reaches_s(order.rules),
        providers=subject.providers,
        asked=asked,
        speed=speed,
        calls_within_s={}
        if speed == 1
        else {
            name: wall_s * speed + (timed_s if name in order.timed else bound_s)
            for name, wall_s in order.calls_within_wall_s.items()
        },
    )


def count_unanswered(profile: ProfileReport) -> int:
    """Return how many calls got no answer: none reached the gateway, or it gave none."""
    return profile.statuses.get(NO_ANSWER, 0)


def say_answers(profile: ProfileReport, refusals: Mapping[str, str]) -> str:
    """Say which answers calls got, with what was first said with each status: `2 times 401: wrong key`."""
    return "; ".join(
        f"{count} times {status}: {refusals.get(status) or 'without a word'}"
        for status, count in profile.statuses.items()
    )


def find_pauses_wall_s(order: Order, speed: float) -> dict[str, float]:
    """Return how long the watch of the parts waits before it asks a part again, where that is not as usual.

    A gateway of somebody's own may count these questions among its calls, so it gets as many as usual.
    """
    if order.site.subject.keeps_rule_time:
        return {}
    return {GATEWAY: max(ASK_EVERY_WALL_S, READY_EVERY_S / speed)}


def describe_watch(
    watch: PartWatch, stalls: Sequence[Stall], speed: float, pauses_wall_s: Mapping[str, float]
) -> Mapping[str, str]:
    """Say what the watch of the parts has found, for the notes of a run."""
    words = f"each asked {1 / ASK_EVERY_WALL_S:.0f} times a second (wall), "
    words += "".join(f"the {part} every {pause_s:.2g} s, " for part, pause_s in pauses_wall_s.items())
    words += f"{watch.asked} times in all"
    if watch.missed_wall_s:
        words += f", but for {watch.missed_wall_s:.2f} s (wall) in which the watcher was not let in"
    longest = max(stalls, key=lambda stall: stall.lasted_s, default=None)
    if longest is None:
        return {"parts": f"{words}; none stalled"}
    return {
        "parts": f"{words}; the longest stall: {say_part(longest.part)}, {longest.lasted_s:.0f} s "
        f"({longest.lasted_s / speed:.2f} s wall) from {format_s(longest.from_s)} on"
    }


def describe_workers(report: TrafficReport) -> dict[str, str]:
    """Say how many workers sent the traffic, and which were lost, for the notes of a run."""
    if not report.workers:
        return {}
    stays = len({worker.id for worker in report.workers})
    return {"load workers": "; ".join((f"{stays}", *report.losses))}


def _count_calls(profile: ProfileReport, refusals: Mapping[str, str], *, has_surprises: bool) -> Calls:
    return Calls(
        planned=profile.planned,
        lost=profile.planned - profile.sent + count_unanswered(profile),
        lateness_s=profile.lateness_max_s or 0.0,
        action_lateness_s=profile.action_lateness_max_s or 0.0,
        slowest_s=profile.slowest_s,
        unwelcome=profile.unwelcome if has_surprises else 0,
        answers=say_answers(profile, refusals),
    )
