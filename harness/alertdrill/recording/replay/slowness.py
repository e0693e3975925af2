"""Which rule it is that promtool does not come to an end with: it is given one at a time."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import replace

from alertdrill.core.rule import AlertRule
from alertdrill.errors import CouldNotTell
from alertdrill.recording.replay.answers import Answers, Complaint
from alertdrill.recording.replay.inquiry import Inquiry
from alertdrill.recording.replay.promtool import TookTooLong, Trial, write_json
from alertdrill.rules.files import RecordingRule

ALONE_WITHIN_S = 10.0
"""How long one rule may take where all of them took too long."""


def name_slow_rule(inquiry: Inquiry, trial: Trial) -> Generator[Trial, Answers, Answers]:
    """Yield a trial and return what is answered.

    Where that takes too long, yields it again with one rule at a time, and raises CouldNotTell naming the one
    that does; TookTooLong where none does alone.
    """
    try:
        return (yield trial)
    except TookTooLong as error:
        slow = error
    for rule, suspect in _list_suspects(inquiry, trial):
        try:
            yield suspect
        except Complaint:
            continue  # of a rule that cannot do without the others
        except TookTooLong as error:
            what = "render its annotations" if trial.alert_questions else "evaluate it"
            raise CouldNotTell(
                f"{rule.source}: {rule.name}: promtool does not come to an end with the rule: it takes more "
                f"than {ALONE_WITHIN_S:g} s to {what}"
            ) from error
    raise slow


def _list_suspects(inquiry: Inquiry, trial: Trial) -> Iterator[tuple[AlertRule | RecordingRule, Trial]]:
    """Yield each rule of a stage, and the trial without the others, or where they have no annotations."""
    is_rendered = bool(trial.alert_questions)
    for group, stated in enumerate(inquiry.planned.stage.groups):
        for number, rule in enumerate(stated.rules):
            questions = [one for one in trial.alert_questions if one.alert == rule.name]
            if is_rendered and not questions:
                continue
            document = json.loads(trial.rules)
            if is_rendered:
                annotated = json.loads(trial.annotated)["groups"][group]["rules"][number]
                document["groups"][group]["rules"][number] = annotated
            else:
                kept = document["groups"][group]
                kept["rules"] = [kept["rules"][number]]
                document["groups"] = [kept]
            text = write_json(document)
            groups = trial.groups if is_rendered else [trial.groups[group]]
            yield (
                rule,
                replace(
                    trial,
                    rules=text,
                    annotated=text,
                    groups=groups,
                    alert_questions=questions,
                    within_s=ALONE_WITHIN_S,
                ),
            )
