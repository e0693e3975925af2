"""Many replays at once, of which some cannot be held: their errors stand in place of what they did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from alertdrill.errors import AlertdrillError, ComponentFailed
from alertdrill.mutation.grounds import Ground, Scene, make_job
from alertdrill.mutation.readers import list_rules
from alertdrill.recording.replay.inquiry import NotEvaluated
from alertdrill.recording.replay.replay import Replay, ReplayJob, replay_all

AT_ONCE = 16
"""Replays that are held together: enough for all cores, and few enough to hold again where one fails."""


def hold_replays(
    jobs: Sequence[ReplayJob], promtool: Path, step: Callable[[int], None]
) -> list[Replay | AlertdrillError]:
    """Return what each replay shows, or why it cannot be held; `step` is told how many are done.

    Raises ComponentFailed when promtool itself fails.
    """
    done: list[Replay | AlertdrillError] = []
    for first in range(0, len(jobs), AT_ONCE):
        done += _hold_some(jobs[first : first + AT_ONCE], promtool)
        step(len(done))
    return done


def replay_grounds(
    grounds: Sequence[Ground], promtool: Path, step: Callable[[int], None]
) -> list[Replay | AlertdrillError]:
    """Return what each drill's replay shows; drills of one recording and the same rules share one."""
    scenes: dict[Scene, list[Ground]] = {}
    for ground in grounds:
        scenes.setdefault(ground.scene, []).append(ground)
    replays = dict(zip(scenes, hold_replays([*map(make_job, scenes.values())], promtool, step), strict=True))
    return [replays[ground.scene] for ground in grounds]


def _hold_some(jobs: Sequence[ReplayJob], promtool: Path) -> list[Replay | AlertdrillError]:
    try:
        return [*replay_all(jobs, promtool)]
    except ComponentFailed:
        raise
    except AlertdrillError as error:
        if len(jobs) == 1:
            return [error]
        place = _find_place(error, jobs)
        if place is not None:
            done = _hold_some([*jobs[:place], *jobs[place + 1 :]], promtool)
            return [*done[:place], error, *done[place:]]
    half = len(jobs) // 2
    return [*_hold_some(jobs[:half], promtool), *_hold_some(jobs[half:], promtool)]


def _find_place(error: AlertdrillError, jobs: Sequence[ReplayJob]) -> int | None:
    """Return which replay an error is about, if it names a rule that only one of them has."""
    if not isinstance(error, NotEvaluated):
        return None
    places = [
        place
        for place, job in enumerate(jobs)
        if any(one.name == error.rule for one in list_rules(job.files))
    ]
    return places[0] if len(places) == 1 else None
