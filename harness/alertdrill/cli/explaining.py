"""`alertdrill run --explain`: what a speed makes of a project's rules, and how fast its drills can be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from alertdrill.cli.options.project import open_project, read_project_drills, read_project_rules
from alertdrill.core.drill import Drill
from alertdrill.core.rule import AlertRule
from alertdrill.core.wording import printable
from alertdrill.project.explaining import Classification, classify_all
from alertdrill.project.project import Project
from alertdrill.project.speed_limits import SpeedLimit, check_alerts, find_limit
from alertdrill.rules.dilation.files import Refusal, dilate_rules
from alertdrill.rules.files import RuleFile
from alertdrill.rules.promql.expressions import format_duration
from alertdrill.runtime.paths import shorten

FOUND = "the highest that the gateway keeps up with, which is found when the run begins"


def explain(project_file: Path | None, names: Iterable[str], speed: float | None) -> None:
    """Print what is known of a project's rules and drills before anything is sent; raises BadInput."""
    project = open_project(project_file)
    files = read_project_rules(project)
    drills = read_project_drills(project, names)
    classified = classify_all(project, files)
    check_alerts(drills, (rule.name for rule, _ in classified))
    speed = project.speed if speed is None else speed
    for line in (
        *_say_project(project, speed),
        *_say_rules(classified, speed),
        *_say_refused(files, speed),
        *_say_drills(drills, classified, speed),
    ):
        click.echo(printable(line))


def _say_project(project: Project, speed: float | None) -> Iterator[str]:
    where = "no target" if project.target is None else project.target.url
    yield f"{project.name}: {where}, by {shorten(project.path)}"
    yield f"speed: {FOUND if speed is None else f'{speed:g}'}"


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
    drills: Sequence[Drill], classified: Sequence[tuple[AlertRule, Classification]], speed: float | None
) -> Iterator[str]:
    yield from ("", "DRILLS: at which speed each can be held")
    if not drills:
        yield "the project names no drills"
    for drill in drills:
        limit = find_limit(drill, classified)
        yield f"{drill.name}  {_say_speed(limit, speed)}"
        yield f"    {limit.why}"


def _say_speed(limit: SpeedLimit, speed: float | None) -> str:
    if limit.speed is None:
        return "any speed" if speed is None else f"speed {speed:g}"
    most = math.floor(limit.speed * 100) / 100
    if speed is None:
        return "speed 1" if most == 1 else f"at most speed {most:g}"
    return f"speed {speed:g}" if speed <= limit.speed else f"speed {most:g}, not {speed:g}"
