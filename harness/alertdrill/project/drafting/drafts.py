"""Makes drafts of drills: for each alert one that makes it fire, and one that nearly does. Pure.

What one alert's drill does may make others fire. Where that is known, they are expected too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from alertdrill.project.drafting.alerts import Subject
from alertdrill.project.drafting.conditions import Condition
from alertdrill.project.drafting.drill_text import Draft, Fire, write_file
from alertdrill.project.drafting.levels import RATE_PER_S, Level, Price, find_levels
from alertdrill.project.drafting.measures import Count, find_usd_per_million
from alertdrill.project.drafting.nearness import find_short_spell, say_nothing_near
from alertdrill.project.drafting.recognising import Unknown
from alertdrill.project.drafting.timing import (
    SPARE_S,
    Times,
    find_firing,
    plan_firing,
    round_up,
    stays_silent,
)

COMMAND = (
    "say in alertdrill.toml which command starts the gateway, so that it can be put out, by [target] command"
)
UNSURE = (0.96, 1.06)
"""Whether an alert fires whose value is so near to its threshold is not known."""
FIRST = "what makes it fire is to be decided first"


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
        unfinished = _draft_unknown(subject, todo, provider)
        yield unfinished
        nothing = say_nothing_near(subject, None)
        what = _say_delete(nothing) if nothing else f"say what is only near to it: {FIRST}"
        yield _make_unfinished_near(unfinished, near_name, what)
        return
    if _is_of_usd(subject) and price is not None:
        notes.append(
            f"A million tokens of {subject.priced} are taken to cost {price.prompt:g} USD in prompts and "
            f"{price.answer:g} USD in answers, as at the list."
        )
    firing = _complete(begin_draft(subject, subject.drill, fire, provider), subjects)
    yield firing
    if nothing := say_nothing_near(subject, near):
        yield _make_unfinished_near(firing, near_name, _say_delete(nothing))
    elif isinstance(near, Unknown):
        yield _make_unfinished_near(firing, near_name, str(near))
    elif others := _list_touched(subject, near, subjects):
        notes.append(
            "There is no near miss beside it: a gateway that cools its provider down makes failures last, so "
            f"that calls which fail for a short time may make {' and '.join(others)} fire."
        )
    elif near.is_short:
        yield from _draft_short(subject, near_name, near, provider)
    else:
        yield _complete(replace(begin_draft(subject, near_name, near, provider), is_near_miss=True), subjects)


def _say_delete(nothing: str) -> str:
    return f"delete this drill, or say what is near to it all the same: {nothing}"


def _make_unfinished_near(firing: Draft, name: str, todo: str) -> Draft:
    """Return a near miss of which everything is left to decide that makes it one."""
    return replace(firing, name=name, is_near_miss=True, fires=(), todos=(todo,))


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
    todos = [*draft.todos, *_list_todos(fires, unsure)]
    return replace(
        draft,
        times=times,
        fires=tuple(Fire(subject=one, firing=find_firing(one.pace, times, call_s)) for one in fires),
        todos=tuple(dict.fromkeys(todos)),
    )


def _list_todos(firing: Iterable[Subject], unsure: Iterable[Subject]) -> Iterator[str]:
    """Yield what is left to decide of alerts that fire in a draft, and of those that may."""
    yield from (one.paging.todo for one in firing if one.paging.todo)
    yield from (f"say whether {one.rule.name} fires too: it comes near its threshold" for one in unsure)


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


def _list_touched(subject: Subject, near: Level, subjects: Sequence[Subject]) -> list[str]:
    """Return the other alerts that a short failure comes near to, if it lasts for longer than it should."""
    if not near.is_short or near.then.is_down:
        return []
    alike = (one for one in subjects if one is not subject and one.model == subject.model)
    return [
        one.rule.name
        for one in alike
        if one.recognised is not None and (one.recognised.find_share(near.then) or 0.0) >= UNSURE[0]
    ]


def _draft_short(subject: Subject, name: str, near: Level, provider: str) -> Iterable[Draft]:
    """Yield a near miss in time: what makes the alert fire, ended before its `for` has passed."""
    found = find_short_spell(subject.pace, near)
    if found is None:
        return
    lasts_s, blur_s = found
    begins_s = max(120.0, round_up(subject.pace.window_s + SPARE_S))
    # Calls have to go on for a while after it: a state is as the last of them left it.
    spare_s = 0.0 if near.then.is_down else SPARE_S
    ends_s = begins_s + lasts_s
    yield replace(
        begin_draft(subject, name, near, provider),
        times=Times(begins_s=begins_s, ends_s=ends_s, lasts_s=round_up(ends_s + blur_s + spare_s)),
        is_near_miss=True,
        pending=(max(0.0, lasts_s - blur_s), min(lasts_s + blur_s, subject.pace.for_s)),
    )


def _find_price(model: str) -> Price | None:
    found = find_usd_per_million(model)
    return None if found is None else Price(prompt=found[0], answer=found[1])


def _is_of_usd(subject: Subject) -> bool:
    return subject.recognised is not None and any(
        isinstance(one.measure, Count) and one.measure.counted == "usd"
        for one in subject.recognised.comparisons
    )
