"""What mutants did on drills before, so that only what changed is replayed again.

A trial is known by all that it depends on: the mutant and the rules that read it, the recording, the drill,
what all other alerts do there, promtool, and alertdrill itself. Where a rule stands does not count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import get_args, get_type_hints

from alertdrill.core.drill import Placement
from alertdrill.core.rule import AlertRule
from alertdrill.core.timeline import Timeline
from alertdrill.errors import CannotWrite
from alertdrill.mutation.grounds import Met
from alertdrill.mutation.mutant import Mutant, Rule
from alertdrill.mutation.readers import find_affected, list_rules
from alertdrill.mutation.tried import Tried
from alertdrill.recording.recording import Recording
from alertdrill.runtime.files import write_whole
from alertdrill.runtime.nesting import load_json
from alertdrill.runtime.reading import read_bytes

MOST = 20_000
"""Trials that are kept, those of the latest runs."""
MAX_BYTES = 32 * 1024 * 1024
_OUTCOMES = get_args(get_type_hints(Tried)["outcome"])


class Memory:
    """Trials by what they depend on, kept in a file; without one, nothing is known and nothing kept.

    `program` tells this alertdrill and its promtool from all others.
    """

    def __init__(self, path: Path | None, program: str = "") -> None:
        self._path = path
        self._program = program
        self._known = {} if path is None else _read(path)
        self._used: dict[str, Tried] = {}
        self._grounds: dict[int, str] = {}

    def identify(self, mutant: Mutant, met: Met) -> str:
        """Return what a trial is known by."""
        if self._path is None:
            return ""
        files = met.ground.files
        affected = [
            replace(mutant.rule if rule is mutant.original else rule, source="")
            for rule in find_affected(mutant.original, files)
        ]
        others = _describe_others(met.replay.timeline, mutant)
        return _digest([self._program, self._describe(met), repr(affected), *others])

    def find(self, key: str) -> Tried | None:
        """Return what a trial showed before."""
        found = self._known.get(key)
        if found is not None:
            self._used[key] = found
        return found

    def keep(self, key: str, tried: Tried) -> None:
        """Keep what a trial showed; what could not be told may be told another time."""
        if key and tried.outcome != "could not tell":
            self._used[key] = tried

    def save(self) -> None:
        """Write down what is known; a folder that cannot be written to costs time, and nothing else."""
        if self._path is None:
            return
        older = {key: tried for key, tried in self._known.items() if key not in self._used}
        latest = [*older.items(), *self._used.items()][-MOST:]
        document = {key: [tried.outcome, tried.why, tried.differs] for key, tried in latest}
        with suppress(CannotWrite, OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, json.dumps({"schema": 1, "trials": document}) + "\n")

    def _describe(self, met: Met) -> str:
        if id(met) not in self._grounds:
            ground = met.ground
            recorded = [rule for rule in list_rules(ground.files) if not isinstance(rule, AlertRule)]
            groups = [
                (group.interval_s, group.query_offset_s, group.limit, [rule.name for rule in group.rules])
                for file in ground.files
                for group in file.groups
            ]
            said = [
                _digest_recording(ground.recording),
                repr([_forget_order(place) for place in ground.placements]),
                repr((sorted(ground.near), ground.has_values, groups)),
                repr([_forget_place(rule) for rule in recorded]),
            ]
            self._grounds[id(met)] = _digest(said)
        return self._grounds[id(met)]


def _describe_others(timeline: Timeline, mutant: Mutant) -> list[str]:
    """Return what all other alerts did; labels have no order of their own."""
    events = [
        repr((event.at_s, event.kind, event.alert, sorted(event.labels.items())))
        for event in timeline.events
        if event.alert not in mutant.alerts
    ]
    curves = [
        repr((curve.alert, sorted(curve.labels.items()), curve.op, curve.threshold, curve.points))
        for curve in timeline.curves
        if curve.alert not in mutant.alerts
    ]
    return [*events, *sorted(curves)]


def _forget_place(rule: Rule) -> Rule:
    return replace(rule, source="")


def _forget_order(place: Placement) -> Placement:
    """Return a placement without sets: they decide no verdict, and each process writes them otherwise."""
    return replace(place, drill=replace(place.drill, uses=frozenset(), shares=frozenset()))


def digest_program(folder: Path, promtool: str) -> str:
    """Return what tells an alertdrill, whose package is in a folder, and its promtool from all others."""
    return _digest([promtool, *(path.read_text("utf-8") for path in sorted(folder.rglob("*.py")))])


def _digest_recording(recording: Recording) -> str:
    said = hashlib.sha256(repr((recording.start_ms, recording.end_ms, recording.selectors)).encode())
    for one in recording.series:
        said.update(repr(sorted(one.labels.items())).encode())
        for values in (one.times_ms, one.values, one.stale_ms):
            said.update(len(values).to_bytes(8, "big") + values.tobytes())
    return said.hexdigest()


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def _read(path: Path) -> dict[str, Tried]:
    """Return the trials of a file; one that is not there or cannot be read has none."""
    try:
        document = load_json(read_bytes(path, MAX_BYTES))
        return {
            str(key): Tried(outcome=outcome, why=str(why), differs=bool(differs))
            for key, (outcome, why, differs) in document["trials"].items()
            if outcome in _OUTCOMES
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
