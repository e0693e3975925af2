"""`alertdrill run --explain`: what a speed makes of a project's rules, and how fast its drills can be."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from alertdrill.cli.options.project import (
    list_project_undecided,
    open_project,
    read_held_rules,
    read_project_drills,
    use_services,
)
from alertdrill.cli.sentences import say
from alertdrill.cli.target_models import PATH as MODELS_PATH
from alertdrill.cli.target_models import list_models
from alertdrill.core.clock import format_s
from alertdrill.core.drill import Drill
from alertdrill.core.rule import AlertRule
from alertdrill.core.wording import say_names
from alertdrill.errors import BadInput
from alertdrill.project.drafting.models import is_listed, say_listed
from alertdrill.project.drill_checks import check_alerts, check_providers
from alertdrill.project.explaining import Classification, classify_all, find_unfit
from alertdrill.project.project import Project
from alertdrill.project.services import check_wall_time
from alertdrill.project.speed_limits import SpeedLimit, find_limit
from alertdrill.rules.dilation.files import Refusal, dilate_rules
from alertdrill.rules.files import RuleFile
from alertdrill.rules.promql.expressions import format_duration
from alertdrill.runner.metric_types import read_types
from alertdrill.runner.probe import WARM_UP_CALLS
from alertdrill.runner.project_run import EVERY_S, find_quiet_lead, find_rests_s
from alertdrill.runner.speeds import WALL_TIME_SPEEDS
from alertdrill.runtime.paths import shorten
from alertdrill.systems.drill_files.drills import Undecided

FOUND = "the highest that the gateway keeps up with, which is found when the run begins"


def explain(
    project_file: Path | None, names: Iterable[str], speed: float | None, prometheus: str | None = None
) -> None:
    """Print what is known of a project's rules and drills before anything is sent; raises BadInput."""
    project = use_services(open_project(project_file), prometheus, None)
    files, _ = read_held_rules(project, os.environ)
    drills = read_project_drills(project, names, leaves_undecided=True)
    undecided = list_project_undecided(project, names)
    classified = classify_all(project, files, read_types(project, os.environ))
    check_alerts(drills, (rule.name for rule, _ in classified))
    if project.target is not None:
        check_providers(drills, project)
    speed = project.speed if speed is None else speed
    if project.prometheus is not None:
        check_wall_time(project.prometheus, 1.0 if speed is None else speed)
        speed = 1.0
    for line in (
        *_say_project(project, speed),
        *_say_quiet_lead(project, files, classified, drills, speed),
        *_say_rules(classified, speed),
        *_say_refused(files, speed),
        *_say_drills(drills, undecided, classified, project, speed),
        *_say_unlisted(drills, project),
        *_say_undecided(undecided),
    ):
        say(line)


def _say_project(project: Project, speed: float | None) -> Iterator[str]:
    where = "no target" if project.target is None else project.target.url
    yield f"{project.name}: {where}, by {shorten(project.path)}"
    if project.prometheus is not None:
        url = project.prometheus.url
        yield f"speed: 1, for the Prometheus at {url} evaluates its rules at their own interval"
        yield f"pages: {_say_pages(project)}"
    else:
        yield f"speed: {FOUND if speed is None else f'{speed:g}'}"
    if project.target is not None:
        yield _say_warm_up(project)


def _say_warm_up(project: Project) -> str:
    """Say what is sent before the quiet lead."""
    if not project.warm_up:
        return "warm-up: none (warm_up = false)"
    return f"warm-up: {WARM_UP_CALLS} calls of each drill's scenario and model, before the quiet lead"


def _say_quiet_lead(
    project: Project,
    files: Sequence[RuleFile],
    classified: Sequence[tuple[AlertRule, Classification]],
    drills: Iterable[Drill],
    speed: float | None,
) -> Iterator[str]:
    """Say how long there is no traffic before the first drill, and why."""
    if project.target is None or not project.scrapes or project.prometheus is not None:
        return
    rests_s = find_rests_s(project, files, classified, speed or WALL_TIME_SPEEDS[0])
    lead_s, why = find_quiet_lead(rests_s, drills, find_unfit(classified) if speed not in {None, 1} else ())
    if lead_s:
        yield f"quiet lead: {format_s(lead_s + EVERY_S)} of rule time before the first drill, for {why}"


def _say_pages(project: Project) -> str:
    """Say whose pages a run will see, where somebody's own Alertmanager sends them."""
    alertmanager = project.running_alertmanager
    if alertmanager is None or alertmanager.pager is None:
        return "unobserved, for your Alertmanager sends none to alertdrill ([alertmanager] pager, receivers)"
    return f"those of {say_names(alertmanager.receivers)}, which send to {alertmanager.pager}"


def _say_rules(classified: Sequence[tuple[AlertRule, Classification]], speed: float | None) -> Iterator[str]:
    yield from ("", "RULES: what a speed makes of each")
    for rule, found in classified:
        yield f"{rule.name}  {found.kind}  {rule.source}"
        yield f"    {found.why}"
        if not found.is_right_at_any_speed:
            yield "    right at speed 1 only"
        elif speed is not None and speed != 1:
            for timer in found.timers:
                lasts = format_duration(round(timer.lasts_s * speed, 3))
                yield f"    at speed {speed:g} the timer {timer.name} lasts {lasts} of rule time"
        for one in found.assumed:
            yield f"    assumed: {one}"


def _say_refused(files: Iterable[RuleFile], speed: float | None) -> Iterator[str]:
    if speed is None:
        return
    refused: list[Refusal] = [one for file in files for one in dilate_rules(file, speed, 0.0)[1]]
    if refused:
        yield from ("", f"REFUSED: what cannot be divided by {speed:g}", *map(str, refused))


def _say_drills(
    drills: Sequence[Drill],
    undecided: Sequence[Undecided],
    classified: Sequence[tuple[AlertRule, Classification]],
    project: Project,
    speed: float | None,
) -> Iterator[str]:
    yield from ("", "DRILLS: at which speed each can be held")
    if not drills:
        yield "none is finished" if undecided else "the project names no drills"
    for drill in drills:
        limit = find_limit(drill, classified, project.providers)
        yield f"{drill.name}  {_say_speed(limit, speed)}"
        yield f"    {limit.why}"


def _say_unlisted(drills: Iterable[Drill], project: Project) -> Iterator[str]:
    """Say which drills ask for a model that the target does not list, as far as it can be asked now."""
    target = project.target
    if target is None:
        return
    token = None
    with suppress(BadInput):  # whoever holds drills is told of a secret that is not there
        token = None if target.key is None else target.key.read(os.environ)
    listed = list_models(target.url, token, target.ca)
    asking: dict[str, list[str]] = {}
    for drill in drills:
        models = (str(model) for profile in drill.traffic for model in profile.options.get("models", ()))
        for model in dict.fromkeys(models):
            if listed and not is_listed(model, listed):
                asking.setdefault(model, []).append(drill.name)
    if asking:
        yield from ("", f"MODELS: which {target.url}{MODELS_PATH} does not list: it has {say_listed(listed)}")
        yield from (f"{model}  asked for by {', '.join(names)}" for model, names in asking.items())


def _say_undecided(undecided: Iterable[Undecided]) -> Iterator[str]:
    lines = [f"{one.name}  {one.source}\n    {one.todo}" for one in undecided]
    if lines:
        yield from ("", "TO DECIDE: what keeps a drill from being held")
        yield from (line for text in lines for line in text.split("\n"))


def _say_speed(limit: SpeedLimit, speed: float | None) -> str:
    if limit.speed is None:
        return "any speed" if speed is None else f"speed {speed:g}"
    most = math.floor(limit.speed * 100) / 100
    if speed is None and most > WALL_TIME_SPEEDS[0]:
        highest = WALL_TIME_SPEEDS[0]
        return f"at most speed {highest:g}, the highest that is tried; with --speed up to {most:g}"
    if speed is None:
        return "speed 1" if most == 1 else f"at most speed {most:g}"
    return f"speed {speed:g}" if speed <= limit.speed else f"speed {most:g}, not {speed:g}"
