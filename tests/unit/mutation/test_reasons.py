"""Why it is right that some mutants survive: read, given to survivors, and held to the rules."""

from __future__ import annotations

from array import array

import pytest
from rich.console import Console
from support.mutants import list_mutants

from alertdrill.errors import BadInput
from alertdrill.mutation.mutant import Result
from alertdrill.mutation.reasons import find_idle, find_no_flag, give_reasons, parse_survivors
from alertdrill.mutation.score import Scored, tally
from alertdrill.mutation.terminal import MutationSummary
from alertdrill.recording.recording import RecordedSeries, Recording
from alertdrill.rules.files import parse_rules, read_rules
from alertdrill.systems import System, find_own
from alertdrill.systems.system import read_text

RULES = "groups:\n- name: g\n  rules:\n  - alert: Deep\n    expr: max(depth) > 100\n"
MUTANTS = {one.id: one for one in list_mutants(parse_rules(RULES, "rules.yml"))}
EXACT, OTHER = MUTANTS["Deep/comparison/0/> -> >="], MUTANTS["Deep/comparison/0/> -> <"]
TEXT = """\
reasons:
  - why: >-
      A depth
      is a whole number.
    mutants: [Deep/comparison/*/> -> >=]
"""
REASONS = parse_survivors(TEXT, "survivors.yml").reasons
EXPLAINED = [system for system in find_own() if system.survivors_path.exists()]


def test_a_reason_takes_the_place_of_what_would_notice_a_survivor() -> None:
    """Only of what survived, and of what it is about; the score is what it was."""
    results = [Result(mutant=EXACT, state="survived"), Result(mutant=OTHER, state="survived", why="a drill")]
    given = list(give_reasons(results, REASONS))
    assert [(one.why, one.is_explained) for one in given] == [
        ("A depth is a whole number.", True),
        ("a drill", False),
    ]
    assert tally(given) == tally(results)
    (killed,) = give_reasons([Result(mutant=EXACT, state="killed", why="noticed")], REASONS)
    assert (killed.why, killed.is_explained) == ("noticed", False)


def test_a_reason_without_a_survivor_is_idle() -> None:
    """It is told where mutants that it is about were tried, and of none else."""
    assert [one.source for one in find_idle([Result(mutant=EXACT, state="killed")], REASONS)] == [
        "survivors.yml:2"
    ]
    assert list(find_idle([Result(mutant=EXACT, state="survived")], REASONS)) == []
    assert list(find_idle([Result(mutant=OTHER, state="killed")], REASONS)) == []


def test_only_a_star_stands_for_something_else() -> None:
    """What a regular expression or a shell would make of an id, it does not mean."""
    text = "reasons: [{why: so, mutants: ['Deep/comparison/[0]/> -> >=']}]"
    (reason,) = parse_survivors(text, "s.yml").reasons
    assert not reason.is_about(Result(mutant=EXACT, state="survived"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "s.yml:1: the file is empty"),
        ("reasons: []\n", "s.yml:1: the file has no reasons"),
        ("reasons:\n- mutants: [a]\n", "s.yml:2: the reason has no why"),
        ("reasons:\n- why: so\n", "s.yml:2: the reason has no mutants"),
        ("reasons:\n- why: so\n  mutants: [a]\n  because: of\n", "because"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(text: str, says: str) -> None:
    """Whoever writes it finds the place."""
    with pytest.raises(BadInput, match=says):
        parse_survivors(text, "s.yml")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([0, 1, 1], ""),
        ([1, 0.5], "survivors.yml: flags: open is 0.5 in d.om: it has to be 0 or 1"),
    ],
)
def test_a_flag_is_0_or_1_in_all_recordings(values: list[float], says: str) -> None:
    """A metric that is not would hide mistakes."""
    stated = parse_survivors(f"{TEXT}flags: [open]\n", "s.yml")
    series = tuple(
        RecordedSeries(
            labels={"__name__": name},
            times_ms=array("q", range(len(values))),
            values=array("d", numbers),
            stale_ms=array("q"),
        )
        for name, numbers in (("level", [7.0] * len(values)), ("open", values))
    )
    recording = Recording(name="d.om", start_ms=0, end_ms=9, selectors=(), series=series)
    assert find_no_flag(stated.flags, [recording]) == says


def test_survivors_with_one_reason_are_listed_above_it() -> None:
    """Apart from those that a drill should notice."""
    mutants = [one for one in MUTANTS.values() if one.operator == "comparison"][:2]
    results = (
        Result(mutant=mutants[0], state="survived", why="a whole number", is_explained=True),
        Result(mutant=mutants[1], state="survived", why="a whole number", is_explained=True),
        Result(mutant=OTHER, state="survived", why="a drill"),
    )
    console = Console(record=True, width=200)
    console.print(MutationSummary([Scored(name="s", sources={}, drills=(), results=results)]))
    said = console.export_text()
    assert said.count("a whole number") == 1
    assert said.index("and what would") < said.index("a drill") < said.index("why none has to")
    assert "3 survived (2 of them with a reason)" in said


@pytest.mark.parametrize("system", EXPLAINED, ids=lambda system: system.name)
def test_reasons_are_about_mutants_that_there_are(system: System) -> None:
    """A rule that is changed does not leave a reason behind, and a number in an id stays that of its part."""
    reasons = parse_survivors(read_text(system.survivors_path), "survivors.yml").reasons
    results = [Result(mutant=one, state="survived") for one in list_mutants(read_rules(system.rules_path))]
    for reason in reasons:
        for pattern in reason.mutants:
            alone = parse_survivors(f"reasons: [{{why: so, mutants: [{pattern!r}]}}]", "s.yml").reasons[0]
            assert any(alone.is_about(result) for result in results), pattern
