"""What a mutant is tried on: a drill on its recording, and what the rules do there as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alertdrill.core.drill import Drill, Placement
from alertdrill.core.timeline import Timeline
from alertdrill.core.verdict import Verdict
from alertdrill.judging.kinds import find_kind
from alertdrill.mutation.mutant import Mutant, Rule
from alertdrill.mutation.readers import list_rules
from alertdrill.recording.recording import Recording
from alertdrill.recording.replay.replay import Replay, ReplayJob
from alertdrill.rules.files import RuleFile
from alertdrill.runner.golden.folder import find_goldens, place_golden, read_golden
from alertdrill.runner.golden.gate import list_near, rehearse
from alertdrill.runner.held_run import HeldRun
from alertdrill.runner.recorded import doubt_recorded
from alertdrill.runner.rulebook import RuleBook, list_expected

Scene = tuple[int, tuple[int, ...]]
"""A recording and rule files, by their identities: what is replayed once for all drills on it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """A drill where it stands in its recording, first among the `placements` of all that it was held with.

    `judge` says how it comes out on a timeline of that recording. With `has_values` the values of all alerts
    are wanted that it expects, and otherwise of its near misses. `held` is the run that the recording is of.
    """

    placements: tuple[Placement, ...]
    recording: Recording
    files: tuple[RuleFile, ...]
    judge: Callable[[Timeline], Verdict]
    has_values: bool = False
    held: HeldRun | None = None
    rules: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", frozenset(map(id, list_rules(self.files))))

    @property
    def drill(self) -> Drill:
        """The drill."""
        return self.placements[0].drill

    @property
    def near(self) -> frozenset[str]:
        """The alerts whose values are wanted."""
        return frozenset(rule.name for rule in list_near(self.drill, self.files, is_all=self.has_values))

    @property
    def scene(self) -> Scene:
        """What it shares with others: a recording, and the rules that are replayed on it."""
        return id(self.recording), tuple(map(id, self.files))

    def is_about(self, mutant: Mutant) -> bool:
        """Tell whether the drill says something of what a mutant decides.

        A quiet drill does so of every alert that it is judged by.
        """
        expected = set(list_expected(self.drill))
        return id(mutant.original) in self.rules and (not expected or bool(expected & set(mutant.alerts)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Met:
    """A ground on which the rules as they are do what is expected, and what they do there."""

    ground: Ground
    replay: Replay


def join_near(grounds: Iterable[Ground]) -> frozenset[str]:
    """Return the alerts whose values any of some drills wants."""
    return frozenset().union(*(ground.near for ground in grounds))


def make_job(grounds: Sequence[Ground]) -> ReplayJob:
    """Return the replay of the rules as they are, for drills of one scene."""
    ground, near = grounds[0], join_near(grounds)
    curves = tuple(rule for file in ground.files for rule in file.alerts if rule.name in near)
    return ReplayJob(recording=ground.recording, files=ground.files, curves=curves)


def order_grounds(mutant: Mutant, grounds: Iterable[Met]) -> tuple[Met, ...]:
    """Return the grounds that are about a mutant, those first that are likely to notice it, and short."""
    about = [one for one in grounds if one.ground.is_about(mutant)]
    return tuple(sorted(about, key=lambda one: _rank(mutant, one.ground)))


def _rank(mutant: Mutant, ground: Ground) -> tuple[int, int]:
    kinds = [find_kind(expected) for expected in ground.drill.expects if expected.alert in mutant.alerts]
    fires = any(kind.is_paged for kind in kinds)
    is_blind = all(kind.must_stay_unseen for kind in kinds)
    return 0 if fires else 2 if is_blind else 1, ground.recording.end_ms - ground.recording.start_ms


def find_golden_grounds(
    folder: Path,
    drills: Sequence[Drill],
    among: Sequence[Drill],
    book: RuleBook,
    own: Mapping[str, Path],
) -> tuple[Ground, ...]:
    """Return drills on their golden recordings; see `judge_goldens`. Raises BadInput and CouldNotTell."""
    grounds = []
    for one, drill in zip(find_goldens(folder, drills, own), drills, strict=True):
        placements = place_golden(one.golden, drill, among)
        grounds.append(
            Ground(
                placements=placements,
                recording=read_golden(one.folder, drill),
                files=book.choose(drill),
                judge=_make_judge(placements),
            )
        )
    return tuple(grounds)


def _make_judge(placements: tuple[Placement, ...]) -> Callable[[Timeline], Verdict]:
    return lambda timeline: rehearse(placements, timeline).verdict


def make_recorded_ground(
    placements: tuple[Placement, ...],
    recording: Recording,
    files: tuple[RuleFile, ...],
    held: HeldRun | None = None,
) -> Ground:
    """Return a drill on a recording of somebody's own, or of the run that `held` it; see `doubt_recorded`."""

    def judge(timeline: Timeline) -> Verdict:
        verdict = rehearse(placements, timeline).verdict
        return doubt_recorded(verdict, placements[0], timeline, recording, files, held=held)

    return Ground(
        placements=placements, recording=recording, files=files, judge=judge, has_values=True, held=held
    )


def find_rule(rule: Rule, files: Sequence[RuleFile]) -> RuleFile:
    """Return the file that a rule is in."""
    return next(file for file in files if any(one is rule for group in file.groups for one in group.rules))
