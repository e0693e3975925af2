"""Scores, and mutation.json."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft7Validator
from support.mutants import list_mutants

from alertdrill.mutation.mutant import STATES, Result, State
from alertdrill.mutation.report_json import STATUSES, render_report
from alertdrill.mutation.score import Scored, Tally, tally
from alertdrill.rules.files import parse_rules

TEXT = """\
groups:
- name: g
  rules:
  - alert: Deep
    expr: depth > 100
    for: 2m
"""
MUTANTS = list_mutants(parse_rules(TEXT, "rules.yml"))

POSITION = {
    "type": "object",
    "required": ["line", "column"],
    "properties": {name: {"type": "integer", "minimum": 1} for name in ("line", "column")},
}
TEXTS = {"type": "array", "items": {"type": "string"}}
STATUS_NAMES = [
    *("Killed", "Survived", "NoCoverage", "CompileError", "RuntimeError", "Timeout", "Ignored", "Pending"),
]
MUTANT = {
    "type": "object",
    "required": ["id", "mutatorName", "location", "status"],
    "properties": {
        **{name: {"type": "string"} for name in ("id", "mutatorName", "description", "replacement")},
        "location": {
            "type": "object",
            "required": ["start", "end"],
            "properties": {"start": POSITION, "end": POSITION},
        },
        "status": {"enum": STATUS_NAMES},
        "statusReason": {"type": "string"},
        "coveredBy": TEXTS,
        "killedBy": TEXTS,
        "testsCompleted": {"type": "number"},
    },
    "additionalProperties": False,
}
PERCENTAGE = {"type": "integer", "minimum": 0, "maximum": 100}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["schemaVersion", "thresholds", "files"],
    "properties": {
        "schemaVersion": {"type": "string", "pattern": r"^[12](\.\d+){0,2}$"},
        "thresholds": {
            "type": "object",
            "required": ["high", "low"],
            "properties": {"high": PERCENTAGE, "low": PERCENTAGE},
        },
        "framework": {"type": "object", "required": ["name"]},
        "files": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["language", "source", "mutants"],
                "properties": {"mutants": {"type": "array", "uniqueItems": True, "items": MUTANT}},
            },
        },
        "testFiles": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["tests"],
                "properties": {"tests": {"type": "array", "items": {"required": ["id", "name"]}}},
            },
        },
    },
    "additionalProperties": False,
}
"""What the open mutation-testing-report-schema demands of the parts that we write."""


def make_results() -> tuple[Result, ...]:
    """Return a result in each state."""
    return tuple(
        Result(
            mutant=mutant,
            state=state,
            by="deep" if state == "killed" else None,
            why=f"why {state}",
            tried=("deep",) if state in {"killed", "survived"} else (),
        )
        for mutant, state in zip(MUTANTS, STATES, strict=False)
    )


def render(least: float = 95.0) -> dict[str, Any]:
    """Return the report of these results."""
    scored = Scored(name="own", sources={"rules.yml": TEXT}, drills=("deep",), results=make_results())
    document: dict[str, Any] = json.loads(render_report([scored], least))
    return document


def test_the_report_is_of_the_open_schema() -> None:
    """So that its readers, of which there are several, show it."""
    assert list(Draft7Validator(SCHEMA).iter_errors(render())) == []
    assert set(STATUSES) == set(STATES)


def test_the_report_names_the_drill_that_killed() -> None:
    """By an id that the list of drills has."""
    document = render()
    (tests,) = [one["tests"] for one in document["testFiles"].values()]
    killed = document["files"]["rules.yml"]["mutants"][0]
    assert (killed["status"], killed["killedBy"]) == ("Killed", [tests[0]["id"]])
    assert tests[0]["name"] == "deep"


def test_the_report_shows_the_line_that_is_wrong() -> None:
    """All that is written on it: from the first letter to the end."""
    mutant = render()["files"]["rules.yml"]["mutants"][0]
    assert mutant["location"] == {"start": {"line": 5, "column": 5}, "end": {"line": 5, "column": 22}}
    assert mutant["replacement"] == "depth >= 100"


def count(**counts: int) -> Tally:
    """Return a tally; blanks of a state are underscores."""
    return Tally(tuple(counts.get(state.replace(" ", "_"), 0) for state in STATES))


def test_scores_leave_out_what_is_no_mistake() -> None:
    """Neither what no Prometheus would load nor what is equal to the rule."""
    both = count(killed=6, survived=2, no_coverage=4, invalid=5, equivalent=3)
    assert (both.of_all, both.of_covered) == (50.0, 75.0)
    assert (count(invalid=1).of_all, count(no_coverage=1).of_covered) == (None, None)


@pytest.mark.parametrize(
    ("counts", "reached"),
    [
        ({"killed": 19, "survived": 1}, True),
        ({"killed": 18, "survived": 2}, False),
        ({"killed": 18, "no_coverage": 2}, False),
        ({"killed": 99, "survived": 0, "could_not_tell": 1}, True),
        ({"killed": 90, "survived": 5, "could_not_tell": 5}, None),
        ({"killed": 10, "survived": 90, "could_not_tell": 5}, False),
        ({"equivalent": 1}, True),
    ],
)
def test_what_could_not_be_told_is_never_guessed(counts: dict[str, int], reached: bool | None) -> None:
    """Only where either guess comes to the same, it is said whether the score is high enough."""
    assert count(**counts).decide(95.0) is reached


def test_results_are_counted_by_state() -> None:
    """Each once."""
    states: tuple[State, ...] = STATES
    assert [tally(make_results()).count(state) for state in states] == [1] * len(states)
