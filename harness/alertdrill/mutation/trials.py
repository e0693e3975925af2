"""Tries mutants on drills: each on one drill after the other, until one of them notices it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from alertdrill.alertmanager.routes import Route
from alertdrill.errors import AlertdrillError
from alertdrill.mutation.copies import Batch, find_number, make_batch
from alertdrill.mutation.equivalence import prove_equal
from alertdrill.mutation.grounds import (
    Ground,
    Met,
    Scene,
    find_rule,
    join_near,
    order_grounds,
)
from alertdrill.mutation.memory import Memory
from alertdrill.mutation.mutant import Mutant, Result, State
from alertdrill.mutation.readers import is_entangled
from alertdrill.mutation.replays import Held, hold_replays, replay_grounds
from alertdrill.mutation.tried import (
    Tried,
    judge_copied,
    judge_labels,
    judge_replayed,
    read_error,
    say_first,
)
from alertdrill.recording.replay.inquiry import NotEvaluated
from alertdrill.recording.replay.replay import Replay, ReplayJob
from alertdrill.recording.selecting import find_unrecorded
from alertdrill.rules.files import RuleFile
from alertdrill.rules.promql.expressions import parse, render_selector, selectors

BATCH = 25
"""Mutants in one replay: so many that a mask of `activity.MASK_SIZES` is seldom too large for promtool."""


@dataclass(slots=True, eq=False)
class _Pending:
    """A mutant that no drill has noticed yet, the drills that are left, and the replays that it was in."""

    number: int
    mutant: Mutant
    left: list[Met]
    tried: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    differs: bool = False
    key: str = ""
    replays: dict[Scene, tuple[Replay, Batch | None]] = field(default_factory=dict)

    @property
    def scene(self) -> Scene:
        """Return the scene of the next drill."""
        return self.left[0].ground.scene

    @property
    def near(self) -> frozenset[str]:
        """Return the alerts whose values are wanted in that scene."""
        return join_near(met.ground for met in self.left if met.ground.scene == self.scene)

    def identify(self, memory: Memory) -> str:
        """Return what the trial on the next drill is known by."""
        self.key = memory.identify(self.mutant, self.left[0])
        return self.key


def hold_baselines(
    grounds: Sequence[Ground], promtool: Path, step: Callable[[int], None], held: Held | None = None
) -> tuple[tuple[Met, ...], dict[str, str]]:
    """Return the grounds on which the rules as they are do what is expected, and why not of the others."""
    met, unmet = [], {}
    for ground, replay in zip(grounds, replay_grounds(grounds, promtool, step, held), strict=True):
        if isinstance(replay, AlertdrillError):
            unmet[ground.drill.name] = str(replay)
            continue
        verdict = ground.judge(replay.timeline)
        if verdict.outcome == "unmet" or verdict.doubts:
            unmet[ground.drill.name] = say_first(verdict)
        else:
            met.append(Met(ground=ground, replay=replay))
    return tuple(met), unmet


class Trials:
    """Tries mutants on grounds, `batch` in one replay; `route` says whom alerts page, if it is known.

    `flags` are metrics that are 0 or 1.
    """

    def __init__(
        self,
        grounds: Sequence[Met],
        promtool: Path,
        *,
        route: Route | None = None,
        batch: int = BATCH,
        memory: Memory | None = None,
        flags: Collection[str] = (),
    ) -> None:
        self._grounds = tuple(grounds)
        self._route = route
        self._promtool = promtool
        self._batch = batch
        self._memory = memory or Memory(None)
        self._flags = flags
        self._lacking: dict[tuple[str, tuple[str, ...]], str] = {}
        self._entangled: dict[tuple[int, tuple[int, ...]], bool] = {}

    def judge(self, mutants: Sequence[Mutant], step: Callable[[int], None]) -> dict[str, Result]:
        """Return what became of each mutant, by its id; `step` is told how many are decided."""
        results: dict[str, Result] = {}
        pending = []
        for number, mutant in enumerate(mutants):
            left = order_grounds(mutant, self._grounds)
            if left:
                pending.append(_Pending(number, mutant, list(left)))
            else:
                why = f"no drill is about {', '.join(mutant.alerts) or mutant.original.name}"
                results[mutant.id] = Result(mutant=mutant, state="no coverage", why=why)
        while pending:
            for one, tried in self._try_next(pending):
                one.tried.append(one.left.pop(0).ground.drill.name)
                result = _conclude(one, tried, self._flags)
                if result is not None:
                    results[one.mutant.id] = result
            decided = len(pending)
            pending = [one for one in pending if one.mutant.id not in results]
            if len(pending) < decided:
                step(len(results))
        return results

    def _try_next(self, pending: Iterable[_Pending]) -> Iterator[tuple[_Pending, Tried]]:
        """Yield what each mutant's next drill says of it."""
        by_scene: dict[Scene, list[_Pending]] = {}
        for one in pending:
            met = one.left[0]
            if one.mutant.label is not None:
                yield one, judge_labels(met, one.mutant, self._route)
            elif lacking := self._find_lacking(one.mutant, met.ground):
                why = f"reads {lacking}, which the recordings were not asked for"
                yield one, Tried(outcome="could not tell", why=why)
            elif known := self._memory.find(one.identify(self._memory)):
                yield one, known
            elif one.scene in one.replays:
                tried = _judge(one)
                self._memory.keep(one.key, tried)
                yield one, tried
            else:
                by_scene.setdefault(one.scene, []).append(one)
        batches = [batch for several in by_scene.values() for batch in self._split(several)]
        for one, tried in self._hold(batches):
            self._memory.keep(one.key, tried)
            yield one, tried

    def _split(self, several: Sequence[_Pending]) -> Iterator[list[_Pending]]:
        """Yield what is tried together: as many as a batch, or one whose copies could not be told apart."""
        ground = several[0].left[0].ground
        together = []
        for one in several:
            if self._is_alone(one.mutant, ground):
                yield [one]
            else:
                together.append(one)
        for first in range(0, len(together), self._batch):
            yield together[first : first + self._batch]

    def _is_alone(self, mutant: Mutant, ground: Ground) -> bool:
        key = id(mutant.original), tuple(map(id, ground.files))
        if key not in self._entangled:
            names = [rule.name for file in ground.files for rule in file.alerts]
            self._entangled[key] = is_entangled(mutant.original, ground.files) or any(
                names.count(name) > 1 for name in mutant.alerts
            )
        return self._entangled[key]

    def _hold(self, batches: Sequence[list[_Pending]]) -> Iterator[tuple[_Pending, Tried]]:
        made = [self._make(batch) for batch in batches]
        replays = hold_replays([job for job, _ in made], self._promtool, lambda _: None)
        again: list[list[_Pending]] = []
        for batch, (_, together), replay in zip(batches, made, replays, strict=True):
            if not isinstance(replay, AlertdrillError):
                for one in batch:
                    one.replays[one.scene] = replay, together
                    yield one, _judge(one)
                continue
            blamed = _find_blamed(batch, replay)
            yield from ((one, read_error(replay)) for one in blamed)
            others = [one for one in batch if one not in blamed]
            # Where nobody is to blame, each half may tell more.
            half = len(others) if blamed else len(others) // 2
            again += [part for part in (others[:half], others[half:]) if part]
        if again:
            yield from self._hold(again)

    def _make(self, batch: Sequence[_Pending]) -> tuple[ReplayJob, Batch | None]:
        """Return the replay of some mutants: all together, or one in place of the rule that it is made of."""
        ground = batch[0].left[0].ground
        near = frozenset().union(*(one.near for one in batch))
        if len(batch) == 1 and self._is_alone(batch[0].mutant, ground):
            return make_single_job(batch[0].mutant, ground, near), None
        together = make_batch({one.number: one.mutant for one in batch}, ground.files, near)
        job = ReplayJob(recording=ground.recording, files=(together.file,), curves=together.curves)
        return job, together

    def _find_lacking(self, mutant: Mutant, ground: Ground) -> str:
        """Return what a mutant reads that its recording was not asked for; what is made up nobody has."""
        if mutant.made_up or _list_reads(mutant.rule.expr) <= _list_reads(mutant.original.expr):
            return ""
        key = mutant.id, ground.recording.selectors
        if key not in self._lacking:
            file = _put(mutant, find_rule(mutant.original, ground.files))
            others = [one for one in ground.files if one is not find_rule(mutant.original, ground.files)]
            missing = find_unrecorded(ground.recording, [file, *others])
            self._lacking[key] = ", ".join(
                selector for _, name, selector in missing if name == mutant.original.name
            )
        return self._lacking[key]


def make_single_job(mutant: Mutant, ground: Ground, near: frozenset[str]) -> ReplayJob:
    """Return the replay of all rules with a mutant in place of its own; values are those of `near`."""
    own = find_rule(mutant.original, ground.files)
    changed = _put(mutant, own)
    files = tuple(changed if file is own else file for file in ground.files)
    curves = tuple(rule for file in files for rule in file.alerts if rule.name in near)
    return ReplayJob(recording=ground.recording, files=files, curves=curves)


def _put(mutant: Mutant, file: RuleFile) -> RuleFile:
    """Return a file with a mutant in place of the rule that it is made of."""
    return replace(
        file,
        groups=tuple(
            replace(
                group, rules=tuple(mutant.rule if rule is mutant.original else rule for rule in group.rules)
            )
            for group in file.groups
        ),
    )


def _list_reads(expr: str) -> set[str]:
    return {render_selector(selector) for selector in selectors(parse(expr))}


def _find_blamed(batch: Sequence[_Pending], error: AlertdrillError) -> list[_Pending]:
    """Return the mutant that an error is about, if that is known."""
    if len(batch) == 1:
        return [*batch]
    number = find_number(error.rule) if isinstance(error, NotEvaluated) else None
    return [one for one in batch if one.number == number]


def _judge(one: _Pending) -> Tried:
    """Judge a mutant on its next drill, of whose scene it has a replay."""
    replay, together = one.replays[one.scene]
    if together is None:
        return judge_replayed(one.left[0], one.mutant, replay)
    return judge_copied(one.left[0], one.mutant, together, replay, one.number)


def _conclude(one: _Pending, tried: Tried, flags: Collection[str]) -> Result | None:
    """Return what became of a mutant, if that can be said by now."""
    names = tuple(one.tried)
    one.differs = one.differs or tried.differs
    if tried.outcome == "killed":
        return Result(mutant=one.mutant, state="killed", by=names[-1], why=tried.why, tried=names)
    if tried.outcome == "invalid":
        return Result(mutant=one.mutant, state="invalid", why=tried.why, tried=names)
    if tried.outcome == "could not tell":
        one.doubts.append(tried.why)
    if one.left:
        return None
    state, why = _say_left(one, flags)
    return Result(mutant=one.mutant, state=state, why=why, tried=names)


def _say_left(one: _Pending, flags: Collection[str]) -> tuple[State, str]:
    """Say what a mutant is that no drill noticed."""
    if one.doubts:
        return "could not tell", one.doubts[0]
    reason = prove_equal(one.mutant, flags)
    if reason and not one.differs:
        return "equivalent", reason
    return "survived", one.mutant.advice
