"""Which drills can be held on the rule files that somebody gave instead of the systems' own.

A drill is about alerts. Where no file has one of them, holding the drill shows only that a rule which is not
there does not fire; so it is left out and named, or refused where it was asked for by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from alertdrill.core.drill import Drill
from alertdrill.errors import BadInput
from alertdrill.reports import LEFT_OUT
from alertdrill.runner.rulebook import RuleBook, list_expected, name_alerts
from alertdrill.systems import System
from alertdrill.systems.catalogue import choose_drills

MAX_NAMED = 5
MOST_NAMED = 3
"""So many drills are named that are left out for one reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The drills that were asked for by `names` or by `system`, `among` all that `systems` have.

    Without `systems` they are those that are found without being named.
    """

    among: tuple[Drill, ...]
    names: tuple[str, ...] = ()
    system: str | None = None
    systems: tuple[System, ...] | None = None

    @property
    def drills(self) -> tuple[Drill, ...]:
        """The chosen drills; raises BadInput when there is none."""
        return choose_drills(self.names, self.system, self.among, self.systems)


def find_unheld(drills: Sequence[Drill], choice: Choice, book: RuleBook) -> dict[str, str]:
    """Say, by name, why some of the chosen drills cannot be held on the rule files that were given.

    A quiet drill can be held on any rules about its system. Raises BadInput for a drill that was asked for by
    name, and where nothing is left that expects an alert.
    """
    if not book.given:
        return {}
    if not any(map(name_alerts, book.given)):
        raise BadInput(f"{_say_files(book)}: there are no alerts, so no drill can be held on these rules")
    unheld = {drill.name: why for drill in drills if (why := _find_obstacle(drill, choice, book))}
    for name, why in unheld.items():
        if choice.names:
            raise BadInput(f"{name} cannot be held: {why} ({_say_alerts(book)}); give one that does, too")
    if not choice.names and not any(drill.expects for drill in drills if drill.name not in unheld):
        raise BadInput(f"{_say_files(book)}: {_say_nothing_left(drills, choice, book)}")
    return unheld


def say_left_out(obstacles: Mapping[str, str]) -> tuple[str, ...]:
    """Say, a line each, which drills are left out for which reason: `one, two: why`.

    Of many drills with one reason the first is named and all are counted; `make_note` names them all.
    """
    return tuple(
        f"{', '.join(names)}: {why}"
        if len(names) <= MOST_NAMED
        else f"{len(names)} drills, such as {names[0]}: {why}"
        for why, names in _group_by_reason(obstacles).items()
    )


def make_note(obstacles: Mapping[str, str]) -> dict[str, str]:
    """Return the note of a run's record about drills that are left out, if there are any."""
    said = [f"{', '.join(names)}: {why}" for why, names in _group_by_reason(obstacles).items()]
    return {LEFT_OUT: "; ".join(said)} if said else {}


def _group_by_reason(obstacles: Mapping[str, str]) -> dict[str, list[str]]:
    by_reason: dict[str, list[str]] = {}
    for name, why in obstacles.items():
        by_reason.setdefault(why, []).append(name)
    return by_reason


def _find_obstacle(drill: Drill, choice: Choice, book: RuleBook) -> str | None:
    lacking = book.find_lacking(drill)
    if not book.is_about(drill.system) and not (choice.names and lacking):
        return f"no rule file given concerns {drill.system}"
    return f"no rule file given has {_enumerate(lacking)}" if lacking else None


def _say_nothing_left(drills: Sequence[Drill], choice: Choice, book: RuleBook) -> str:
    """Say why no drill can be held, and what to do."""
    given = _list_alerts(book)
    near = [drill for drill in drills if given & set(list_expected(drill))]
    if near:
        drill = near[0]
        return (
            f"no drill can be held on these rules alone: {drill.name}, for one, expects "
            f"{_enumerate(book.find_lacking(drill))} too; give the file that has it as well"
        )
    others = dict.fromkeys(drill.system for drill in choice.among if given & set(list_expected(drill)))
    if choice.system is not None and others:
        return (
            f"no drill of {choice.system} expects any of the alerts here, but drills of "
            f"{_enumerate(others)} do: choose that --system"
        )
    quiet = [drill.name for drill in drills if not drill.expects and book.is_about(drill.system)]
    silent = f"; whether they stay silent is shown by {_enumerate(quiet)}, if you name it" if quiet else ""
    whose = "" if choice.system is None else f" of {choice.system}"
    return (
        f"no drill{whose} expects any of the alerts here ({_enumerate(sorted(given))}), so there is none to "
        "hold; `alertdrill list` shows which alerts drills expect, and `alertdrill replay RECORDING --rules "
        f"{book.given[0].name}` what these rules do on a recording{silent}"
    )


def _say_files(book: RuleBook) -> str:
    return _enumerate([file.name for file in book.given])


def _say_alerts(book: RuleBook) -> str:
    return f"{_say_files(book)}: {_enumerate(sorted(_list_alerts(book)))}"


def _list_alerts(book: RuleBook) -> frozenset[str]:
    return frozenset().union(*map(name_alerts, book.given))


def _enumerate(names: Iterable[str]) -> str:
    known = list(names)
    rest = len(known) - MAX_NAMED
    return ", ".join(known[:MAX_NAMED]) + (f" and {rest} more" if rest > 0 else "")
