"""Whether label sets go where a table expects them to go. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from alertdrill.core.wording import say_names
from alertdrill.reports.junit_cases import Case
from alertdrill.runner.routing.label_sets import LabelSet
from alertdrill.runner.routing.subjects import Way


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteVerdict:
    """Where a label set goes, and the receivers that were expected; in which order is of no matter."""

    way: Way
    expected: tuple[str, ...]

    @property
    def outcome(self) -> Literal["met", "mismatched"]:
        """Whether it goes to each expected receiver as often as it is expected, and to no other."""
        return "met" if Counter(self.expected) == Counter(self.way.receivers) else "mismatched"

    @property
    def said(self) -> str:
        """Where it goes, and where it was to go if that is elsewhere."""
        goes = f"to {say_names(self.way.receivers)}"
        return goes if self.outcome == "met" else f"{goes}, expected {say_names(self.expected)}"


def make_case(verdict: RouteVerdict) -> Case:
    """Return a verdict as a case of JUnit."""
    outcome: Literal["failure"] | None = None if verdict.outcome == "met" else "failure"
    return Case(
        of="page.labels",
        name=verdict.way.subject.title,
        outcome=outcome,
        said=verdict.said,
        output=verdict.said,
    )


def judge_label_sets(label_sets: Sequence[LabelSet], ways: Sequence[Way]) -> tuple[RouteVerdict, ...]:
    """Return a verdict for each label set, whose ways are in the same order."""
    return tuple(
        RouteVerdict(way=way, expected=one.receivers) for one, way in zip(label_sets, ways, strict=True)
    )
