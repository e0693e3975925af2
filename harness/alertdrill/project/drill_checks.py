"""Whether the drills of a project are about what the project has. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput
from alertdrill.project.project import Project
from alertdrill.rules.fields import say_nearest


def check_alerts(drills: Iterable[Drill], names: Iterable[str]) -> None:
    """Raise BadInput for an alert that a drill expects and no rule has; `names` are those of the rules."""
    known = sorted(set(names))
    for drill in drills:
        for one in drill.expects:
            if one.alert not in known:
                near = say_nearest(one.alert, known)
                raise BadInput(f"{drill.name} expects {one.alert}, which is no alert of the rules{near}")


def check_timers(project: Project, names: Iterable[str]) -> None:
    """Raise BadInput for a timer that reaches a drill which there is not; `names` are those of all drills."""
    known = sorted(set(names))
    for timer in project.timers:
        for name in timer.drills:
            if name not in known:
                near = say_nearest(name, known)
                what = f"[[timer]] {timer.name!r} reaches the drill {name!r}"
                raise BadInput(f"{timer.source}: {what}, which the project does not have{near}")


def check_keys(drills: Iterable[Drill], environ: Mapping[str, str]) -> None:
    """Raise BadInput for an environment variable that is not set and has the key that a change is about."""
    for drill in drills:
        for change in (change for profile in drill.traffic for change in profile.changes):
            if change.key_env is not None and not environ.get(change.key_env):
                what = f"{drill.name} changes how the provider {change.provider} meets calls with a key"
                raise BadInput(f"{what}: set the environment variable {change.key_env} to that key")


def check_providers(drills: Iterable[Drill], project: Project) -> None:
    """Raise BadInput for a provider that a drill changes and the project does not start."""
    known = [provider.name for provider in project.providers]
    for drill in drills:
        for change in (change for profile in drill.traffic for change in profile.changes):
            if change.provider not in known:
                near = say_nearest(change.provider, known)
                what = f"{drill.name} changes the provider {change.provider}"
                raise BadInput(f"{what}, which is no [[provider]] of the project{near}")
