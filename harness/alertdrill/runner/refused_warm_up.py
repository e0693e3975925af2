"""Whether somebody's gateway answers the warm-up: one that refuses every call of it cannot be drilled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alertdrill.core.drill import LoadProfile
from alertdrill.core.wording import printable, say_number
from alertdrill.errors import CouldNotTell
from alertdrill.runner.evidence import say_answers
from alertdrill.runner.probe import WARM_UP_PROFILE
from alertdrill.runner.traffic import ProfileReport, TrafficReport


def list_warm_up(profiles: Sequence[LoadProfile]) -> tuple[LoadProfile, ...]:
    """Return those load profiles of a run that are its warm-up."""
    return tuple(
        profile
        for profile in profiles
        if profile.start_s < 0 and profile.name.startswith(f"{WARM_UP_PROFILE} ")
    )


def demand_welcome(report: TrafficReport, warm_up: Sequence[LoadProfile]) -> bool:
    """Return whether each part of the warm-up has had an answer that its scenario wants.

    Raises CouldNotTell for one all of whose calls were refused, or got no answer.
    """
    is_over = True
    for profile in warm_up:
        so_far = report.profiles.get(profile.name)
        answered = 0 if so_far is None else sum(so_far.statuses.values())
        if so_far is None or answered < so_far.planned:
            is_over = is_over and so_far is not None and so_far.unwelcome < answered
        elif 0 < so_far.planned <= so_far.unwelcome:
            raise CouldNotTell(_say_refused(profile, so_far, report.refusals.get(profile.name, {})))
    return is_over


def _say_refused(profile: LoadProfile, found: ProfileReport, refusals: Mapping[str, str]) -> str:
    models = [str(model) for model in profile.options.get("models", ())]
    asked = f" for {', '.join(models)}" if models else ""
    said = say_answers(found, refusals)
    return printable(
        f"not one of {say_number(found.planned, 'call')} of the warm-up, {profile.scenario}{asked}, was "
        f"answered as its scenario wants ({said}), with nothing wrong yet: no drill was held. See whether "
        "key, model and address are right; calls that are to be refused are another scenario's, such as "
        "auth_scan's"
    )
