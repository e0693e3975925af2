"""Tests of docs/glossary.md: one sentence a term, in order, and no word of the code is missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from alertdrill.core.drill import (
    Arrivals,
    BehaviourChange,
    Drill,
    Failing,
    Fault,
    LoadProfile,
    LoadStage,
    Maintenance,
    Outage,
    Placement,
    ReceiverFault,
)
from alertdrill.core.expectation import (
    BlindRule,
    Delivery,
    Expectation,
    Grouped,
    Integration,
    NearMiss,
    Suppression,
)
from alertdrill.core.parts import PARTS
from alertdrill.core.timeline import Curve, Event, EventKind, Notification, Stall, Timeline
from alertdrill.core.verdict import Finding, Outcome, Verdict
from alertdrill.judging.coverage import HOPS as COVERED_HOPS
from alertdrill.judging.coverage import STATES
from alertdrill.reports import HOPS
from alertdrill.runner.synthetic.hops import HopOutcome, JourneyOutcome

LINES = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text().splitlines()
TERMS = dict(re.findall(r"^- \*\*(.+?)\*\*: (.+)$", "\n".join(LINES), re.MULTILINE))
EXIT_WORDS = ("met", "unmet", "bad input", "could not tell")
TYPES = (
    BehaviourChange,
    BlindRule,
    Curve,
    Delivery,
    Drill,
    Event,
    Expectation,
    Finding,
    Grouped,
    LoadProfile,
    LoadStage,
    Maintenance,
    NearMiss,
    Notification,
    Outage,
    Placement,
    ReceiverFault,
    Stall,
    Timeline,
    Verdict,
)


def test_terms_are_sorted_and_none_is_there_twice() -> None:
    """A reader finds a term where the alphabet has it."""
    listed = [line.split("**")[1] for line in LINES if line[:2] == "- "]
    assert listed == sorted(set(listed), key=str.casefold)
    assert len(TERMS) == len(listed)


@pytest.mark.parametrize(("term", "said"), TERMS.items(), ids=TERMS)
def test_each_term_has_one_sentence(term: str, said: str) -> None:
    """A definition begins with a capital and ends with its only full stop."""
    assert said[0].isupper() or said[0] == "`", term
    assert said.endswith(".")
    assert not re.search(r"[.!?]\s", said)


@pytest.mark.parametrize(
    "words",
    [
        get_args(Outcome),
        get_args(get_type_hints(Verdict.outcome.fget)["return"]),
        get_args(EventKind),
        get_args(Fault),
        get_args(Failing),
        get_args(Suppression),
        get_args(Integration),
        get_args(Arrivals),
        tuple(HOPS.values()),
        COVERED_HOPS,
        STATES,
        get_args(HopOutcome),
        get_args(JourneyOutcome),
        ("provider", *(part.casefold() for part in PARTS if not part.startswith("provider-"))),
        EXIT_WORDS,
        tuple(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower() for kind in TYPES),
    ],
    ids=str,
)
def test_every_word_of_an_enumeration_is_explained(words: tuple[Any, ...]) -> None:
    """What a report can say in one word is a term here."""
    assert words
    assert set(words) <= {term.casefold() for term in TERMS}
