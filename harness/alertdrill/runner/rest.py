"""Whether somebody's gateway is at rest before the first drill: scraped, and every rule inactive."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alertdrill.core.clock import format_s
from alertdrill.core.wording import say_selector
from alertdrill.errors import CouldNotTell
from alertdrill.recording.prometheus import read_active_alerts
from alertdrill.rules.heartbeats import find_heartbeats
from alertdrill.runner.observation import LiveRun

MAX_NAMED = 3
ABSENT = re.compile(r"\babsent(_over_time)?\s*\(")
SAY_ABSENT = (
    "{name} fires where a series is absent, as before the first call: hold a drill whose calls make that "
    "series, for a few of them are sent before the quiet lead unless the project says warm_up = false"
)
TOOK_TOO_LONG = "deadline exceeded"
"""What Prometheus says of a scrape that was not over within the time that it had."""


def check_rest(run: LiveRun) -> None:
    """Raise CouldNotTell for a job that is not scraped, or an alert that was active before rule time 0."""
    demand_scrapes(run)
    heartbeats = find_heartbeats(run.order.alerts)
    exprs = {rule.name: rule.expr for rule in run.order.alerts}
    active = [
        (found, -since_s)
        for found in read_active_alerts(run.prometheus)
        if (since_s := run.clock.rule_s(found.active_at_s)) < 0
        and found.name in exprs
        and found.name not in heartbeats
    ]
    if not active:
        return
    said = "; ".join(
        f"{say_selector(found.name, found.labels)} was {found.state} already, for {format_s(for_s)}"
        for found, for_s in active[:MAX_NAMED]
    )
    more = f", and {len(active) - MAX_NAMED} more" if len(active) > MAX_NAMED else ""
    absent = next((found.name for found, _ in active if ABSENT.search(exprs[found.name])), None)
    raise CouldNotTell(
        f"before the first drill, {said}{more}: what drills do cannot be told from that. Let the gateway "
        "come to rest, or have the project's [target] start it with a command"
        + (f". {SAY_ABSENT.format(name=absent)}" if absent else "")
    )


def demand_scrapes(run: LiveRun, *, may_be_slow: bool = False) -> None:
    """Raise CouldNotTell for a job that is not scraped.

    One that `may_be_slow` is left to the calibration if its scrapes merely take too long.
    """
    if broken := [*_list_unscraped(run, may_be_slow=may_be_slow)]:
        raise CouldNotTell(
            f"before the first drill, {'; '.join(broken)}: no drill was held. Look at path, targets and key "
            "of [[scrape]] in the project file"
        )


def _list_unscraped(run: LiveRun, *, may_be_slow: bool) -> Iterator[str]:
    """Yield which targets of the jobs are not scraped, and why, as Prometheus says it."""
    jobs = {job.name: job for job in run.order.site.subject.jobs}
    seen = set()
    for target in run.prometheus.get("/api/v1/targets", state="active").json()["data"]["activeTargets"]:
        name = target["labels"].get("job")
        seen.add(name)
        if name not in jobs or target["health"] == "up":
            continue
        why = target.get("lastError") or "it was not scraped yet"
        if TOOK_TOO_LONG in why:
            if may_be_slow:
                continue
            within_s = jobs[name].interval_s / run.clock.speed
            why += f" (it was not over within {within_s:g} s; a lower --speed gives it more time)"
        yield f"Prometheus could not scrape the job {name} at {target['scrapeUrl']}: {why}"
    for name in sorted(jobs.keys() - seen):
        yield f"the job {name} has no target"
