"""Many replays at once, of which some cannot be held: their errors stand in place of what they did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from alertdrill.errors import AlertdrillError, ComponentFailed
from alertdrill.mutation.grounds import Ground, Scene, join_near, make_job
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


class Held:
    """Replays of rules as they are, so that who asks for one again has it at once."""

    def __init__(self) -> None:
        self._replays: dict[Scene, tuple[Sequence[Ground], Replay | AlertdrillError]] = {}

    def keep(self, grounds: Sequence[Ground], replay: Replay | AlertdrillError) -> None:
        """Keep what drills of one scene showed, and the drills: a scene is known by its objects."""
        self._replays[grounds[0].scene] = grounds, replay

    def find(self, grounds: Sequence[Ground]) -> Replay | AlertdrillError | None:
        """Return what was shown of drills of one scene, with the values of those alerts that they want."""
        known, replay = self._replays.get(grounds[0].scene, ((), None))
        near = join_near(grounds)
        if replay is None or not near <= join_near(known):
            return None
        if isinstance(replay, AlertdrillError):
            return replay
        curves = tuple(curve for curve in replay.timeline.curves if curve.alert in near)
        return replace(replay, timeline=replace(replay.timeline, curves=curves))


def replay_grounds(
    grounds: Sequence[Ground], promtool: Path, step: Callable[[int], None], held: Held | None = None
) -> list[Replay | AlertdrillError]:
    """Return what each drill's replay shows; drills of one recording and the same rules share one.

    What was `held` before is not held again.
    """
    held = Held() if held is None else held
    scenes: dict[Scene, list[Ground]] = {}
    for ground in grounds:
        scenes.setdefault(ground.scene, []).append(ground)
    missing = [of for of in scenes.values() if held.find(of) is None]
    for of, shown in zip(missing, hold_replays([*map(make_job, missing)], promtool, step), strict=True):
        held.keep(of, shown)
    replays = {scene: held.find(of) for scene, of in scenes.items()}
    return [replay for ground in grounds if (replay := replays[ground.scene]) is not None]


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
