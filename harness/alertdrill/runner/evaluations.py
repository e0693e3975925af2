"""How often rules were evaluated during a run, as Prometheus counts it, without what it did before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from alertdrill.errors import ComponentFailed
from alertdrill.recording.prometheus import count_evaluations
from alertdrill.rules.files import RuleFile
from alertdrill.runtime.http_client import Api
from alertdrill.stacks.subject import Subject

Count = tuple[int, int]
"""How many evaluations there were, and how many of them were left out."""


def open_count(prometheus: Api, subject: Subject, files: Sequence[RuleFile]) -> Callable[[], Count]:
    """Return what counts the evaluations from now on.

    Of somebody's own Prometheus it counts those of the rules in `files`. Raises ComponentSilent.
    """
    if "prometheus" not in subject.runs_already:
        return _open_count_of_all(prometheus)
    return _open_count_of_groups(prometheus, {group.name for file in files for group in file.groups})


def _open_count_of_all(prometheus: Api) -> Callable[[], Count]:
    """Count all; one that a drill has started anew counts from then on."""
    before = count_evaluations(prometheus)

    def count() -> Count:
        after = count_evaluations(prometheus)
        return after if after[0] < before[0] or after[1] < before[1] else _subtract(after, before)

    return count


def _open_count_of_groups(prometheus: Api, groups: Collection[str]) -> Callable[[], Count]:
    """Count those of groups; a Prometheus that shows no metrics of its own says at least which it has."""
    before = _count(prometheus, groups)

    def count() -> Count:
        after = _count(prometheus, groups)
        if before is None or after is None:
            found = prometheus.get("/api/v1/rules").json()["data"]["groups"]
            return sum(group["name"] in groups for group in found), 0
        return _subtract(after, before)

    return count


def _subtract(after: Count, before: Count) -> Count:
    return after[0] - before[0], after[1] - before[1]


def _count(prometheus: Api, groups: Collection[str]) -> Count | None:
    try:
        counted = count_evaluations(prometheus, groups)
    except (ComponentFailed, ValueError):
        return None
    return counted if counted[0] else None
