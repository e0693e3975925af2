"""Whether anything can come near to a rule's threshold without firing it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from alertdrill.core.parts import SCRAPE_INTERVAL_S
from alertdrill.core.rule import Labels
from alertdrill.project.drafting.alerts import Paging, Subject, Surroundings, list_subjects
from alertdrill.project.drafting.levels import Level, find_levels
from alertdrill.project.drafting.recognising import Unknown
from alertdrill.project.drafting.timing import Pace, round_up
from alertdrill.rules.files import RuleFile
from alertdrill.rules.promql.expressions import split_threshold

SEVERAL = "a rule of several conditions has not one threshold"
EQUAL = "a value is equal to another or it is not, so nothing is near to that"
LAST_CALL = "the last call failed or it did not, so no value is near to that"
TOO_SHORT = "its `for` is too short for an outage that ends before"
TOO_SHORT_TO_FAIL = "its `for` is too short for failures that end before"


def find_nothing_near(files: Sequence[RuleFile]) -> dict[str, str]:
    """Return why nothing comes near to alerts without firing them, by the names of those of which that holds.

    Of several rules by one name, each has to be so. What is near in time alone counts of outages only: of a
    state of the last call nobody is asked for a near miss.
    """

    def page_nobody(_: Labels) -> Paging:
        return Paging(receivers=())

    around = Surroundings(model="", scrape_s=SCRAPE_INTERVAL_S, metrics=None, find_paging=page_nobody)
    said: dict[str, list[str]] = {}
    for subject in list_subjects(files, around):
        near = _find_near(subject)
        is_state = isinstance(near, Level) and near.is_short and not near.then.is_down
        why = LAST_CALL if is_state else say_nothing_near(subject, near)
        said.setdefault(subject.rule.name, []).append(why)
    return {name: reasons[0] for name, reasons in said.items() if all(reasons)}


def say_nothing_near(subject: Subject, near: Level | Unknown | None) -> str:
    """Say why nothing comes near to a rule without firing it; empty if something can, or nobody knows.

    `near` is the level at which traffic would come near, or why there is none; None if nobody knows what
    makes the rule fire.
    """
    if subject.recognised is not None and near is not None:
        if not subject.recognised.can_come_near:
            return SEVERAL
        if isinstance(near, Unknown):
            return "" if str(near).startswith("say ") else str(near)
        if not near.is_short or find_short_spell(subject.pace, near) is not None:
            return ""
        return TOO_SHORT if near.then.is_down else TOO_SHORT_TO_FAIL
    threshold = split_threshold(subject.rule.expr)
    if threshold is None:
        return SEVERAL
    return EQUAL if threshold[1] in {"==", "!="} else ""


def find_short_spell(pace: Pace, near: Level) -> tuple[float, float] | None:
    """Return how long something lasts that ends before a rule's `for` does, and what is uncertain about it.

    None where the `for` is too short for any.
    """
    return _find_short_outage(pace) if near.then.is_down else _find_short_failure(pace)


def _find_short_outage(pace: Pace) -> tuple[float, float] | None:
    lasts_s = round_up(pace.for_s / 2)
    blur_s = pace.scrape_s * 2 + pace.interval_s * 2
    return None if pace.for_s - lasts_s <= blur_s or lasts_s - blur_s <= 0 else (lasts_s, blur_s)


def _find_short_failure(pace: Pace) -> tuple[float, float] | None:
    """Return it of calls that fail: it is seen for sure, and by no scrape after its `for` has passed."""
    least_s, most_s = pace.scrape_s + pace.interval_s, pace.for_s - pace.scrape_s
    spare_s = pace.scrape_s / 2
    if most_s - least_s < 2 * spare_s:
        return None
    lasts_s = round_up(pace.for_s / 2)
    if not least_s + spare_s <= lasts_s <= most_s - spare_s:
        lasts_s = (least_s + most_s) // 2
    return lasts_s, least_s


def _find_near(subject: Subject) -> Level | Unknown | None:
    if subject.recognised is None:
        return None
    try:
        return find_levels(subject.recognised, subject.pace.scrape_s, None)[1]
    except Unknown:
        return None
