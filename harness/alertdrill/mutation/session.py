"""Makes the mutants of systems' or a project's rules, and tries them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alertdrill.alertmanager.routes import Route
from alertdrill.core.wording import say_number
from alertdrill.errors import BadInput
from alertdrill.mutation.checking import find_invalid
from alertdrill.mutation.generating import Numbers, Wrongs, find_siblings, generate_mutants
from alertdrill.mutation.grounds import Ground, Met
from alertdrill.mutation.lines import find_lines
from alertdrill.mutation.memory import Memory
from alertdrill.mutation.mutant import Mutant, Result
from alertdrill.mutation.reasons import NONE_STATED, Survivors, find_idle, find_no_flag, give_reasons
from alertdrill.mutation.replays import Held
from alertdrill.mutation.routing import list_routed_values
from alertdrill.mutation.score import Scored
from alertdrill.mutation.trials import Trials, hold_baselines
from alertdrill.recording.recording import RECORDED, STALE
from alertdrill.recording.selecting import STATES, UP, read_selector
from alertdrill.rules.fields import say_nearest
from alertdrill.rules.files import RuleFile
from alertdrill.rules.promql.expressions import metric_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Rules whose mutants are made, and the drills that they are tried on.

    `survivors` say why it is right that some survive.
    """

    name: str
    files: tuple[RuleFile, ...]
    grounds: tuple[Ground, ...]
    survivors: Survivors = NONE_STATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for: mutants of all alerts, or of one, and of those that no drill is about or not.

    `route` is whom alerts page, if that is known. `memory` has what was tried before, `held` what the rules
    as they are were seen to do.
    """

    promtool: Path
    alert: str | None = None
    covered_only: bool = False
    route: Route | None = None
    memory: Memory = field(default_factory=lambda: Memory(None))
    held: Held | None = None


def hold_session(
    subjects: Sequence[Subject], order: Order, say: Callable[[str], None]
) -> tuple[tuple[Scored, ...], Mapping[str, str]]:
    """Return what became of all mutants, and why some drills were left out.

    Raises BadInput for an alert that no rule has, where no mutant can be made, where the rules as they are
    meet none of the drills, and for a flag that is neither 0 nor 1; CouldNotTell when promtool fails.
    """
    _check_alert(subjects, order.alert)
    numbers = Numbers()
    made = {subject.name: _make_mutants(subject, order, numbers) for subject in subjects}
    mutants = [mutant for several in made.values() for mutant in several]
    if not mutants:
        raise BadInput("there is no rule of which a mutant can be made, and that these drills are about")
    grounds = [
        ground for subject in subjects for ground in subject.grounds if any(map(ground.is_about, mutants))
    ]
    say(f"the rules as they are, on the recordings of {say_number(len(grounds), 'drill')}")
    met, unmet = hold_baselines(grounds, order.promtool, lambda _: None, order.held)
    if grounds and not met:
        name, why = next(iter(unmet.items()))
        raise BadInput(f"the rules as they are meet none of the drills: {name}: {why}")
    say(f"{say_number(len(mutants), 'mutant')}, on {say_number(len(met), 'drill')}")
    flags = sorted({flag for subject in subjects for flag in subject.survivors.flags})
    if fault := find_no_flag(flags, [one.ground.recording for one in met]):
        raise BadInput(fault)
    results = _judge(mutants, met, order, flags, say)
    names = {id(one.ground): one.ground.drill.name for one in met}
    for subject in subjects:
        for reason in find_idle(
            [results[mutant.id] for mutant in made[subject.name]], subject.survivors.reasons
        ):
            say(f"{reason.source}: no mutant survives that this is about: take it out")
    return tuple(
        Scored(
            name=subject.name,
            sources={file.name: file.text for file in subject.files},
            drills=tuple(names[id(ground)] for ground in subject.grounds if id(ground) in names),
            results=tuple(
                give_reasons((results[mutant.id] for mutant in made[subject.name]), subject.survivors.reasons)
            ),
        )
        for subject in subjects
    ), unmet


def _judge(
    mutants: Sequence[Mutant],
    met: Sequence[Met],
    order: Order,
    flags: Sequence[str],
    say: Callable[[str], None],
) -> dict[str, Result]:
    invalid = find_invalid(mutants, order.promtool)
    results = {
        mutant.id: Result(mutant=mutant, state="invalid", why=invalid[mutant.id])
        for mutant in mutants
        if mutant.id in invalid
    }
    valid = [mutant for mutant in mutants if mutant.id not in invalid]
    trials = Trials(met, order.promtool, route=order.route, memory=order.memory, flags=flags)
    results |= trials.judge(valid, lambda done: say(f"{done} of {len(valid)} mutants are decided"))
    order.memory.save()
    return results


def _make_mutants(subject: Subject, order: Order, numbers: Numbers) -> tuple[Mutant, ...]:
    wrongs = Wrongs(
        siblings=find_siblings(_list_metrics(subject.grounds)),
        routed={} if order.route is None else list_routed_values(order.route),
    )
    lines = {key: line for file in subject.files for key, line in find_lines(file).items()}
    mutants = generate_mutants(subject.files, wrongs, lines, numbers)
    return tuple(
        mutant
        for mutant in mutants
        if (order.alert is None or order.alert in mutant.alerts)
        and (not order.covered_only or any(ground.is_about(mutant) for ground in subject.grounds))
    )


def _list_metrics(grounds: Sequence[Ground]) -> set[str]:
    """Return the metrics that the recordings have, of those that all of them were asked for."""
    names: set[str] = set()
    asked: set[str] | None = None
    for ground in grounds:
        recording = ground.recording
        names |= {one.labels["__name__"] for one in recording.series}
        own = {metric_name(read_selector(text)) for text in recording.selectors}
        if own and None not in own:
            known = {name for name in own if name is not None}
            asked = known if asked is None else asked & known
    names -= {RECORDED, STALE, UP, *STATES}
    return names if asked is None else names & asked


def _check_alert(subjects: Sequence[Subject], alert: str | None) -> None:
    names = sorted({rule.name for subject in subjects for file in subject.files for rule in file.alerts})
    if alert is not None and alert not in names:
        meant = say_nearest(alert, names) or f"; they have {', '.join(names) or 'none'}"
        raise BadInput(f"--alert {alert}: it is no alert of the rules{meant}")
