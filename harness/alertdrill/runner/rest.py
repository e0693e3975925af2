"""Whether somebody's gateway is at rest before the first drill: scraped, and every rule inactive."""

from __future__ import annotations

import time
from collections.abc import Iterator

from alertdrill.core.clock import format_s
from alertdrill.core.wording import say_selector
from alertdrill.errors import CouldNotTell
from alertdrill.recording.prometheus import read_active_alerts
from alertdrill.runner.observation import LiveRun
from alertdrill.runtime.http_client import Api

MAX_NAMED = 3


def check_rest(run: LiveRun) -> None:
    """Raise CouldNotTell for a job that is not scraped, or an alert that is active before the first drill."""
    if broken := [*_list_unscraped(run.prometheus, {job.name for job in run.order.site.subject.jobs})]:
        raise CouldNotTell(
            f"before the first drill, {'; '.join(broken)}: no drill was held. Look at path, targets and key "
            "of [[scrape]] in the project file"
        )
    now_s = run.clock.rule_s(time.time())
    active = [
        f"{say_selector(found.name, found.labels)} was {found.state} already, "
        f"for {format_s(now_s - run.clock.rule_s(found.active_at_s))}"
        for found in read_active_alerts(run.prometheus)
        if found.name not in run.order.unfit or run.clock.speed == 1
    ]
    if active:
        more = f", and {len(active) - MAX_NAMED} more" if len(active) > MAX_NAMED else ""
        raise CouldNotTell(
            f"before the first drill, {'; '.join(active[:MAX_NAMED])}{more}: what drills do cannot be told "
            "from that. Let the gateway come to rest, or have the project's [target] start it with a command"
        )


def _list_unscraped(prometheus: Api, jobs: set[str]) -> Iterator[str]:
    """Yield which targets of the jobs are not scraped, and why, as Prometheus says it."""
    seen = set()
    for target in prometheus.get("/api/v1/targets", state="active").json()["data"]["activeTargets"]:
        job = target["labels"].get("job")
        seen.add(job)
        if job in jobs and target["health"] != "up":
            why = target.get("lastError") or "it was not scraped yet"
            yield f"Prometheus could not scrape the job {job} at {target['scrapeUrl']}: {why}"
    for job in sorted(jobs - seen):
        yield f"the job {job} has no target"
