"""The mutation score: which share of the mutants the drills notice. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alertdrill.mutation.mutant import STATES, Result, State


@dataclass(frozen=True, slots=True)
class Tally:
    """How many mutants there are in each state; invalid and equivalent ones count for nothing."""

    counts: tuple[int, ...]

    def count(self, state: State) -> int:
        """Return how many mutants are in a state."""
        return self.counts[STATES.index(state)]

    @property
    def of_all(self) -> float | None:
        """The percentage of mutants that drills notice; None where there are none."""
        return _share(self.count("killed"), self.count("survived") + self.count("no coverage"))

    @property
    def of_covered(self) -> float | None:
        """The same of those only that some drill is about."""
        return _share(self.count("killed"), self.count("survived"))

    def decide(self, least: float) -> bool | None:
        """Tell whether the score of all is at least `least`; None where what could not be told decides it."""
        unknown, killed = self.count("could not tell"), self.count("killed")
        missed = self.count("survived") + self.count("no coverage")
        if _reaches(killed, missed + unknown, least):
            return True
        return None if unknown and _reaches(killed + unknown, missed, least) else False


def tally(results: Iterable[Result]) -> Tally:
    """Count mutants by their state."""
    states = [result.state for result in results]
    return Tally(tuple(states.count(state) for state in STATES))


def _share(killed: int, missed: int) -> float | None:
    return 100 * killed / (killed + missed) if killed + missed else None


def _reaches(killed: int, missed: int, least: float) -> bool:
    share = _share(killed, missed)
    return share is None or share >= least


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The mutants of one system's or project's rules, `name`; see `RuleFile` for what `sources` are made of.

    `sources` are the texts of its rule files, by name; `drills` those that mutants were tried on.
    """

    name: str
    sources: dict[str, str]
    drills: tuple[str, ...]
    results: tuple[Result, ...]

    def list_rules(self) -> list[tuple[str, tuple[Result, ...]]]:
        """Return the results by rule, in the rules' order."""
        found: dict[str, list[Result]] = {}
        for result in self.results:
            found.setdefault(result.mutant.original.name, []).append(result)
        return [(name, tuple(results)) for name, results in found.items()]


def join(scored: Sequence[Scored]) -> tuple[Result, ...]:
    """Return all results."""
    return tuple(result for one in scored for result in one.results)
