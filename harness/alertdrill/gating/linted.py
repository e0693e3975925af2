"""What lint finds in changed rules that it did not find in them before. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date

from alertdrill.alertmanager.config import AlertmanagerConfig
from alertdrill.linting.finding import Finding, reaches
from alertdrill.linting.linter import lint
from alertdrill.linting.surroundings import Known, find_nodes
from alertdrill.rules.files import RuleFile

Side = tuple[Sequence[RuleFile], AlertmanagerConfig | None]
"""The rule files of one side of a change, and its Alertmanager config, if there is one."""


def find_new(rules: Collection[str], before: Side, after: Side, today: date) -> tuple[Finding, ...]:
    """Return what is wrong with rules of such names, as they stand, and was not before.

    What is only worth knowing is left out: it decides nothing. So are resources, whose lines are not kept.
    """
    known = Counter((one.check, one.rule) for one in _lint(rules, before, today))
    found = []
    for one in _lint(rules, after, today):
        if known[one.check, one.rule]:
            known[one.check, one.rule] -= 1
        else:
            found.append(one)
    return tuple(found)


def _lint(rules: Collection[str], side: Side, today: date) -> list[Finding]:
    files, config = side
    plain = tuple(find_nodes(file, file.text) for file in files if not file.is_resource)
    findings = lint(Known(files=plain, alertmanager=config), today)
    return [one for one in findings if one.rule in rules and reaches(one, "warning")]
