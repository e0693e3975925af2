"""Hold the drills of a project on its target, a gateway that runs in wall time.

Traffic and scrapes come K times as often, Prometheus evaluates the rules divided by K, and afterwards the
rules as written are replayed on what was recorded. Calls take as long as ever, and so do the gateway's own
timers: what that does to a rule is known before anything is sent (`alertdrill.project.explaining`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from alertdrill.core.clock import format_s
from alertdrill.core.drill import Drill
from alertdrill.core.parts import SCRAPE_INTERVAL_S
from alertdrill.core.rule import AlertRule
from alertdrill.errors import BadInput
from alertdrill.judging.clock_fidelity import Bounds
from alertdrill.project.drill_checks import check_alerts, check_keys, check_providers
from alertdrill.project.explaining import Classification, classify_all, find_unfit
from alertdrill.project.project import Project, Scrape
from alertdrill.project.project import Target as ProjectTarget
from alertdrill.project.services import check_wall_time
from alertdrill.project.speed_limits import find_limit, find_longest_s
from alertdrill.rules.files import RuleFile
from alertdrill.runner.order import Order
from alertdrill.runner.project_files import list_pack_dashboards
from alertdrill.runner.project_known import read_project_config
from alertdrill.runner.rulebook import LATEST_S, find_reaches_s
from alertdrill.runner.running_services import Running
from alertdrill.runner.scenario_files import list_own_files
from alertdrill.runner.speeds import WALL_TIME_SPEEDS
from alertdrill.runner.target import Target
from alertdrill.runtime.binaries import Engines
from alertdrill.runtime.paths import shorten
from alertdrill.stacks.project_site import ProjectSite
from alertdrill.stacks.running_site import RunningSite

GATEWAY = "the gateway"
"""What a drill uses that does not say what it uses."""
LEAST_SHARED_SPEED = 5.0
"""A drill that must be held slower is left out, unless it is named or a speed is: it would slow down all."""
EVERY_S = 60.0
"""A quiet lead is this much longer than the longest window: a few scrapes and evaluations."""
WARM_UP_WALL_S = 5.0
FEW = 4
"""How many scrapes are a few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOrder:
    """What is held of a project, and why drills are left out, by name."""

    order: Order
    left_out: Mapping[str, str]
    classified: tuple[tuple[AlertRule, Classification], ...]


def make_project_order(
    project: Project,
    files: tuple[RuleFile, ...],
    drills: Sequence[Drill],
    *,
    engines: Engines,
    environ: Mapping[str, str],
    out: Path,
    speed: float | None = None,
    is_named: bool = False,
    running: Running | None = None,
    types: Mapping[str, str] = MappingProxyType({}),
) -> ProjectOrder:
    """Return the order for drills of a project, which `is_named` says were asked for by name.

    `speed` comes before the project's own. What is `running` already is used instead of started. `types` are
    those of the gateway's metrics, as far as they are known. Raises BadInput for a project without target or
    scrapes, a drill that expects an alert which no rule has, and one that was named and cannot be held.
    """
    target = _demand_target(project)
    if running is not None:
        if speed is not None or project.speed is not None:
            check_wall_time(running.prometheus, speed or project.speed or 1.0)
        speed = 1.0
        project = replace(project, scrapes=_list_scrapes(running))
    classified = classify_all(project, files, types)
    check_alerts(drills, (rule.name for rule, _ in classified))
    check_providers(drills, project)
    site = _make_site(project, target, engines, environ, running)
    speed = project.speed if speed is None else speed
    left_out = _find_obstacles(site, drills, classified, speed, is_named=is_named)
    if left_out and is_named:
        name, why = next(iter(left_out.items()))
        raise BadInput(f"{name} cannot be held: {why}")
    held = tuple(keep_apart(drill for drill in drills if drill.name not in left_out))
    check_keys(held, environ)
    if not held:
        said = "; ".join(f"{name}: {why}" for name, why in left_out.items()) or "the project has none"
        raise BadInput(f"no drill can be held: {said}")
    limits = [find_limit(drill, classified, project.providers).speed for drill in held]
    at_most = min((speed for speed in limits if speed is not None), default=WALL_TIME_SPEEDS[0])
    speeds = tuple(one for one in WALL_TIME_SPEEDS if one <= at_most)
    # A few scrapes and evaluations are as long as they are apart.
    few_s = EVERY_S if running is None else FEW * _find_pace_s(project, files)
    reaches_s = find_rests_s(project, files, classified, speeds[0] if speed is None else speed, few_s)
    unfit = find_unfit(classified)
    lead_s, lead_why = find_quiet_lead(reaches_s, held, unfit if speed not in {None, 1} else ())
    interval_s = max(scrape.interval_s for scrape in project.scrapes)
    timed = {rule.name for rule, found in classified if found.is_of_durations}
    order = Order(
        drills=held,
        rules=files,
        dashboards=list_pack_dashboards(project),
        site=site,
        alertmanager=read_project_config(project),
        out=out,
        speed=speed,
        speeds=speeds,
        quiet_lead_s=lead_s + few_s,
        quiet_lead_why=lead_why,
        warm_up_wall_s=WARM_UP_WALL_S if project.warm_up else 0.0,
        rests_s={
            drill.name: max((reaches_s.get(one.alert, 0.0) for one in drill.expects), default=0.0)
            for drill in held
        },
        calls_within_wall_s={drill.name: find_longest_s(drill, project.providers) for drill in held}
        if project.providers
        else {},
        timed=frozenset(
            drill.name for drill in held if timed.intersection(one.alert for one in drill.expects)
        ),
        unfit=unfit,
        find_unfit=lambda types: find_unfit(classify_all(project, files, types)),
        target=Target(
            token=target.key.read(environ) if target.key is not None else None,
            headers={
                name: value if isinstance(value, str) else value.read(environ)
                for name, value in target.headers.items()
            },
            ca=target.ca,
        ),
        scenario_files=list_own_files(
            (profile for drill in held for profile in drill.traffic), project.folder
        ),
        bounds=Bounds(scrape_gap_s=Bounds().scrape_gap_s * max(1.0, interval_s / SCRAPE_INTERVAL_S)),
        promtool=engines.promtool,
    )
    return ProjectOrder(order=order, left_out=left_out, classified=classified)


def find_rests_s(
    project: Project,
    files: Sequence[RuleFile],
    classified: Iterable[tuple[AlertRule, Classification]],
    speed: float,
    latest_s: float = LATEST_S,
) -> dict[str, float]:
    """Return for how long nothing may happen until each alert knows nothing of what was before, by name.

    That is how far back its rule looks, at samples that are `latest_s` old, or as old as scrapes are apart,
    and no less than what a timer that reaches it lasts at a speed.
    """
    interval_s = max(scrape.interval_s for scrape in project.scrapes)
    late_s = FEW * max(0.0, interval_s - SCRAPE_INTERVAL_S)
    rests_s = {name: reach_s + late_s for name, reach_s in find_reaches_s(files, latest_s).items()}
    for rule, found in classified:
        lasts_s = max((timer.lasts_s for timer in found.timers), default=0.0)
        rests_s[rule.name] = max(rests_s[rule.name], lasts_s * speed)
    return rests_s


def find_quiet_lead(
    reaches_s: Mapping[str, float], drills: Iterable[Drill], idle: Container[str] = ()
) -> tuple[float, str]:
    """Return for how long nothing may happen before drills, for the rule that remembers longest, and why.

    A rule counts whether a drill is about it or not: an alert that none expects fails a run as well. Those
    that are `idle` are not evaluated.
    """
    counting = {name: reach_s for name, reach_s in reaches_s.items() if name not in idle}
    if not counting:
        return 0.0, ""
    drilled = {one.alert for drill in drills for one in drill.expects}
    name = max(counting, key=lambda one: (counting[one], one in drilled))
    why = f"{name} remembers {format_s(counting[name])}"
    if name not in drilled:
        why += "; no drill is about it, but it would fail those in which it fires"
    return counting[name], why


def keep_apart(drills: Iterable[Drill]) -> Iterable[Drill]:
    """Yield drills of which nobody disturbs another on one gateway.

    One that says what it uses, or shares, is held beside others that do; one that does not has the gateway
    to itself.
    """
    for drill in drills:
        if drill.uses or drill.shares:
            yield replace(drill, shares=drill.shares | {GATEWAY})
        else:
            yield replace(drill, uses=frozenset({GATEWAY}))


def describe_classes(classified: Iterable[tuple[AlertRule, Classification]]) -> dict[str, str]:
    """Say of each rule what a speed makes of it, for the notes of a run."""
    return {f"rule {rule.name}": f"{found.kind}: {found.why}" for rule, found in classified}


def _demand_target(project: Project) -> ProjectTarget:
    """Return the project's target; raises BadInput without it, or without a scrape."""
    if project.target is None:
        raise BadInput(
            f"{shorten(project.path)}:1: the project states no [target], so there is no gateway to hold "
            "drills on: state its url, or judge recordings with alertdrill judge"
        )
    if not project.scrapes and project.prometheus is None:
        raise BadInput(
            f"{shorten(project.path)}:1: the project states no [[scrape]], so no rule would see the gateway"
        )
    return project.target


def _make_site(
    project: Project,
    target: ProjectTarget,
    engines: Engines,
    environ: Mapping[str, str],
    running: Running | None,
) -> ProjectSite | RunningSite:
    if running is None:
        return ProjectSite(engines=engines, project=project, target=target, environment=environ)
    return RunningSite(
        project=project,
        target=target,
        prometheus=running.prometheus,
        jobs=running.jobs,
        versions=running.versions,
        environment=environ,
    )


def _list_scrapes(running: Running) -> tuple[Scrape, ...]:
    """Return how somebody's own Prometheus scrapes the gateway."""
    return tuple(
        Scrape(job=job.name, interval_s=job.interval_s, targets=(job.instance or "",)) for job in running.jobs
    )


def _find_pace_s(project: Project, files: Sequence[RuleFile]) -> float:
    """Return how far scrapes or evaluations are apart at the most."""
    scrapes_s = [scrape.interval_s for scrape in project.scrapes]
    return max(*scrapes_s, *(group.interval_s for file in files for group in file.groups), 0.0)


def _find_obstacles(
    site: ProjectSite | RunningSite,
    drills: Sequence[Drill],
    classified: Sequence[tuple[AlertRule, Classification]],
    speed: float | None,
    *,
    is_named: bool,
) -> dict[str, str]:
    """Say why drills cannot be held, by name."""
    found = {}
    for drill in drills:
        limit = find_limit(drill, classified, site.project.providers)
        obstacle = site.find_obstacle(drill)
        if obstacle is None and limit.speed is not None:
            if speed is not None and speed > limit.speed:
                obstacle = f"at speed {speed:g} it would be wrong, for {limit.why}: --speed {limit.speed:g}"
            elif speed is None and not is_named and limit.speed < LEAST_SHARED_SPEED:
                obstacle = (
                    f"it would slow down all others, for {limit.why}: name it, or --speed {limit.speed:g}"
                )
        if obstacle is not None:
            found[drill.name] = obstacle
    return found
