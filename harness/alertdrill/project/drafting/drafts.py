"""Makes drafts of drills: for each alert one that makes it fire, and one that nearly does. Pure.

What one alert's drill does may make others fire. Where that is known, they are expected too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from alertdrill.project.drafting.alerts import Subject
from alertdrill.project.drafting.conditions import Condition
from alertdrill.project.drafting.drill_text import Draft, Fire, write_file
from alertdrill.project.drafting.levels import RATE_PER_S, Level, Price, find_levels
from alertdrill.project.drafting.measures import Count, find_usd_per_million
from alertdrill.project.drafting.nearness import find_short_outage, say_nothing_near
from alertdrill.project.drafting.recognising import Unknown
from alertdrill.project.drafting.timing import Times, find_firing, plan_firing, stays_silent

COMMAND = (
    "say in alertdrill.toml which command starts the gateway, so that it can be put out, by [target] command"
)
LEAST_OUTAGE_S = 60.0
UNSURE = (0.96, 1.06)
"""Whether an alert fires whose value is so near to its threshold is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFile:
    """A drill file: its name, its text, and what is left to decide in it, with the drill's name."""

    name: str
    text: str
    todos: tuple[tuple[str, str], ...]


def draft_all(subjects: Sequence[Subject], provider: str) -> tuple[DraftFile, ...]:
    """Return a file for each alert."""
    return tuple(_draft_file(subject, subjects, provider) for subject in subjects)


def _draft_file(subject: Subject, subjects: Sequence[Subject], provider: str) -> DraftFile:
    notes: list[str] = []
    drafts = list(_draft(subject, subjects, provider, notes))
    todos = tuple((draft.name, todo) for draft in drafts for todo in draft.todos)
    return DraftFile(name=f"{subject.drill}.yml", text=write_file(subject, drafts, notes), todos=todos)


def _draft(subject: Subject, subjects: Sequence[Subject], provider: str, notes: list[str]) -> Iterable[Draft]:
    price = _find_price(subject.priced)
    near_name = f"{subject.drill}-near-miss"
    recognised, todo = subject.recognised, subject.todo
    fire: Level | None = None
    near: Level | Unknown = Unknown(todo)
    if recognised is not None:
        try:
            fire, near = find_levels(recognised, subject.pace.scrape_s, price)
        except Unknown as unknown:
            todo = str(unknown)
    if fire is None or recognised is None:
        nothing = say_nothing_near(subject, None) or "what makes it fire is to be decided first"
        notes.append(f"There is no near miss beside it: {nothing}.")
        yield _draft_unknown(subject, todo, provider)
        return
    if _is_of_usd(subject) and price is not None:
        notes.append(
            f"A million tokens of {subject.priced} are taken to cost {price.prompt:g} USD in prompts and "
            f"{price.answer:g} USD in answers, as at the list."
        )
    yield _complete(begin_draft(subject, subject.drill, fire, provider), subjects)
    if nothing := say_nothing_near(subject, near):
        notes.append(f"There is no near miss beside it: {nothing}.")
    elif isinstance(near, Unknown):
        unfinished = replace(begin_draft(subject, near_name, fire, provider), is_near_miss=True)
        yield replace(_complete(unfinished, subjects), fires=(), todos=(str(near),))
    elif near.then.is_down:
        yield from _draft_short_outage(subject, near_name, near, provider)
    else:
        yield _complete(replace(begin_draft(subject, near_name, near, provider), is_near_miss=True), subjects)


def begin_draft(subject: Subject, name: str, level: Level, provider: str) -> Draft:
    """Return a draft whose times are still to be found."""
    return Draft(
        name=name,
        subject=subject,
        provider=provider,
        level=level,
        times=Times(begins_s=0.0, ends_s=0.0, lasts_s=0.0),
        fires=(),
        todos=(COMMAND,) if level.then.is_down else (),
    )


def _draft_unknown(subject: Subject, todo: str, provider: str) -> Draft:
    """Return a draft of ordinary traffic, in which whoever reads the rule fills in what makes it fire."""
    before = Condition(rate_per_s=RATE_PER_S)
    draft = begin_draft(subject, subject.drill, Level(before=before, then=before), provider)
    times = plan_firing([subject.pace], subject.paging.wait_s)
    fire = Fire(subject=subject, firing=find_firing(subject.pace, times))
    return replace(draft, times=times, fires=(fire,), todos=(todo,))


def _complete(draft: Draft, subjects: Sequence[Subject]) -> Draft:
    """Return a draft with its times, and with all alerts that are known to fire in it."""
    then = draft.level.then
    call_s = then.high_s if then.high_s > 1 else 0.0
    firing, unsure = _list_firing(draft, subjects)
    paces = [draft.subject.pace]
    while True:
        page_s = max((one.paging.wait_s for one in firing), default=0.0) + 30.0
        times = plan_firing(paces, page_s, call_s)
        fires = [one for one in firing if one is draft.subject or not stays_silent(one.pace, times)]
        wanted = [draft.subject.pace, *(one.pace for one in fires if one is not draft.subject)]
        if len(wanted) <= len(paces):
            break
        paces = wanted
    todos = [*draft.todos, *(one.paging.todo for one in fires if one.paging.todo)]
    todos += [f"say whether {one.rule.name} fires too: it comes near its threshold" for one in unsure]
    return replace(
        draft,
        times=times,
        fires=tuple(Fire(subject=one, firing=find_firing(one.pace, times, call_s)) for one in fires),
        todos=tuple(dict.fromkeys(todos)),
    )


def _list_firing(draft: Draft, subjects: Sequence[Subject]) -> tuple[list[Subject], list[Subject]]:
    """Return the alerts that fire at a draft's level, its own first, and those of which it is not sure."""
    firing: list[Subject] = [] if draft.is_near_miss else [draft.subject]
    unsure: list[Subject] = []
    for one in subjects:
        if one is draft.subject or one.recognised is None:
            continue
        share = one.recognised.find_share(draft.level.then)
        if share is None or share < UNSURE[0]:
            continue
        # Alerts of another model do not see these calls.
        if one.model != draft.subject.model and not draft.level.then.is_down:
            continue
        (firing if share > UNSURE[1] else unsure).append(one)
    return firing, unsure


def _draft_short_outage(subject: Subject, name: str, near: Level, provider: str) -> Iterable[Draft]:
    found = find_short_outage(subject.pace)
    if found is None:
        return
    lasts_s, blur_s = found
    times = Times(begins_s=120.0, ends_s=120.0 + lasts_s, lasts_s=120.0 + lasts_s + blur_s)
    draft = begin_draft(subject, name, near, provider)
    yield replace(
        draft,
        times=times,
        is_near_miss=True,
        pending=(lasts_s - blur_s, min(lasts_s + blur_s, subject.pace.for_s)),
    )


def _find_price(model: str) -> Price | None:
    found = find_usd_per_million(model)
    return None if found is None else Price(prompt=found[0], answer=found[1])


def _is_of_usd(subject: Subject) -> bool:
    return subject.recognised is not None and any(
        isinstance(one.measure, Count) and one.measure.counted == "usd"
        for one in subject.recognised.comparisons
    )
